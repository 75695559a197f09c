import { PassThrough } from "node:stream";
import { explanationIn, keepLast, readLines } from "@ordermesh/ordermesh/child-output";
import { expect, test } from "vitest";

test("cuts a stream into lines wherever its pieces end", async () => {
  const stream = new PassThrough();
  const lines: string[] = [];
  readLines(stream, (line) => lines.push(line));
  const closed = new Promise((resolve) => stream.once("close", resolve));
  for (const piece of ["one\ntw", "o\nthr", "ee", "\n", "ü".repeat(3), "\nlast"]) {
    stream.write(piece);
  }
  stream.end();
  await closed;
  expect(lines).toEqual(["one", "two", "three", "üüü", "last"]);
});

test("a line without an end does not grow for ever", async () => {
  const stream = new PassThrough({ highWaterMark: 1024 * 1024 });
  const lines: string[] = [];
  readLines(stream, (line) => lines.push(line));
  const closed = new Promise((resolve) => stream.once("close", resolve));
  for (let piece = 0; piece < 100; piece += 1) {
    stream.write("x".repeat(10_000));
  }
  stream.end();
  await closed;
  expect(lines.length).toBeGreaterThan(5);
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThan(200_000);
  expect(lines.join("")).toHaveLength(1_000_000);
});

test("finds what explains a death", () => {
  expect(explanationIn("Error: boom", "stderr")).toBe("Error: boom");
  for (const noise of ["    at main (file.js:1:1)", "Node.js v20.20.2", "    ^", "", "file:///main.js:3"]) {
    expect(explanationIn(noise, "stderr")).toBeUndefined();
  }
  expect(explanationIn('{"level":"error","msg":"could not start","detail":"PORT is bad"}', "stdout")).toBe(
    "could not start: PORT is bad",
  );
  expect(explanationIn('{"level":"info","msg":"ready"}', "stdout")).toBeUndefined();
  expect(explanationIn("null", "stdout")).toBeUndefined();
  expect(explanationIn("not JSON", "stdout")).toBeUndefined();
});

test("keeps the last few", () => {
  const kept = keepLast<number>(2);
  for (const item of [1, 2, 3]) {
    kept.add(item);
  }
  expect(kept.items()).toEqual([2, 3]);
});
