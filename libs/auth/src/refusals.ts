import { Failure } from "@ordermesh/failure/failure";

const advice =
  "Send the header `authorization: Bearer <access token>`; IdentityService/Login gives you a token.";

export function tokenMissing(): Failure {
  return new Failure("unauthenticated", `This call needs a token. ${advice}`, { reason: "TOKEN_MISSING" });
}

/** @param problem goes to the caller; `cause` to the log only. */
export function tokenRefused(problem: string, cause?: unknown): Failure {
  return new Failure("unauthenticated", `The token is not accepted: ${problem}. ${advice}`, {
    reason: "TOKEN_REFUSED",
    cause,
  });
}

export function callRefused(method: string, caller: string): Failure {
  return new Failure("permission_denied", `${method} can not be called ${caller}.`, {
    reason: "CALL_NOT_ALLOWED",
    metadata: { method },
  });
}

/** The caller can do nothing about it but try again. */
export function keysUnavailable(cause: unknown): Failure {
  return new Failure("unavailable", "Tokens can not be checked now: the issuer's keys are not to be had.", {
    reason: "KEYS_UNAVAILABLE",
    retryAfterMs: 1_000,
    cause,
  });
}
