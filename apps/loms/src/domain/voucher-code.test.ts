import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { checkDigit, combine, hashVoucherCode, newVoucherCode, parseVoucherCode } from "./voucher-code.ts";

const digits = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];

describe("no two codes are lookalikes", () => {
  test("what proves it for every length: each step tells digits apart, and in which order two came", () => {
    for (const interim of digits) {
      for (const one of digits) {
        expect(combine(one, one)).toBe(0);
        for (const other of digits.filter((digit) => digit !== one)) {
          expect(combine(interim, one)).not.toBe(combine(interim, other));
          expect(combine(one, interim)).not.toBe(combine(other, interim));
          expect(combine(combine(interim, one), other)).not.toBe(combine(combine(interim, other), one));
        }
      }
    }
  });

  const anyCode = fc
    .array(fc.integer({ min: 0, max: 9 }), { minLength: 9, maxLength: 9 })
    .map((nine) => `${nine.join("")}${checkDigit(nine.join(""))}`);

  test("none differs from another in one digit", () => {
    fc.assert(
      fc.property(anyCode, (code) => {
        for (let place = 0; place < 10; place += 1) {
          for (const digit of digits.filter((other) => `${other}` !== code[place])) {
            const mistyped = `${code.slice(0, place)}${digit}${code.slice(place + 1)}`;
            expect(parseVoucherCode(mistyped), `${mistyped} for ${code}`).toBeUndefined();
          }
        }
      }),
      { numRuns: 500 },
    );
  });

  test("none is another with two neighbors swapped", () => {
    fc.assert(
      fc.property(anyCode, (code) => {
        for (let place = 0; place < 9; place += 1) {
          const [one, other] = [code[place]!, code[place + 1]!];
          const swapped = `${code.slice(0, place)}${other}${one}${code.slice(place + 2)}`;
          expect(parseVoucherCode(swapped), `${swapped} for ${code}`).toBe(one === other ? code : undefined);
        }
      }),
      { numRuns: 2_000 },
    );
  });
});

describe("a new code", () => {
  test("has ten digits that are a code", () => {
    for (let count = 0; count < 1_000; count += 1) {
      const code = newVoucherCode();
      expect(code).toMatch(/^[0-9]{10}$/);
      expect(parseVoucherCode(code)).toBe(code);
    }
  });

  test("may be any: each digit is as frequent in each place", () => {
    const count = 20_000;
    const seen = new Map<string, number>();
    for (let index = 0; index < count; index += 1) {
      [...newVoucherCode()].forEach((digit, place) => {
        const name = `${digit} in place ${place}`;
        seen.set(name, (seen.get(name) ?? 0) + 1);
      });
    }
    expect(seen.size).toBe(100);
    // Seven standard deviations of a fair one: it fails once in 10⁹ runs.
    const deviation = Math.sqrt(count * 0.1 * 0.9);
    for (const [name, times] of seen) {
      expect(Math.abs(times - count / 10), name).toBeLessThan(7 * deviation);
    }
  });
});

test.each([
  ["as printed", "572-461-8039", false],
  ["blanks and hyphens", " 0000-000 00\t0 ", true],
  ["nine digits", "000000000", false],
  ["eleven digits", "00000000000", false],
  ["letters", "OOOOOOOOOO", false],
  ["digits of another script", "٠٠٠٠٠٠٠٠٠٠", false],
  ["nothing", "", false],
  ["a sign", "+000000000", false],
])("%s", (_, text, good) => {
  expect(parseVoucherCode(text)).toBe(good ? "0000000000" : undefined);
});

test("the published example of the algorithm: 572 has the check digit 4", () => {
  expect(checkDigit("572")).toBe(4);
  expect(checkDigit("5724")).toBe(0);
});

test("a hash is of one code and one key", () => {
  const [key, otherKey] = [randomBytes(32), randomBytes(32)];
  const hash = hashVoucherCode("0000000000", key);
  expect(hash).toHaveLength(32);
  expect(hashVoucherCode("0000000000", key)).toEqual(hash);
  expect(hashVoucherCode("0000000000", otherKey)).not.toEqual(hash);
  expect(hashVoucherCode(newVoucherCode(), key)).not.toEqual(hash);
});
