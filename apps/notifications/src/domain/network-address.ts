import ipaddr from "ipaddr.js";

/**
 * Whether an IP address is one of the public internet. Everything that is set aside for another purpose is not:
 * private, loopback, link-local, unique-local, carrier-grade NAT, multicast, reserved, and all the forms in which an
 * IPv6 address can stand for an IPv4 one.
 */
export function isPublicAddress(text: string): boolean {
  if (!ipaddr.isValid(text)) {
    return false;
  }
  const address = ipaddr.parse(text);
  if (address.range() !== "unicast") {
    return false;
  }
  // Global unicast addresses are those in 2000::/3; "unicast" is also what is merely unassigned.
  return address.kind() === "ipv4" || (address.toByteArray()[0]! & 0xe0) === 0x20;
}
