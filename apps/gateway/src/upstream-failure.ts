import { Failure } from "@ordermesh/failure/failure";
import { failureFromRpc } from "@ordermesh/rpc/upstream-failure";

/**
 * Turns what a call to a service threw into a failure of the same kind, with its details. Where the service gave no
 * answer at all, the text is ours: the transport's names addresses inside of our network.
 */
export function upstreamFailure(upstream: string, error: unknown): Failure {
  const failure = failureFromRpc(error);
  if (failure.kind === "unavailable" && failure.reason === "UNAVAILABLE") {
    return new Failure("unavailable", `The service ${upstream} is not reachable. Try again shortly.`, {
      reason: "UPSTREAM_UNAVAILABLE",
      metadata: { upstream },
      retryAfterMs: 1000,
      cause: error,
    });
  }
  if (failure.kind === "deadline_exceeded" && failure.reason === "DEADLINE_EXCEEDED") {
    return new Failure("deadline_exceeded", `The service ${upstream} did not answer in time. Try again.`, {
      reason: "UPSTREAM_DEADLINE_EXCEEDED",
      metadata: { upstream },
      cause: error,
    });
  }
  return failure;
}
