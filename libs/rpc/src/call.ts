import type { HandlerContext } from "@connectrpc/connect";
import { traceIdOf } from "@ordermesh/telemetry/tracing";
import { activeCallKey } from "./active-call.ts";
import { type Admission, unguarded } from "./authorization.ts";

/** What a handler passes on to the operations and upstream calls that it makes; among it who calls. */
export interface Call extends Admission {
  /** W3C trace context of this call's span; the parent of what is done for it. */
  readonly traceparent: string;
  /** For logs. */
  readonly traceId: string;
  /**
   * Aborted when the client has gone, the deadline has passed, or the server stops. A handler of a client's stream looks
   * at it before it commits what it read: Node's clients cancel a stream by ending it first.
   */
  readonly signal: AbortSignal;
  /** Whether the signal is aborted by now. Asking costs nothing; a signal costs more than all the rest of a call. */
  readonly aborted: boolean;
  /** Time left until the deadline, at least 0; Infinity for a stream without one. */
  remainingMs(): number;
  /** IP address of the other end of the connection, which may be a proxy; "" once the call is over. */
  peerAddress(): string;
}

/** Reads the call from a handler's context. */
export function callOf(context: HandlerContext): Call {
  const active = context.values.get(activeCallKey);
  if (active === undefined) {
    // A handler that runs without our server, as in a test with a router transport.
    const traceparent = context.requestHeader.get("traceparent") ?? "";
    return {
      traceparent,
      traceId: traceIdOf(traceparent),
      signal: context.signal,
      get aborted() {
        return context.signal.aborted;
      },
      remainingMs: () => context.timeoutMs() ?? Number.POSITIVE_INFINITY,
      peerAddress: () => "",
      ...unguarded,
    };
  }
  return {
    traceparent: active.traceparent,
    traceId: active.traceId,
    get signal() {
      return context.signal;
    },
    get aborted() {
      return active.abortReason !== undefined;
    },
    remainingMs: () => Math.max(0, active.deadlineAt - Date.now()),
    peerAddress: () => active.origin.peerAddress(),
    principal: active.admission.principal,
    limitedToUserId: active.admission.limitedToUserId,
  };
}
