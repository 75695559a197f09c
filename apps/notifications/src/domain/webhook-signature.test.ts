import { createHmac } from "node:crypto";
import { expect, test } from "vitest";
import { webhookSignature } from "./webhook-signature.ts";

test("signs the time and the body", () => {
  const expected = createHmac("sha256", "a secret").update('1700000000.{"a":1}').digest("hex");
  expect(webhookSignature("a secret", 1_700_000_000, '{"a":1}')).toBe(`t=1700000000,v1=${expected}`);
  expect(webhookSignature("a secret", 1_700_000_001, '{"a":1}')).not.toContain(expected);
  expect(webhookSignature("another one", 1_700_000_000, '{"a":1}')).not.toContain(expected);
});
