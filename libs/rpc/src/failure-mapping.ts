import type { DescMessage, MessageInitShape } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import type { Failure, FailureKind } from "@ordermesh/failure/failure";
import {
  BadRequestSchema,
  ErrorInfoSchema,
  PreconditionFailureSchema,
  RetryInfoSchema,
} from "@ordermesh/proto/google/rpc/error_details_pb";

/** The domain of every google.rpc.ErrorInfo that we send. */
export const errorDomain = "ordermesh";

const codes: Readonly<Record<FailureKind, Code>> = {
  invalid_argument: Code.InvalidArgument,
  not_found: Code.NotFound,
  already_exists: Code.AlreadyExists,
  failed_precondition: Code.FailedPrecondition,
  aborted: Code.Aborted,
  unauthenticated: Code.Unauthenticated,
  permission_denied: Code.PermissionDenied,
  resource_exhausted: Code.ResourceExhausted,
  unavailable: Code.Unavailable,
  deadline_exceeded: Code.DeadlineExceeded,
  canceled: Code.Canceled,
  unimplemented: Code.Unimplemented,
  internal: Code.Internal,
};

/** The gRPC code of each kind of failure. */
export function codeOf(kind: FailureKind): Code {
  return codes[kind];
}

/** The error that a client gets for a failure, with google.rpc details. The cause stays here. */
export function connectErrorOf(failure: Failure): ConnectError {
  const { reason, metadata, fieldViolations, preconditionViolations, retryAfterMs, cause } = failure.details;
  const details = [detail(ErrorInfoSchema, { reason, domain: errorDomain, metadata: { ...metadata } })];
  if (fieldViolations !== undefined && fieldViolations.length > 0) {
    details.push(
      detail(BadRequestSchema, {
        fieldViolations: fieldViolations.map(({ field, description }) => ({ field, description })),
      }),
    );
  }
  if (preconditionViolations !== undefined && preconditionViolations.length > 0) {
    details.push(
      detail(PreconditionFailureSchema, {
        violations: preconditionViolations.map(({ type, subject, description }) => ({
          type,
          subject,
          description,
        })),
      }),
    );
  }
  if (retryAfterMs !== undefined) {
    details.push(detail(RetryInfoSchema, { retryDelay: durationOf(retryAfterMs) }));
  }
  return new ConnectError(failure.message, codes[failure.kind], undefined, details, cause);
}

/** What a client gets for an error that is a defect of ours: nothing of it but an id to find it in the logs. */
export function internalError(cause: unknown, traceId: string): ConnectError {
  const info = detail(ErrorInfoSchema, {
    reason: "INTERNAL",
    domain: errorDomain,
    metadata: traceId === "" ? {} : { trace_id: traceId },
  });
  return new ConnectError("internal error", Code.Internal, undefined, [info], cause);
}

function durationOf(durationMs: number): { seconds: bigint; nanos: number } {
  const wholeMs = Math.max(0, Math.ceil(durationMs));
  return { seconds: BigInt(Math.floor(wholeMs / 1000)), nanos: (wholeMs % 1000) * 1_000_000 };
}

type OutgoingDetail = { desc: DescMessage; value: MessageInitShape<DescMessage> };

function detail<Schema extends DescMessage>(desc: Schema, value: MessageInitShape<Schema>): OutgoingDetail {
  return { desc, value };
}
