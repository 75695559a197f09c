import { createHash } from "node:crypto";
import { Failure } from "@ordermesh/failure/failure";

/** So many tries at once, and one more after each interval. */
export interface LoginLimit {
  readonly triesMax: number;
  readonly everyMs: number;
}

/** Of whom tries are counted. */
export interface LimitedSubject extends LoginLimit {
  /** SHA-256: who tried from where is nobody's business later. */
  readonly subject: Buffer;
}

/**
 * One name from one address: whoever guesses a password. One name from anywhere: many who guess the same one; wider,
 * because this one also keeps its owner out. One address: whoever tries one password with many names.
 */
export const loginLimits = {
  pair: { triesMax: 5, everyMs: 30_000 },
  username: { triesMax: 30, everyMs: 10_000 },
  address: { triesMax: 60, everyMs: 2_000 },
} as const satisfies Record<string, LoginLimit>;

/**
 * Those of a login, in the order in which they are locked.
 *
 * @param address one that stands for a place, not one of the many that a home may have.
 */
export function limitsOfLogin(username: string, address: string): LimitedSubject[] {
  const name = username.toLowerCase();
  return [
    { ...loginLimits.address, subject: subjectOf("address", address) },
    { ...loginLimits.pair, subject: subjectOf("pair", address, name) },
    { ...loginLimits.username, subject: subjectOf("username", name) },
  ];
}

/** A registration costs as much as a login. */
export function limitsOfRegistration(address: string): LimitedSubject[] {
  return [{ ...loginLimits.address, subject: subjectOf("address", address) }];
}

function subjectOf(...parts: readonly string[]): Buffer {
  return createHash("sha256").update(JSON.stringify(parts)).digest();
}

/** @param retryAfterMs until the next try is free. */
export function tooManyTries(retryAfterMs: number): Failure {
  const seconds = Math.max(1, Math.ceil(retryAfterMs / 1_000));
  return new Failure("resource_exhausted", `Too many tries: wait ${seconds} s and try again.`, {
    reason: "TOO_MANY_TRIES",
    retryAfterMs: seconds * 1_000,
  });
}
