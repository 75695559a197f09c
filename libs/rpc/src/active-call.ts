import type { DescMethod } from "@bufbuild/protobuf";
import { Code, ConnectError, createContextKey } from "@connectrpc/connect";
import { type Admission, type CallOrigin, unguarded } from "./authorization.ts";

/** One call that a server is working on. The transport makes it where it can, else the interceptor does. */
export interface ActiveCall {
  readonly kind: DescMethod["methodKind"];
  readonly origin: CallOrigin;
  /** Who calls. */
  admission: Admission;
  /** Milliseconds since 1970; Infinity if there is no deadline. */
  deadlineAt: number;
  /** True if the transport itself ends the call at `deadlineAt`. */
  deadlineWatched: boolean;
  /** Set if the request could not be read: the call fails with this before anything else happens. */
  requestError: ConnectError | undefined;
  /** W3C trace context to pass on to what the handler calls. */
  traceparent: string;
  traceId: string;
  /** Why the call was ended early, or its handler asked to end; undefined while all is well. */
  abortReason: ConnectError | undefined;
  /** Behind the signal that handlers see; made when the first one asks, because it costs more than all the rest. */
  controller: AbortController | undefined;
  /** True once the outcome is known: what comes later changes nothing. */
  finished: boolean;
  /** Ends the call towards its client, whatever the handler does. */
  onAbort: ((reason: ConnectError) => void) | undefined;
}

/** Where a call's context keeps it. */
export const activeCallKey = createContextKey<ActiveCall | undefined>(undefined, {
  description: "active call",
});

export function createActiveCall(
  kind: DescMethod["methodKind"],
  origin: CallOrigin,
  deadlineAt: number,
  deadlineWatched: boolean,
): ActiveCall {
  return {
    kind,
    origin,
    admission: unguarded,
    deadlineAt,
    deadlineWatched,
    requestError: undefined,
    traceparent: "",
    traceId: "",
    abortReason: undefined,
    controller: undefined,
    finished: false,
    onAbort: undefined,
  };
}

/** The signal that tells a handler to stop: the client has gone, the deadline has passed, or the server stops. */
export function signalOf(call: ActiveCall): AbortSignal {
  if (call.controller === undefined) {
    call.controller = new AbortController();
    if (call.abortReason !== undefined) {
      call.controller.abort(call.abortReason);
    }
  }
  return call.controller.signal;
}

/** Tells the handler through its signal that the call is over, and ends it towards the client. */
export function abortCall(call: ActiveCall, reason: ConnectError): void {
  if (call.finished) {
    return;
  }
  askToEnd(call, reason);
  call.onAbort?.(reason);
}

/** Tells the handler through its signal to come to an end. What it still sends is delivered. */
export function askToEnd(call: ActiveCall, reason: ConnectError): void {
  if (!call.finished && call.abortReason === undefined) {
    call.abortReason = reason;
    call.controller?.abort(reason);
  }
}

/** Why a call ends whose client has gone or no longer wants it. */
export function clientEnded(): ConnectError {
  return new ConnectError("The client has ended the call.", Code.Canceled);
}
