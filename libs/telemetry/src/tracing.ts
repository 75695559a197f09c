import {
  isSpanContextValid,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  type SpanOptions,
  TraceFlags,
  type Tracer,
  trace,
} from "@opentelemetry/api";
import { resourceFromAttributes } from "@opentelemetry/resources";
import {
  AlwaysOnSampler,
  BasicTracerProvider,
  BatchSpanProcessor,
  ParentBasedSampler,
  RandomIdGenerator,
  type SpanExporter,
  TraceIdRatioBasedSampler,
} from "@opentelemetry/sdk-trace-base";

export { type Span, SpanKind, SpanStatusCode, TraceFlags } from "@opentelemetry/api";

/**
 * Makes spans. The context travels as a W3C `traceparent` in a plain string: through calls, outbox rows and Kafka
 * headers alike, and as an argument inside a process, never ambient.
 */
export interface Tracing {
  /** Starts a span below the given traceparent, or a new trace if that is absent or malformed. */
  startSpan(name: string, traceparent: string | undefined, options?: SpanOptions): Span;
  /** Sends what is buffered and ends. */
  stop(): Promise<void>;
}

/**
 * Without an endpoint no span is recorded or sent, but trace ids are still made and passed on, so that the logs of
 * one order can be found by one id.
 *
 * @param options.endpoint base address of an OTLP/HTTP receiver, such as http://localhost:4318.
 * @param options.sampleRatio share of new traces that are recorded, 0 to 1. A trace that came in recorded stays so.
 */
export async function startTracing(options: {
  readonly service: string;
  readonly version: string;
  readonly endpoint: string | undefined;
  readonly sampleRatio: number;
}): Promise<Tracing> {
  return options.endpoint === undefined
    ? startWithoutRecording()
    : startRecording({ ...options, endpoint: options.endpoint });
}

async function startRecording(options: {
  readonly service: string;
  readonly version: string;
  readonly endpoint: string;
  readonly sampleRatio: number;
}): Promise<Tracing> {
  const root =
    options.sampleRatio >= 1 ? new AlwaysOnSampler() : new TraceIdRatioBasedSampler(options.sampleRatio);
  const exporter = await createExporter(`${options.endpoint}/v1/traces`);
  const provider = new BasicTracerProvider({
    resource: resourceFromAttributes({ "service.name": options.service, "service.version": options.version }),
    sampler: new ParentBasedSampler({ root }),
    spanProcessors: [new BatchSpanProcessor(exporter, { scheduledDelayMillis: 1000 })],
  });
  const tracer: Tracer = provider.getTracer("ordermesh");
  return {
    startSpan(name, traceparent, spanOptions) {
      const parent = parseTraceparent(traceparent);
      const context = parent === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, parent);
      return tracer.startSpan(name, spanOptions, context);
    },
    stop: () => provider.shutdown(),
  };
}

/**
 * A process that records nothing is not in the trace: what it calls hangs below what called it, recorded or not. Made
 * without a tracer, which asks its sampler and copies attributes before it finds out that nobody wants the span.
 */
function startWithoutRecording(): Tracing {
  const ids = new RandomIdGenerator();
  return {
    startSpan(_name, traceparent) {
      return trace.wrapSpanContext(
        parseTraceparent(traceparent) ?? {
          traceId: ids.generateTraceId(),
          spanId: ids.generateSpanId(),
          traceFlags: TraceFlags.NONE,
        },
      );
    },
    stop: async () => {},
  };
}

/** The exporter is loaded only where it is used: it would double the memory of an idle service. */
async function createExporter(url: string): Promise<SpanExporter> {
  const { OTLPTraceExporter } = await import("@opentelemetry/exporter-trace-otlp-http");
  return new OTLPTraceExporter({ url });
}

/** The W3C header of a span: version 00, trace id, span id, flags. */
export function traceparentOf(span: Span): string {
  const { traceId, spanId, traceFlags } = span.spanContext();
  return `00-${traceId}-${spanId}-${(traceFlags & TraceFlags.SAMPLED) === 0 ? "00" : "01"}`;
}

/** The trace id in a traceparent, for logs. Empty if it is absent or malformed. */
export function traceIdOf(traceparent: string | undefined): string {
  return parseTraceparent(traceparent)?.traceId ?? "";
}

/** Undefined if the header is absent or malformed, as the W3C recommendation wants it ignored then. */
export function parseTraceparent(traceparent: string | undefined): SpanContext | undefined {
  if (traceparent === undefined || !/^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/.test(traceparent)) {
    return undefined;
  }
  const context: SpanContext = {
    traceId: traceparent.slice(3, 35),
    spanId: traceparent.slice(36, 52),
    traceFlags: Number.parseInt(traceparent.slice(53, 55), 16),
    isRemote: true,
  };
  return isSpanContextValid(context) ? context : undefined;
}
