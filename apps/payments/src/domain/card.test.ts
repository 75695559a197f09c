import { Failure } from "@ordermesh/failure/failure";
import fc from "fast-check";
import { expect, test } from "vitest";
import { type Card, checkCard } from "./card.ts";

const now = new Date("2026-11-21T12:00:00Z");
const good: Card = { number: "4242424242424242", expiryMonth: 11, expiryYear: 2026, code: "123" };

function problemsOf(card: Card, at = now): string[] {
  try {
    checkCard(card, at);
    return [];
  } catch (error) {
    expect(error).toBeInstanceOf(Failure);
    return (error as Failure).details.fieldViolations?.map(({ field }) => field) ?? [];
  }
}

test("a card is good, with blanks or hyphens and until its month is over everywhere", () => {
  expect(checkCard({ ...good, number: "4242 4242-4242 4242" }, now).number).toBe("4242424242424242");
  expect(problemsOf(good, new Date("2026-12-01T11:59:59Z"))).toEqual([]);
  expect(problemsOf(good, new Date("2026-12-01T12:00:00Z"))).toEqual(["card.expiry_month"]);
  expect(problemsOf({ ...good, code: "1234" })).toEqual([]);
});

test.each<[string, Partial<Card>, string]>([
  ["a wrong check digit", { number: "4242424242424241" }, "card.number"],
  ["too few digits", { number: "42424242424" }, "card.number"],
  ["too many digits", { number: "42424242424242424242" }, "card.number"],
  ["letters", { number: "4242x24242424242" }, "card.number"],
  ["digits of another script", { number: "٤٢٤٢٤٢٤٢٤٢٤٢٤٢٤٢" }, "card.number"],
  ["a month gone by", { expiryMonth: 10 }, "card.expiry_month"],
  ["a year gone by", { expiryYear: 2025 }, "card.expiry_month"],
  ["a year too far away", { expiryYear: 2057 }, "card.expiry_year"],
  ["a code of two digits", { code: "12" }, "card.code"],
  ["a code with letters", { code: "12a" }, "card.code"],
])("%s is refused by field", (_, change, field) => {
  expect(problemsOf({ ...good, ...change })).toEqual([field]);
});

test("one wrong digit, or two neighbours swapped, is found out", () => {
  const digits = good.number;
  fc.assert(
    fc.property(fc.nat(15), fc.integer({ min: 1, max: 9 }), (place, difference) => {
      const wrong = (Number(digits[place]) + difference) % 10;
      const number = `${digits.slice(0, place)}${wrong}${digits.slice(place + 1)}`;
      expect(problemsOf({ ...good, number })).toEqual(["card.number"]);
    }),
  );
});

test("an error repeats nothing of the card", () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[0-9]{13,19}$/), fc.stringMatching(/^[a-z]{3}$/), (number, code) => {
      try {
        checkCard({ number, expiryMonth: 1, expiryYear: 2020, code }, now);
        expect.unreachable();
      } catch (error) {
        const text = JSON.stringify([(error as Failure).message, (error as Failure).details]);
        expect(text).not.toContain(number);
        expect(text).not.toContain(`"${code}"`);
      }
    }),
  );
});
