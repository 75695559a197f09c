import { expect, test } from "vitest";
import { priceText } from "./price-text.ts";

test.each([
  ["EUR", 1299n, "EUR 12.99"],
  ["EUR", 0n, "EUR 0.00"],
  ["EUR", 5n, "EUR 0.05"],
  ["EUR", 100n, "EUR 1.00"],
  ["USD", 123456789n, "USD 1,234,567.89"],
  ["USD", 99999n, "USD 999.99"],
  ["USD", 100000n, "USD 1,000.00"],
  ["JPY", 500n, "JPY 500"],
  ["JPY", 1234567n, "JPY 1,234,567"],
  ["KRW", 0n, "KRW 0"],
  ["KWD", 1250n, "KWD 1.250"],
  ["KWD", 7n, "KWD 0.007"],
  ["IQD", 1234567n, "IQD 1,234.567"],
  ["CLF", 12345n, "CLF 1.2345"],
  ["XYZ", 1n, "XYZ 0.01"],
  ["EUR", -1299n, "EUR -12.99"],
  ["EUR", 9_223_372_036_854_775_807n, "EUR 92,233,720,368,547,758.07"],
])("%s %s is %s", (currencyCode, amountMinor, text) => {
  expect(priceText({ currencyCode, amountMinor })).toBe(text);
});
