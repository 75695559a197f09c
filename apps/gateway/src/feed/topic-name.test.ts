import { expect, test } from "vitest";
import { parseTopicName } from "./topic-name.ts";

test.each([
  ["order/17", { kind: "order", orderId: 17n }],
  ["order/9223372036854775807", { kind: "order", orderId: 9223372036854775807n }],
  ["orders", { kind: "orders", ownOnly: false }],
  ["orders/mine", { kind: "orders", ownOnly: true }],
  ["notifications", { kind: "notifications" }],
  ["session/17", { kind: "session", sessionId: 17n, code: "" }],
  ["session/K7M4QX", { kind: "session", sessionId: 0n, code: "K7M4QX" }],
  ["session/662E41", { kind: "session", sessionId: 0n, code: "662E41" }],
  ["location/3", { kind: "location", locationId: 3n }],
])("%s is a topic", (name, topic) => {
  expect(parseTopicName(name)).toEqual(topic);
});

test.each([
  "",
  "order",
  "order/",
  "order/0",
  "order/-1",
  "order/017",
  "order/1e3",
  "order/9223372036854775808",
  "order/17/changes",
  "orders/17",
  "orders/all",
  "notifications/17",
  "session/",
  "session/a b",
  "session/../1",
  "location/K7M4QX",
  "constructor",
  "__proto__/1",
])("%s is none", (name) => {
  expect(parseTopicName(name)).toBeUndefined();
});
