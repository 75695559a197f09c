import { createHmac } from "node:crypto";
import { expect, test } from "vitest";
import { isSigned, signPayload } from "./webhook-signature.ts";

const payload = Buffer.from('{"id":"evt_1"}');
const now = 1_700_000_000;

test("signs the time and the payload", () => {
  const expected = createHmac("sha256", "a secret").update('1700000000.{"id":"evt_1"}').digest("hex");
  expect(signPayload("a secret", now, payload)).toBe(`t=1700000000,v1=${expected}`);
});

test("what was signed is let in for five minutes, also with a clock that is behind", () => {
  const signature = signPayload("a secret", now, payload);
  for (const [age, isGood] of [
    [0, true],
    [300, true],
    [-300, true],
    [301, false],
    [-301, false],
  ] as const) {
    expect(isSigned("a secret", payload, signature, now + age)).toBe(isGood);
  }
});

test("one of several signatures is enough", () => {
  const [, other = ""] = signPayload("an older secret", now, payload).split(",");
  expect(isSigned("a secret", payload, `${signPayload("a secret", now, payload)},${other}`, now)).toBe(true);
});

const good = signPayload("a secret", now, payload);
test.each<[string, string, Uint8Array]>([
  ["another secret", signPayload("another secret", now, payload), payload],
  ["another payload", good, Buffer.from('{"id":"evt_2"}')],
  ["another time", good.replace("t=1700000000", "t=1700000001"), payload],
  ["no time", good.replace(/^t=\d+,/, ""), payload],
  ["no signature", "t=1700000000", payload],
  ["an empty signature", "t=1700000000,v1=", payload],
  ["a cut signature", good.slice(0, -2), payload],
  ["the signature as v0", good.replace("v1=", "v0="), payload],
  ["a time that is no number", good.replace("1700000000", "1700000000x"), payload],
  ["nonsense", "=,=,,", payload],
])("%s is refused", (_, signature, body) => {
  expect(isSigned("a secret", body, signature, now)).toBe(false);
});
