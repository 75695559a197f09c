import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { createInvitations, parseLink } from "./invitation.ts";

const key = randomBytes(32);
const invitations = createInvitations(key, "https://order.example.com/house");
const session = { id: 7n, rotation: 0, code: "ABC234" };

test("a link leads to the code, and has 128 bits that no server is sent", () => {
  const link = invitations.linkOf(session);
  const url = new URL(link);
  expect(url.href.startsWith("https://order.example.com/house/t/ABC234#")).toBe(true);
  const parsed = parseLink(link);
  expect(parsed).toEqual({ code: "ABC234", secret: url.hash.slice(1) });
  expect(Buffer.from(parsed?.secret ?? "", "base64url")).toHaveLength(16);
  expect(invitations.matches(session, parsed?.secret ?? "")).toBe(true);
  expect(parseLink(`  ${link.replace("ABC234", "abc234")}\n`)).toEqual(parsed);
});

test("another session, rotation, key or text does not match", () => {
  const secret = parseLink(invitations.linkOf(session))?.secret ?? "";
  expect(invitations.matches({ ...session, id: 8n }, secret)).toBe(false);
  expect(invitations.matches({ ...session, rotation: 1 }, secret)).toBe(false);
  expect(createInvitations(randomBytes(32), "").matches(session, secret)).toBe(false);
  expect(createInvitations(key, "http://elsewhere").matches(session, secret)).toBe(true);
  for (const wrong of [
    "",
    "A",
    `${secret}A`,
    secret.slice(1),
    secret.replace(/./, (letter) => (letter === "A" ? "B" : "A")),
  ]) {
    expect(invitations.matches(session, wrong)).toBe(false);
  }
});

test("what is no link is none", () => {
  for (const text of [
    "",
    "ABC234",
    "http://x/t/ABC234",
    "http://x/t/ABC234#short",
    `http://x/t/ABC0OO#${"A".repeat(22)}`,
    `http://x/ABC234#${"A".repeat(22)}`,
  ]) {
    expect(parseLink(text)).toBeUndefined();
  }
});
