import { parseTraceparent, TraceFlags } from "@ordermesh/telemetry/tracing";
import type { StepTrace } from "./domain/order-step.ts";

/** Undefined for what belongs to no trace, whose traceparent is empty or malformed. */
export function stepTraceOf(traceparent: string): StepTrace | undefined {
  const context = parseTraceparent(traceparent);
  return context && { id: context.traceId, isRecorded: (context.traceFlags & TraceFlags.SAMPLED) !== 0 };
}
