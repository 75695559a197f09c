import { Code, ConnectError } from "@connectrpc/connect";
import { Failure, type FailureDetails, type FailureKind } from "@ordermesh/failure/failure";
import {
  BadRequestSchema,
  ErrorInfoSchema,
  PreconditionFailureSchema,
  RetryInfoSchema,
} from "@ordermesh/proto/google/rpc/error_details_pb";

const kinds: Readonly<Record<Code, FailureKind>> = {
  [Code.Canceled]: "canceled",
  [Code.Unknown]: "internal",
  [Code.InvalidArgument]: "invalid_argument",
  [Code.DeadlineExceeded]: "deadline_exceeded",
  [Code.NotFound]: "not_found",
  [Code.AlreadyExists]: "already_exists",
  [Code.PermissionDenied]: "permission_denied",
  [Code.ResourceExhausted]: "resource_exhausted",
  [Code.FailedPrecondition]: "failed_precondition",
  [Code.Aborted]: "aborted",
  [Code.OutOfRange]: "invalid_argument",
  [Code.Unimplemented]: "unimplemented",
  [Code.Internal]: "internal",
  [Code.Unavailable]: "unavailable",
  [Code.DataLoss]: "internal",
  [Code.Unauthenticated]: "unauthenticated",
};

/**
 * Turns what a call to another service threw into a failure of the same kind, with its reason and details, so that it
 * can be handled or passed on. An internal error of the upstream keeps its text out of the message, in the cause.
 *
 * A Failure is returned as it is; anything that is not an error of a call becomes an internal failure.
 */
export function failureFromRpc(error: unknown): Failure {
  if (error instanceof Failure) {
    return error;
  }
  if (!(error instanceof ConnectError)) {
    return new Failure("internal", "internal error", { reason: "INTERNAL", cause: error });
  }
  const kind = kinds[error.code];
  const message = kind === "internal" ? "internal error" : error.rawMessage;
  return new Failure(kind, message, { ...detailsOf(error, kind), cause: error });
}

function detailsOf(error: ConnectError, kind: FailureKind): FailureDetails {
  const [info] = error.findDetails(ErrorInfoSchema);
  const fieldViolations = error.findDetails(BadRequestSchema).flatMap((request) => request.fieldViolations);
  const preconditionViolations = error
    .findDetails(PreconditionFailureSchema)
    .flatMap((found) => found.violations);
  const delay = error.findDetails(RetryInfoSchema)[0]?.retryDelay;
  return {
    reason: info?.reason || kind.toUpperCase(),
    ...(info !== undefined && { metadata: info.metadata }),
    ...(fieldViolations.length > 0 && { fieldViolations }),
    ...(preconditionViolations.length > 0 && { preconditionViolations }),
    ...(delay !== undefined && { retryAfterMs: Number(delay.seconds) * 1000 + delay.nanos / 1_000_000 }),
  };
}

/**
 * Turns what a call to an upstream threw into a failure of the same kind. Where the upstream gave no answer at all, the
 * text is ours: the transport's names addresses inside of our network.
 */
export function upstreamFailure(upstream: string, error: unknown): Failure {
  const failure = failureFromRpc(error);
  if (failure.kind === "unavailable" && failure.reason === "UNAVAILABLE") {
    return new Failure("unavailable", `${upstream} is not reachable. Try again shortly.`, {
      reason: "UPSTREAM_UNAVAILABLE",
      metadata: { upstream },
      retryAfterMs: 1000,
      cause: error,
    });
  }
  if (failure.kind === "deadline_exceeded") {
    return new Failure("deadline_exceeded", `${upstream} did not answer in time. Try again.`, {
      reason: "UPSTREAM_DEADLINE_EXCEEDED",
      metadata: { upstream },
      cause: error,
    });
  }
  return failure;
}
