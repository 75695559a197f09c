import { Failure } from "@ordermesh/failure/failure";

/**
 * How many codes that do not exist a caller may show: so many at once, and one more after each interval. Only codes with
 * the right check digit count. A slip of a finger has a wrong one, so a counter hardly ever comes near the limit; whoever
 * guesses has a billion of them to try, at 153 a day.
 */
export const guessLimit = { triesMax: 10, everyMs: 600_000 } as const;

const tooMany = "TOO_MANY_GUESSES";

export function isTooManyGuesses(error: unknown): boolean {
  return error instanceof Failure && error.reason === tooMany;
}

/** @param retryAfterMs until the next try is free. */
export function tooManyGuesses(retryAfterMs: number): Failure {
  const seconds = Math.max(1, Math.ceil(retryAfterMs / 1_000));
  return new Failure(
    "resource_exhausted",
    `Too many codes that do not exist were shown: wait ${seconds} s and try again.`,
    { reason: tooMany, retryAfterMs: seconds * 1_000 },
  );
}
