import { Failure } from "@ordermesh/failure/failure";

/** Codes of the driver and of the operating system for a connection that could not be made or was lost. */
const connectionCodes = new Set([
  "CONNECT_TIMEOUT",
  "CONNECTION_CLOSED",
  "CONNECTION_DESTROYED",
  "CONNECTION_ENDED",
  "ECONNREFUSED",
  "ECONNRESET",
  "EHOSTUNREACH",
  "ENOTFOUND",
  "EPIPE",
  "ETIMEDOUT",
  "EAI_AGAIN",
]);

/** SQLSTATEs of a server that is going down, coming up, or full: trying again later may work. */
const serverAwayStates = new Set(["57P01", "57P02", "57P03", "53300", "53400", "08000", "08003", "08006"]);

/** The code of a PostgreSQL or driver error: a SQLSTATE, or a name such as CONNECTION_CLOSED. */
export function codeOf(error: unknown): string | undefined {
  if (error instanceof AggregateError) {
    return codeOf(error.errors[0]);
  }
  if (typeof error === "object" && error !== null && "code" in error && typeof error.code === "string") {
    return error.code;
  }
  return undefined;
}

/** True if the server answered with an error, so that the connection itself is still good. */
export function isStatementError(error: unknown): boolean {
  return error instanceof Error && "severity" in error && error.severity === "ERROR";
}

/** True for what a serialization failure or a deadlock became: the transaction left no trace and may be run again. */
export function isConflict(error: unknown): boolean {
  return error instanceof Failure && error.reason === "DATABASE_CONFLICT";
}

export function isConnectionError(error: unknown): boolean {
  const code = codeOf(error);
  return code !== undefined && (connectionCodes.has(code) || serverAwayStates.has(code));
}

/** Turns what callers can act on into a Failure, and leaves every other error (a bug, mostly) as it is. */
export function failureFromPostgres(error: unknown): unknown {
  if (isConnectionError(error)) {
    return connectionLost(error);
  }
  if (codeOf(error) === "40001" || codeOf(error) === "40P01") {
    return new Failure("aborted", "Another transaction was in the way. Try again.", {
      reason: "DATABASE_CONFLICT",
      retryAfterMs: 50,
      cause: error,
    });
  }
  if (codeOf(error) === "57014" || codeOf(error) === "55P03") {
    return databaseTimeout(error);
  }
  if (codeOf(error) === "22021") {
    return new Failure(
      "invalid_argument",
      "A text contains a character that can not be stored, such as NUL.",
      {
        reason: "TEXT_NOT_STORABLE",
        cause: error,
      },
    );
  }
  return error;
}

export function databaseTimeout(cause?: unknown): Failure {
  return new Failure("unavailable", "The database did not answer in time. Try again shortly.", {
    reason: "DATABASE_TIMEOUT",
    retryAfterMs: 1000,
    cause,
  });
}

export function connectionLost(cause?: unknown): Failure {
  return new Failure("unavailable", "The database is not reachable. Try again shortly.", {
    reason: "DATABASE_UNAVAILABLE",
    retryAfterMs: 1000,
    cause,
  });
}
