import { Failure } from "@ordermesh/failure/failure";
import { expect, test } from "vitest";
import { checkPreferences, type Preferences } from "./preferences.ts";

const rules = { allowPrivate: false, allowHttp: false };
const none: Preferences = {
  userId: 7n,
  emailAddress: "",
  webhookUrl: "",
  webhookSecret: "",
  smsDisabled: false,
};
const hook: Preferences = { ...none, webhookUrl: "https://example.com/", webhookSecret: "0123456789abcdef" };

function fieldsOf(wanted: Preferences, former?: Preferences): string[] {
  try {
    checkPreferences(wanted, former, rules);
    return [];
  } catch (error) {
    expect(error).toBeInstanceOf(Failure);
    expect(error).toMatchObject({ kind: "invalid_argument", reason: "INVALID_PREFERENCES" });
    return (error as Failure).details.fieldViolations!.map(({ field }) => field);
  }
}

test.each([
  "a@example.com",
  "first.last+tag@sub.example.co.uk",
  "o'neil@xn--bcher-kva.example",
  "x@a.xn--p1ai",
])("mail can go to %s", (emailAddress) => {
  expect(checkPreferences({ ...none, emailAddress }, undefined, rules)).toEqual({ ...none, emailAddress });
});

test.each([
  "nobody",
  "@example.com",
  "a@",
  "a@localhost",
  "a@1.2.3.4",
  "a@b@example.com",
  "a b@example.com",
  "a@example.com, b@example.com",
  "Name <a@example.com>",
  "a@example.com\r\nBcc: b@example.com",
  "a@example.com\n",
  '"a\\"@example.com',
  "ä@example.com",
  `${"a".repeat(65)}@example.com`,
  `a@${"b".repeat(60)}.${"c".repeat(60)}.${"d".repeat(60)}.${"e".repeat(60)}.example.com`,
])("mail can not go to %j", (emailAddress) => {
  expect(fieldsOf({ ...none, emailAddress })).toEqual(["preferences.email_address"]);
});

test("a webhook needs a secret that can not be guessed", () => {
  expect(fieldsOf({ ...hook, webhookSecret: "" })).toEqual(["preferences.webhook_secret"]);
  expect(fieldsOf({ ...hook, webhookSecret: "short" })).toEqual(["preferences.webhook_secret"]);
  expect(checkPreferences(hook, undefined, rules)).toEqual(hook);
});

test("a request without the secret keeps the former one, because it is never shown", () => {
  const wanted = { ...hook, webhookUrl: "https://example.com/new", webhookSecret: "" };
  expect(checkPreferences(wanted, hook, rules)).toEqual({ ...wanted, webhookSecret: hook.webhookSecret });
});

test("a webhook that is removed takes its secret with it", () => {
  expect(checkPreferences({ ...none, webhookSecret: "0123456789abcdef" }, hook, rules)).toEqual(none);
});

test("all problems are told at once", () => {
  const wanted = { ...none, emailAddress: "x", webhookUrl: "https://127.0.0.1/", webhookSecret: "x" };
  expect(fieldsOf(wanted)).toEqual([
    "preferences.email_address",
    "preferences.webhook_url",
    "preferences.webhook_secret",
  ]);
});
