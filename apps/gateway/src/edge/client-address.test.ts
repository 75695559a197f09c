import type { IncomingMessage } from "node:http";
import { parseNetworks } from "@ordermesh/rpc/client-address";
import { expect, test } from "vitest";
import { createClientAddressOf, isInside } from "./client-address.ts";

function requestFrom(remoteAddress: string, forwarded?: string) {
  const headers = forwarded === undefined ? {} : { "x-forwarded-for": forwarded };
  return { headers, socket: { remoteAddress } } as unknown as IncomingMessage;
}

test("without a trusted proxy only the connection counts, with one what it has forwarded", () => {
  const alone = createClientAddressOf([]);
  expect(alone(requestFrom("192.0.2.1", "203.0.113.1"))).toBe("192.0.2.1");
  expect(alone(requestFrom("::ffff:192.0.2.1"))).toBe("192.0.2.1");
  const behindProxy = createClientAddressOf(parseNetworks(["10.0.0.0/8"]));
  expect(behindProxy(requestFrom("::ffff:10.1.2.3", "203.0.113.1, 10.9.9.9"))).toBe("203.0.113.1");
  expect(behindProxy(requestFrom("10.1.2.3"))).toBe("10.1.2.3");
});

test("inside is what the internet does not lead to", () => {
  expect(["127.0.0.1", "10.1.1.1", "192.168.1.1", "::1", "fd00::1"].map(isInside)).not.toContain(false);
  expect(["203.0.113.1", "8.8.8.8", "2001:4860::1", ""].map(isInside)).not.toContain(true);
});
