import { randomInt } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { codeAlphabet, codeLength, makeCode, parseCode } from "./session-code.ts";

test("no letter of the alphabet looks like another one", () => {
  expect(codeAlphabet).toHaveLength(31);
  expect(new Set(codeAlphabet).size).toBe(31);
  for (const lookalike of "01OILl") {
    expect(codeAlphabet).not.toContain(lookalike);
  }
});

test("codes have a letter, and each letter comes about as often as every other one", () => {
  const codes = Array.from({ length: 20_000 }, () => makeCode(randomInt));
  expect(codes.every((code) => code.length === codeLength && /[A-Z]/.test(code))).toBe(true);
  const counts = new Map<string, number>();
  for (const letter of codes.join("")) {
    counts.set(letter, (counts.get(letter) ?? 0) + 1);
  }
  const expected = (codes.length * codeLength) / codeAlphabet.length;
  expect(counts.size).toBe(codeAlphabet.length);
  for (const [letter, count] of counts) {
    expect(Math.abs(count - expected), letter).toBeLessThan(expected * 0.15);
  }
  // Digits alone are drawn again.
  const draws = [...Array(codeLength).fill(0), ...Array(codeLength).fill(10)];
  expect(makeCode(() => draws.shift() ?? 0)).toBe("CCCCCC");
});

test("a code is found however it was typed", () => {
  const typed = fc.array(fc.constantFrom(...codeAlphabet), { minLength: codeLength, maxLength: codeLength });
  fc.assert(
    fc.property(typed, fc.constantFrom(" ", "-", "", "\t"), (letters, between) => {
      const code = letters.join("");
      expect(parseCode(` ${letters.join(between).toLowerCase()} `)).toBe(code);
    }),
  );
  for (const none of ["", "ABCDE", "ABCDEFG", "ABCDE0", "ABCDEI", "ÄBCDEF", "ABC_EF"]) {
    expect(parseCode(none)).toBeUndefined();
  }
});
