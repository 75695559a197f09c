/**
 * What went wrong, in terms a caller can act on. Each kind has exactly one gRPC code (libs/rpc maps it).
 *
 * The rule for every operation: an outcome that must be recorded is returned, so that its transaction commits; a
 * refusal that must leave no trace is thrown, so that it rolls back.
 */
export type FailureKind =
  | "invalid_argument"
  | "not_found"
  | "already_exists"
  | "failed_precondition"
  | "aborted"
  | "unauthenticated"
  | "permission_denied"
  | "resource_exhausted"
  | "unavailable"
  | "deadline_exceeded"
  | "canceled"
  | "unimplemented"
  | "internal";

/** One field of a request that broke a rule. Becomes google.rpc.BadRequest. */
export interface FieldViolation {
  readonly field: string;
  readonly description: string;
}

/** One condition that does not hold. Becomes google.rpc.PreconditionFailure. */
export interface PreconditionViolation {
  readonly type: string;
  readonly subject: string;
  readonly description: string;
}

export interface FailureDetails {
  /** Upper snake case, stable: what a program switches on. Becomes google.rpc.ErrorInfo. */
  readonly reason: string;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly fieldViolations?: readonly FieldViolation[];
  readonly preconditionViolations?: readonly PreconditionViolation[];
  /** How long to wait before trying again. Becomes google.rpc.RetryInfo. */
  readonly retryAfterMs?: number;
  /** Kept for the log, never sent to the caller. */
  readonly cause?: unknown;
}

/** The one error class that crosses layers. `message` is sent to the caller: it says what to do, and holds no secret. */
export class Failure extends Error {
  override readonly name = "Failure";
  readonly kind: FailureKind;
  readonly details: FailureDetails;

  constructor(kind: FailureKind, message: string, details: FailureDetails) {
    super(message, { cause: details.cause });
    this.kind = kind;
    this.details = details;
  }

  get reason(): string {
    return this.details.reason;
  }
}
