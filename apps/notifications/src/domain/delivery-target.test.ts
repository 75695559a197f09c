import { expect, test } from "vitest";
import { deliveryTarget } from "./delivery-target.ts";

const addresses = {
  emailAddress: "ada@example.com",
  webhookUrl: "https://ada:secret@example.com:8443/hooks/1?token=secret#secret",
  mobile: "+4915112345678",
};

test.each([
  ["log", "the service's log"],
  ["email", "ada@example.com"],
  ["webhook", "https://example.com:8443/hooks/1"],
  ["sms", "…678"],
] as const)("of %s it is %s", (channel, target) => {
  expect(deliveryTarget(channel, addresses)).toBe(target);
});

test("what is not wanted has none", () => {
  const none = { emailAddress: "", webhookUrl: "", mobile: "" };
  expect((["email", "webhook", "sms"] as const).map((channel) => deliveryTarget(channel, none))).toEqual([
    "",
    "",
    "",
  ]);
});
