import { expect, test } from "vitest";
import { inertText } from "./inert-text.ts";

test.each([
  ["plain", "plain"],
  ["  spaces \t and\u00a0more  ", "spaces and more"],
  ["a\r\nb\nc\rd", "a b c d"],
  ["\u001b[2Jcleared\u0007", "[2Jcleared"],
  ["nul\u0000del\u007fc1\u0085", "nul del c1"],
  ["line\u2028paragraph\u2029", "line paragraph"],
  ["\u202egnp.exe", "gnp.exe"],
  ["zero\u200bwidth\ufeff", "zero width"],
  ["lone \ud800 surrogate", "lone surrogate"],
  ["Ünïcode 工具 🔧", "Ünïcode 工具 🔧"],
  ["", ""],
  ["\r\n", ""],
])("%j is shown as %j", (text, shown) => {
  expect(inertText(text, 100)).toBe(shown);
});

test("what is too long is cut between characters", () => {
  expect(inertText("🔧".repeat(10), 10)).toBe("🔧".repeat(10));
  expect(inertText("🔧".repeat(11), 10)).toBe(`${"🔧".repeat(9)}…`);
});
