import { isIPv4, isIPv6 } from "node:net";

/**
 * Turns "host:port", or several of them with commas between, into targets as grpc-js reads them. All IPv4 addresses
 * make one target, and so do all IPv6 addresses: a channel balances over them. A host name makes a target of its own,
 * because grpc-js resolves one name per channel and balances over what it resolves to.
 *
 * @throws Error that names an address which is not host:port.
 */
export function channelTargets(address: string): string[] {
  const ipv4: string[] = [];
  const ipv6: string[] = [];
  const names: string[] = [];
  for (const part of address.split(",").map((text) => text.trim())) {
    const { host, port } = splitAddress(part, address);
    if (isIPv4(host)) {
      ipv4.push(`${host}:${port}`);
    } else if (isIPv6(host)) {
      ipv6.push(`[${host}]:${port}`);
    } else {
      names.push(`dns:${host}:${port}`);
    }
  }
  return [
    ...(ipv4.length > 0 ? [`ipv4:${ipv4.join(",")}`] : []),
    ...(ipv6.length > 0 ? [`ipv6:${ipv6.join(",")}`] : []),
    ...names,
  ];
}

function splitAddress(part: string, whole: string): { host: string; port: string } {
  const found = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]/\s]+)):(\d{1,5})$/.exec(part);
  const host = found?.[1] ?? found?.[2];
  const port = found?.[3];
  if (host === undefined || port === undefined || Number(port) > 65_535) {
    throw new Error(
      `"${part}" is not an address: write host:port, or several with commas between (got "${whole}").`,
    );
  }
  return { host, port };
}
