import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Environment, readConfig } from "@ordermesh/config/config";
import { afterAll, expect, test } from "vitest";
import { readSecret } from "./read-secret.ts";

const folder = mkdtempSync(join(tmpdir(), "sealing-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const secret = randomBytes(32);
const text = secret.toString("base64");

const read = (environment: Environment) =>
  readConfig(environment, (reader) => ({ key: readSecret(reader, "CODE_KEY") })).key;

test("from the variable, from a file, or not at all", () => {
  const file = join(folder, "key");
  writeFileSync(file, `${text}\n`);
  expect(read({ CODE_KEY: text })).toEqual(secret);
  expect(read({ CODE_KEY_FILE: file })).toEqual(secret);
  expect(read({})).toBeUndefined();
});

test.each([
  ["too short", { CODE_KEY: randomBytes(31).toString("base64") }],
  ["no base64", { CODE_KEY: "!".repeat(44) }],
  ["a file that is not there", { CODE_KEY_FILE: join(folder, "none") }],
])("%s is refused without being shown", (_, environment: Environment) => {
  expect(() => read(environment)).toThrow(/CODE_KEY/);
  const value = environment.CODE_KEY ?? "nothing";
  expect(() => read(environment)).not.toThrow(value);
});
