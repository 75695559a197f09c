import { Code, ConnectError } from "@connectrpc/connect";
import { type ActiveCall, abortCall } from "./active-call.ts";
import { maxTimerMs, type RpcLimits } from "./limits.ts";

/**
 * Gives the call its deadline: the client's, or ours for a unary call whose client gave none or a very long one.
 *
 * @returns the timer to clear when the call is over, if one was needed.
 * @throws ConnectError DEADLINE_EXCEEDED if it has passed already: work whose result nobody awaits is not begun.
 */
export function startDeadline(call: ActiveCall, limits: RpcLimits): NodeJS.Timeout | undefined {
  const now = Date.now();
  if (call.deadlineAt <= now) {
    throw deadlineExceeded();
  }
  if (call.kind === "unary") {
    const ours =
      now + (call.deadlineAt === Number.POSITIVE_INFINITY ? limits.unaryTimeoutMs : limits.maxUnaryTimeoutMs);
    if (ours < call.deadlineAt) {
      call.deadlineAt = ours;
      call.deadlineWatched = false;
    }
  }
  if (call.deadlineWatched || call.deadlineAt === Number.POSITIVE_INFINITY) {
    return undefined;
  }
  return setTimeout(expire, Math.min(maxTimerMs, call.deadlineAt - now), call);
}

function expire(call: ActiveCall): void {
  abortCall(call, deadlineExceeded());
}

export function deadlineExceeded(): ConnectError {
  return new ConnectError("The call's deadline has passed.", Code.DeadlineExceeded);
}

/** The deadline that a Connect or gRPC-Web client sent, in milliseconds since 1970; Infinity if it sent none. */
export function clientDeadlineAt(header: Headers): number {
  const connect = header.get("connect-timeout-ms");
  if (connect !== null) {
    return /^\d{1,10}$/.test(connect) ? Date.now() + Number(connect) : Number.POSITIVE_INFINITY;
  }
  const grpc = /^(\d{1,8})([HMSmun])$/.exec(header.get("grpc-timeout") ?? "");
  if (grpc === null) {
    return Number.POSITIVE_INFINITY;
  }
  return Date.now() + Number(grpc[1]) * (unitsMs[grpc[2] ?? "m"] ?? 1);
}

const unitsMs: Readonly<Record<string, number>> = {
  H: 3_600_000,
  M: 60_000,
  S: 1_000,
  m: 1,
  u: 0.001,
  n: 0.000001,
};
