import type { IncomingMessage } from "node:http";
import { expect, test } from "vitest";
import { createClientAddressOf, isInside } from "./client-address.ts";

function requestFrom(remoteAddress: string, forwarded?: string) {
  const headers = forwarded === undefined ? {} : { "x-forwarded-for": forwarded };
  return { headers, socket: { remoteAddress } } as unknown as IncomingMessage;
}

test("without a trusted proxy only the connection counts", () => {
  const addressOf = createClientAddressOf([]);
  expect(addressOf(requestFrom("192.0.2.1", "203.0.113.1"))).toBe("192.0.2.1");
  expect(addressOf(requestFrom("::ffff:192.0.2.1"))).toBe("192.0.2.1");
});

test.each([
  ["10.1.2.3", "203.0.113.1", "203.0.113.1"],
  ["10.1.2.3", "198.51.100.1, 203.0.113.1", "203.0.113.1"],
  ["10.1.2.3", "203.0.113.1, 10.9.9.9", "203.0.113.1"],
  ["10.1.2.3", "10.8.8.8, 10.9.9.9", "10.1.2.3"],
  ["10.1.2.3", "not an address", "10.1.2.3"],
  ["10.1.2.3", "203.0.113.1, nonsense", "10.1.2.3"],
  ["10.1.2.3", undefined, "10.1.2.3"],
  ["10.1.2.3", "::ffff:203.0.113.1", "203.0.113.1"],
  ["2001:db8::1", "2001:db9::7", "2001:db9::7"],
  ["192.0.2.1", "203.0.113.1", "192.0.2.1"],
])("from %s with %s it is %s", (peer, forwarded, address) => {
  const addressOf = createClientAddressOf(["10.0.0.0/8", "2001:db8::1"]);
  expect(addressOf(requestFrom(peer, forwarded))).toBe(address);
});

test("a range that is none is refused at the start", () => {
  expect(() => createClientAddressOf(["10.0.0.0/99"])).toThrow(/neither an IP address/);
  expect(() => createClientAddressOf(["proxy"])).toThrow(/"proxy"/);
});

test("inside is what the internet does not lead to", () => {
  expect(["127.0.0.1", "10.1.1.1", "192.168.1.1", "::1", "fd00::1"].map(isInside)).not.toContain(false);
  expect(["203.0.113.1", "8.8.8.8", "2001:4860::1", ""].map(isInside)).not.toContain(true);
});
