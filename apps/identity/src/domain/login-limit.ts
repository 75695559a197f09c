import { createHash } from "node:crypto";
import { Failure } from "@ordermesh/failure/failure";
import ipaddr from "ipaddr.js";

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

/** Those of a login, in the order in which they are locked. */
export function limitsOfLogin(username: string, address: string): LimitedSubject[] {
  const name = username.toLowerCase();
  const from = addressGroup(address);
  return [
    { ...loginLimits.address, subject: subjectOf("address", from) },
    { ...loginLimits.pair, subject: subjectOf("pair", from, name) },
    { ...loginLimits.username, subject: subjectOf("username", name) },
  ];
}

/** A registration costs as much as a login. */
export function limitsOfRegistration(address: string): LimitedSubject[] {
  return [{ ...loginLimits.address, subject: subjectOf("address", addressGroup(address)) }];
}

function subjectOf(...parts: readonly string[]): Buffer {
  return createHash("sha256").update(JSON.stringify(parts)).digest();
}

/** A home has a whole /64 of IPv6 addresses, so that one of them stands for all. */
function addressGroup(address: string): string {
  if (!ipaddr.isValid(address)) {
    return "";
  }
  const parsed = ipaddr.process(address);
  return parsed.kind() === "ipv6"
    ? `${parsed.toNormalizedString().split(":").slice(0, 4).join(":")}::/64`
    : parsed.toString();
}

/** @param retryAfterMs until the next try is free. */
export function tooManyTries(retryAfterMs: number): Failure {
  const seconds = Math.max(1, Math.ceil(retryAfterMs / 1_000));
  return new Failure("resource_exhausted", `Too many tries: wait ${seconds} s and try again.`, {
    reason: "TOO_MANY_TRIES",
    retryAfterMs: seconds * 1_000,
  });
}
