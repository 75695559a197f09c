import { randomBytes } from "node:crypto";
import { Failure } from "@ordermesh/failure/failure";
import { expect, test } from "vitest";
import { createSealer, deriveKey } from "./sealer.ts";

const secret = randomBytes(32);
const sealer = createSealer(secret, "codes");
const place = "order/17/code/1";

const unreadable = expect.objectContaining({ kind: "failed_precondition", reason: "WRONG_SEALING_KEY" });

test.each(["", "0123456789", "ä 工具"])("%j is read back, and is something else each time", (text) => {
  const [one, other] = [sealer.seal(text, place), sealer.seal(text, place)];
  expect(one).not.toEqual(other);
  expect(text === "" || !one.includes(text)).toBe(true);
  expect(createSealer(secret, "codes").unseal(one, place)).toBe(text);
});

test("another key, purpose or place can not read it", () => {
  const sealed = sealer.seal("0123456789", place);
  expect(() => createSealer(randomBytes(32), "codes").unseal(sealed, place)).toThrow(unreadable);
  expect(() => createSealer(secret, "other").unseal(sealed, place)).toThrow(unreadable);
  expect(() => sealer.unseal(sealed, "order/18/code/1")).toThrow(unreadable);
});

test("what was changed, cut or made up can not be read, and nothing of it is shown", () => {
  const sealed = sealer.seal("0123456789", place);
  for (let index = 0; index < sealed.length; index += 1) {
    const changed = Buffer.from(sealed);
    changed[index]! ^= 1;
    expect(() => sealer.unseal(changed, place)).toThrow(unreadable);
  }
  for (let length = 0; length < sealed.length; length += 1) {
    expect(() => sealer.unseal(sealed.subarray(0, length), place)).toThrow(Failure);
  }
});

test("a secret has 32 bytes, and keys for two purposes differ", () => {
  expect(() => createSealer(randomBytes(16), "codes")).toThrow("32 bytes, not 16");
  expect(deriveKey(secret, "a")).not.toEqual(deriveKey(secret, "b"));
  expect(deriveKey(secret, "a")).toEqual(deriveKey(secret, "a"));
});
