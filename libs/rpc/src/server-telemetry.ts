import type { DescMethod } from "@bufbuild/protobuf";
import { Code, type ConnectError } from "@connectrpc/connect";
import { ErrorInfoSchema } from "@ordermesh/proto/google/rpc/error_details_pb";
import type { Logger } from "@ordermesh/telemetry/logger";
import {
  type Span,
  SpanKind,
  SpanStatusCode,
  type Tracing,
  traceparentOf,
} from "@ordermesh/telemetry/tracing";
import type { Registry } from "prom-client";
import type { ActiveCall } from "./active-call.ts";
import { createCallDurations } from "./call-durations.ts";
import { codeName } from "./code-name.ts";

/** What has been measured of a call so far. */
export interface Measurement {
  readonly method: DescMethod;
  readonly span: Span;
  readonly startedMs: number;
}

/** Spans, durations and the one log line of each failed call. */
export interface ServerTelemetry {
  /** Starts the call's span below the traceparent that the client sent, and gives the call its trace ids. */
  begin(call: ActiveCall, method: DescMethod): Measurement;
  /** Ends the span and records the duration; logs the error, if there is one. */
  end(measurement: Measurement, call: ActiveCall, error: ConnectError | undefined): void;
}

type Level = "error" | "warn" | "info" | "debug";

/** Errors are ours, warnings someone's who operates the system, the rest are the clients' own doing. */
const levels: Readonly<Partial<Record<Code, Level>>> = {
  [Code.Internal]: "error",
  [Code.Unknown]: "error",
  [Code.DataLoss]: "error",
  [Code.Unavailable]: "warn",
  [Code.DeadlineExceeded]: "info",
  [Code.ResourceExhausted]: "info",
  [Code.Unimplemented]: "info",
  [Code.Unauthenticated]: "info",
  [Code.PermissionDenied]: "info",
};

export function createServerTelemetry(options: {
  readonly logger: Logger;
  readonly metrics: Registry;
  readonly tracing: Tracing;
}): ServerTelemetry {
  const { logger, tracing } = options;
  const recordDuration = createCallDurations(
    options.metrics,
    "ordermesh_rpc_server_duration_seconds",
    "Time from the request being read to the answer being ready, by method and gRPC code.",
  );
  const spans = new Map<DescMethod, { name: string; options: Parameters<Tracing["startSpan"]>[2] }>();

  function spanOf(method: DescMethod) {
    let found = spans.get(method);
    if (found === undefined) {
      const attributes = {
        "rpc.system": "grpc",
        "rpc.service": method.parent.typeName,
        "rpc.method": method.name,
      };
      found = { name: nameOf(method), options: { kind: SpanKind.SERVER, attributes } };
      spans.set(method, found);
    }
    return found;
  }

  function log(measurement: Measurement, call: ActiveCall, error: ConnectError, durationMs: number): void {
    const usual = levels[error.code] ?? "debug";
    // A stream that is ended because the server stops is no news for an operator who stops it.
    const level = usual === "warn" && call.abortReason !== undefined ? "info" : usual;
    if (!logger.isLevelEnabled(level)) {
      return;
    }
    const showsCause = level === "error" || level === "warn";
    const cause = error.cause ?? (level === "error" ? error : undefined);
    const [info] = error.findDetails(ErrorInfoSchema);
    logger[level](
      {
        rpc: nameOf(measurement.method),
        code: codeName(error.code),
        reason: info?.reason,
        trace_id: call.traceId,
        order_id: info?.metadata.order_id,
        duration_ms: Math.round(durationMs),
        ...(showsCause && cause !== undefined && { err: cause }),
      },
      `call failed: ${error.rawMessage}`,
    );
  }

  return {
    begin(call, method) {
      const { name, options: spanOptions } = spanOf(method);
      const span = tracing.startSpan(name, call.origin.traceparent ?? undefined, spanOptions);
      call.traceparent = traceparentOf(span);
      call.traceId = span.spanContext().traceId;
      return { method, span, startedMs: performance.now() };
    },
    end(measurement, call, error) {
      const { method, span, startedMs } = measurement;
      const durationMs = performance.now() - startedMs;
      recordDuration(method, error?.code, durationMs);
      if (span.isRecording()) {
        span.setAttribute("rpc.grpc.status_code", error?.code ?? 0);
        if (error !== undefined && (levels[error.code] === "error" || levels[error.code] === "warn")) {
          span.setStatus({ code: SpanStatusCode.ERROR, message: error.rawMessage });
        }
      }
      span.end();
      if (error !== undefined) {
        log(measurement, call, error, durationMs);
      }
    },
  };
}

function nameOf(method: DescMethod): string {
  return `${method.parent.typeName}/${method.name}`;
}
