import { createHash } from "node:crypto";
import { Failure } from "@ordermesh/failure/failure";

/** So many tries at once, and one more after each interval. */
export interface JoinLimit {
  readonly triesMax: number;
  readonly everyMs: number;
}

/** Of whom tries are counted. */
export interface LimitedSubject extends JoinLimit {
  /** SHA-256: who tried from where is nobody's business later. */
  readonly subject: Uint8Array;
}

/**
 * `address`: all tries of one address, right or wrong; a location's guests may share one, so that this one is wide.
 * `wrong`: wrong ones of one address. `wrongCodes`: wrong codes of all addresses together: at one in ten seconds, and
 * with a thousand sessions open, somebody with any number of addresses finds one in a hundred days. While it is used up,
 * codes are not taken, and links still are: nobody guesses 128 bits.
 */
export const joinLimits = {
  address: { triesMax: 60, everyMs: 2_000 },
  wrong: { triesMax: 10, everyMs: 60_000 },
  wrongCodes: { triesMax: 200, everyMs: 10_000 },
} as const satisfies Record<string, JoinLimit>;

export type JoinLimits = Readonly<Record<keyof typeof joinLimits, JoinLimit>>;

/** What a try counts for; those of `wrong` are taken back if it was right. In the order in which they are locked. */
export function limitsOfJoin(
  limits: JoinLimits,
  by: "code" | "link",
  address: string,
): { readonly always: readonly LimitedSubject[]; readonly wrong: readonly LimitedSubject[] } {
  return {
    always: [{ ...limits.address, subject: subjectOf("address", address) }],
    wrong: [
      { ...limits.wrong, subject: subjectOf("wrong", address) },
      ...(by === "code" ? [{ ...limits.wrongCodes, subject: subjectOf("wrong codes") }] : []),
    ],
  };
}

function subjectOf(...parts: readonly string[]): Uint8Array {
  return createHash("sha256").update(JSON.stringify(parts)).digest();
}

/** @param retryAfterMs until the next try is free. */
export function tooManyTries(retryAfterMs: number): Failure {
  const seconds = Math.max(1, Math.ceil(retryAfterMs / 1_000));
  return new Failure("resource_exhausted", `Too many tries to join: wait ${seconds} s and try again.`, {
    reason: "TOO_MANY_TRIES",
    retryAfterMs: seconds * 1_000,
  });
}
