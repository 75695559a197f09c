import { expect, test } from "vitest";
import { maskedNumber, voucherText } from "./text-message.ts";

const validUntil = new Date("2026-01-31T22:59:30Z");

test("one code", () => {
  expect(voucherText({ article: "Hair cut", validUntil, otherCodes: 0 }, "5724618039")).toBe(
    "Your purchase Hair cut,its consumption code is:5724618039  valid until 2026-01-31 22:59 UTC",
  );
});

test("several codes", () => {
  expect(voucherText({ article: "Hair cut", validUntil, otherCodes: 4 }, "5724618039")).toBe(
    "Your purchase Hair cut,its consumption code is:5724618039  valid until 2026-01-31 22:59 UTC" +
      ", other 4 consumption codes can be viewed on your online profile",
  );
});

test("a name of any length and kind leaves a message of one line that fits", () => {
  const article = `Ten visits\r\n\u202e${"and more ".repeat(50)}`;
  const text = voucherText({ article, validUntil, otherCodes: 0 }, "5724618039");
  expect(text.length).toBeLessThanOrEqual(160);
  expect(text).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  expect(text).toContain("code is:5724618039  valid");
});

test.each([
  ["+4915112345678", "+49*********78"],
  ["+1234567", "+12***67"],
  ["+12345", "+*****"],
  ["", ""],
])("a log shows of %s: %s", (mobile, masked) => {
  expect(maskedNumber(mobile)).toBe(masked);
});
