import { expect, test } from "vitest";
import { readableLine } from "./readable-line.ts";

test("shows time, service, level, message and fields in one line", () => {
  const entry = {
    level: "info",
    time: "2026-11-21T12:30:01.250Z",
    service: "loms",
    order_id: "17",
    msg: "order paid",
  };
  expect(readableLine(JSON.stringify(entry))).toBe("12:30:01.250 loms          info  order paid order_id=17");
});

test("a line that is no log line is shown as it is", () => {
  expect(readableLine("Killed\n")).toBe("Killed");
  expect(readableLine('{"not":"a log line"}')).toBe('{"not":"a log line"}');
});

test("control characters from outside do not reach the terminal", () => {
  const line = readableLine(JSON.stringify({ level: "info", msg: "key", key: "a\u001b[2Jb\r\nc" }));
  // biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is the purpose.
  expect(line).not.toMatch(/[\u0000-\u001f]/);
  expect(line).toContain("\\u001b[2J");
});
