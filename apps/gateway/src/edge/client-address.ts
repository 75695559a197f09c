import type { IncomingMessage } from "node:http";
import { addressOf } from "@ordermesh/rpc/peer";
import ipaddr from "ipaddr.js";

type Range = [ipaddr.IPv4 | ipaddr.IPv6, number];

/** Tells from where a request comes. */
export type ClientAddressOf = (request: Pick<IncomingMessage, "headers" | "socket">) => string;

/**
 * The address of the client: the other end of the connection, unless that is one of the proxies that we were told to
 * trust. Then it is the last address in X-Forwarded-For that is none of them; what stands before it anybody could have
 * written.
 *
 * @param trustedProxies addresses or ranges in CIDR notation.
 * @throws Error that names one which is neither.
 */
export function createClientAddressOf(trustedProxies: readonly string[]): ClientAddressOf {
  const trusted = trustedProxies.map(rangeOf);
  const isTrusted = (address: string) => isWithin(address, trusted);
  return ({ headers, socket }) => {
    const peer = addressOf(socket);
    if (!isTrusted(peer)) {
      return peer;
    }
    const forwarded = headers["x-forwarded-for"];
    const hops = (Array.isArray(forwarded) ? forwarded.join(",") : (forwarded ?? ""))
      .split(",")
      .map((hop) => hop.trim())
      .filter((hop) => hop !== "");
    for (const hop of hops.reverse()) {
      if (!ipaddr.isValid(hop)) {
        return peer;
      }
      if (!isTrusted(hop)) {
        return ipaddr.process(hop).toString();
      }
    }
    return peer;
  };
}

/** Whether an address belongs to this machine or to a network that the internet does not lead to. */
export function isInside(address: string): boolean {
  if (!ipaddr.isValid(address)) {
    return false;
  }
  return ["loopback", "private", "uniqueLocal", "linkLocal"].includes(ipaddr.process(address).range());
}

function rangeOf(text: string): Range {
  try {
    if (text.includes("/")) {
      return ipaddr.parseCIDR(text);
    }
    const address = ipaddr.process(text);
    return [address, address.kind() === "ipv4" ? 32 : 128];
  } catch {
    throw new Error(`"${text}" is neither an IP address nor a range such as 10.0.0.0/8.`);
  }
}

function isWithin(text: string, ranges: readonly Range[]): boolean {
  if (!ipaddr.isValid(text)) {
    return false;
  }
  const address = ipaddr.process(text);
  return ranges.some(
    ([network, bits]) => network.kind() === address.kind() && address.match(network as ipaddr.IPv4, bits),
  );
}
