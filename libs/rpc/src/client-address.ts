import ipaddr from "ipaddr.js";

/** Networks whose word about where a call came from is taken: "10.0.0.0/8", or a single address. */
export type Networks = readonly [ipaddr.IPv4 | ipaddr.IPv6, number][];

/** @throws Error that names the entry that is no network. */
export function parseNetworks(texts: readonly string[]): Networks {
  return texts.map((text) => {
    if (ipaddr.isValidCIDR(text)) {
      return ipaddr.parseCIDR(text);
    }
    if (!ipaddr.isValid(text)) {
      throw new Error(`"${text}" is neither an address nor a network`);
    }
    const address = ipaddr.process(text);
    return [address, address.kind() === "ipv4" ? 32 : 128];
  });
}

/** Reads networks from a setting. What is none becomes a problem of the configuration. */
export function readNetworks(
  read: { list(name: string, fallback: readonly string[]): readonly string[]; problem(text: string): void },
  name: string,
): Networks {
  try {
    return parseNetworks(read.list(name, []));
  } catch (error) {
    read.problem(`${name} must list addresses or networks such as 10.0.0.0/8: ${(error as Error).message}.`);
    return [];
  }
}

/**
 * Where a call came from. What `x-forwarded-for` says counts only as far as proxies that are trusted have written it:
 * from its end on, up to the first address that is not one of them. Whatever stands before, the client may have made up.
 * If all of them are trusted, it is the first one: each vouches for the one before it, and a caller that happens to live in
 * a trusted network is not to be mistaken for the proxy that it came through.
 */
export function clientAddress(peer: string, forwardedFor: string | null, trusted: Networks): string {
  const hops = (forwardedFor ?? "").split(",").map((hop) => hop.trim());
  let address = peer;
  while (isTrusted(address, trusted)) {
    const hop = hops.pop();
    if (hop === undefined || !ipaddr.isValid(hop)) {
      break;
    }
    address = ipaddr.process(hop).toString();
  }
  return address;
}

function isTrusted(text: string, trusted: Networks): boolean {
  if (!ipaddr.isValid(text)) {
    return false;
  }
  const address = ipaddr.process(text);
  return trusted.some(
    ([network, length]) => network.kind() === address.kind() && address.match(network as ipaddr.IPv4, length),
  );
}

/**
 * The part of an address that stands for one place, where tries are counted by place: a home has a whole /64 of IPv6
 * addresses. Empty for what is no address.
 */
export function addressGroup(address: string): string {
  if (!ipaddr.isValid(address)) {
    return "";
  }
  const parsed = ipaddr.process(address);
  return parsed.kind() === "ipv6"
    ? `${parsed.toNormalizedString().split(":").slice(0, 4).join(":")}::/64`
    : parsed.toString();
}
