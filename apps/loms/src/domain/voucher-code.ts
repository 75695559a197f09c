import { createHmac, randomInt } from "node:crypto";

/**
 * Codes of ten digits, of which no two are lookalikes: people read them out, type them and mix them up, and a counter
 * that was shown one code must never use another one. So the tenth digit is a check digit by Damm's algorithm. It
 * finds every wrong digit and every two neighbors that were swapped; in other words, two codes differ in two digits at
 * least, and never by such a swap alone. Letters would only add lookalikes of digits.
 *
 * A check digit does this for all codes that were ever made and without a look at any of them. Comparing a new code with
 * those that are live would need all of them in clear, or ninety and nine hashes for each.
 */

/** A quasigroup of order 10 that is totally anti-symmetric, which is what makes the algorithm work; a test proves it. */
const operation: readonly (readonly number[])[] = [
  [0, 3, 1, 7, 5, 9, 8, 6, 4, 2],
  [7, 0, 9, 2, 1, 5, 4, 8, 6, 3],
  [4, 2, 0, 6, 8, 7, 1, 3, 5, 9],
  [1, 7, 5, 0, 9, 8, 3, 4, 2, 6],
  [6, 1, 2, 3, 0, 4, 5, 9, 7, 8],
  [3, 6, 7, 4, 2, 0, 9, 5, 8, 1],
  [5, 8, 6, 9, 7, 2, 0, 1, 3, 4],
  [8, 9, 4, 5, 3, 6, 2, 0, 1, 7],
  [9, 4, 3, 8, 6, 1, 7, 2, 0, 5],
  [2, 5, 8, 1, 4, 3, 6, 7, 9, 0],
];

const randomDigits = 9;

/** Any of the 10⁹ codes, each as likely as the others, from the generator of random numbers for secrets. */
export function newVoucherCode(): string {
  const digits = `${randomInt(10 ** randomDigits)}`.padStart(randomDigits, "0");
  return `${digits}${checkDigit(digits)}`;
}

/**
 * Reads a code as people write it, with blanks and hyphens between its digits.
 *
 * @returns its ten digits; undefined for what no code can be, such as one that was mistyped.
 */
export function parseVoucherCode(text: string): string | undefined {
  const digits = text.replace(/[\s-]/g, "");
  return /^[0-9]{10}$/.test(digits) && checkDigit(digits) === 0 ? digits : undefined;
}

/** The digit that makes a code of these; 0 if the last one of them is it. */
export function checkDigit(digits: string): number {
  let interim = 0;
  for (const digit of digits) {
    interim = combine(interim, Number(digit));
  }
  return interim;
}

/** One step of Damm's algorithm. Every digit combined with itself is 0. */
export function combine(interim: number, digit: number): number {
  const result = operation[interim]?.[digit];
  if (result === undefined) {
    throw new Error("Only digits can be combined.");
  }
  return result;
}

/** What a code is found by. @param key secret: without it the few codes that there are could all be tried. */
export function hashVoucherCode(code: string, key: Uint8Array): Buffer {
  return createHmac("sha256", key).update(code).digest();
}
