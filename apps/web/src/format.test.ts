import { expect, test } from "vitest";
import {
  decimalOf,
  formatAmount,
  formatBytes,
  formatDuration,
  formatFigure,
  formatMoney,
  formatRelative,
  formatShortDuration,
  groupDigits,
  parseAmount,
} from "./format.ts";

const euros = (amountMinor: bigint) => ({ currencyCode: "EUR", amountMinor });

test("money is exact, also where a floating-point number would round", () => {
  expect(formatMoney(euros(1299n))).toBe("EUR 12.99");
  expect(formatMoney(euros(900_719_925_474_099_325n))).toBe("EUR 9,007,199,254,740,993.25");
  expect(formatMoney(euros(0n))).toBe("EUR 0.00");
  expect(formatMoney({ currencyCode: "JPY", amountMinor: 1500n })).toBe("JPY 1,500");
  expect(formatMoney({ currencyCode: "BHD", amountMinor: 1500n })).toBe("BHD 1.500");
  expect(formatMoney(undefined)).toBe("–");
  expect(formatAmount(euros(5n))).toBe("0.05");
});

test("decimals keep their sign and their zeros", () => {
  expect(decimalOf(-5n, 2)).toBe("-0.05");
  expect(decimalOf(100n, 0)).toBe("100");
  expect(decimalOf(7n, 3)).toBe("0.007");
});

test("an amount that somebody typed is read as minor units, or refused", () => {
  expect(parseAmount("12,5", "EUR")).toBe(1250n);
  expect(parseAmount(" 12.50 ", "EUR")).toBe(1250n);
  expect(parseAmount("7", "JPY")).toBe(7n);
  for (const wrong of ["", "-1", "1.234", "1e3", "12.5.0", "0x10", "1 000", "9".repeat(14)]) {
    expect(parseAmount(wrong, "EUR"), wrong).toBeUndefined();
  }
});

test("durations and distances name the two units that matter", () => {
  expect(formatDuration(581_000)).toBe("9:41 min");
  expect(formatDuration(41_900)).toBe("41 s");
  expect(formatDuration(-5)).toBe("0 s");
  expect(formatDuration(2 * 3_600_000 + 600_000)).toBe("2 h 10 min");
  expect(formatDuration(3 * 86_400_000 + 4 * 3_600_000)).toBe("3 d 4 h");
  expect(formatRelative(0, 5_000)).toBe("just now");
  expect(formatRelative(0, 150_000)).toBe("2 min ago");
  expect(formatRelative(540_000, 0)).toBe("in 9 min");
});

test("digits are grouped as on a card", () => {
  expect(groupDigits("4242424242424242")).toBe("4242 4242 4242 4242");
  expect(groupDigits("42-42 4")).toBe("4242 4");
  expect(groupDigits("")).toBe("");
});

test("figures have the digits that mean something", () => {
  expect(formatFigure(0)).toBe("0");
  expect(formatFigure(0.034)).toBe("0.03");
  expect(formatFigure(7.14)).toBe("7.1");
  expect(formatFigure(1240.6)).toBe("1,241");
  expect(formatShortDuration(7.14)).toBe("7.1 ms");
  expect(formatShortDuration(12_440)).toBe("12.4 s");
  expect(formatShortDuration(125_000)).toBe("2:05 min");
  expect(formatBytes(84_123_456n)).toBe("84 MB");
});
