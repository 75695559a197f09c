import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { longFiles } from "./long-files.ts";

test("every file that npm test leaves out exists, once", () => {
  const root = fileURLToPath(new URL("../", import.meta.url));
  expect(longFiles.filter((path) => !existsSync(`${root}${path}`))).toEqual([]);
  expect(new Set(longFiles).size).toBe(longFiles.length);
});
