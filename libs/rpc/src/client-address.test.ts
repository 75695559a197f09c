import { expect, test } from "vitest";
import { addressGroup, clientAddress, parseNetworks, readNetworks } from "./client-address.ts";

const proxies = parseNetworks(["10.0.0.0/8", "192.0.2.7", "fd00::/8"]);

test.each([
  ["nobody is trusted by default", "10.1.1.1", "203.0.113.9", [], "10.1.1.1"],
  ["a stranger's word does not count", "198.51.100.1", "203.0.113.9", proxies, "198.51.100.1"],
  ["a proxy's word does", "10.1.1.1", "203.0.113.9", proxies, "203.0.113.9"],
  ["but not what stands before it", "10.1.1.1", "127.0.0.1, 203.0.113.9", proxies, "203.0.113.9"],
  ["through several proxies", "192.0.2.7", "203.0.113.9, 10.2.2.2", proxies, "203.0.113.9"],
  ["over IPv6", "fd00::1", "2001:db8::5", proxies, "2001:db8::5"],
  ["over IPv6 that holds IPv4", "10.1.1.1", "::ffff:203.0.113.9", proxies, "203.0.113.9"],
  ["nonsense is left out", "10.1.1.1", "somebody", proxies, "10.1.1.1"],
  ["nobody vouches for nonsense", "10.1.1.1", "203.0.113.9, somebody, 10.2.2.2", proxies, "10.2.2.2"],
  ["nothing stands between two commas", "10.1.1.1", "203.0.113.9, ,", proxies, "10.1.1.1"],
  ["nothing is forwarded", "10.1.1.1", null, proxies, "10.1.1.1"],
  ["all of them are proxies", "10.1.1.1", "10.2.2.2", proxies, "10.2.2.2"],
  ["all of several are proxies", "10.1.1.1", "10.3.3.3, 192.0.2.7, 10.2.2.2", proxies, "10.3.3.3"],
])("%s", (_, peer, forwardedFor, trusted, expected) => {
  expect(clientAddress(peer, forwardedFor, trusted as typeof proxies)).toBe(expected);
});

test("what is no network is named", () => {
  expect(() => parseNetworks(["10.0.0.0/8", "gateway"])).toThrow('"gateway"');
});

test("a setting that names no network is a problem of the configuration", () => {
  const problems: string[] = [];
  const reader = (...networks: string[]) => ({
    list: () => networks,
    problem: (text: string) => void problems.push(text),
  });
  expect(readNetworks(reader("10.0.0.0/8", "::1"), "PROXIES")).toHaveLength(2);
  expect(problems).toEqual([]);
  expect(readNetworks(reader("10.0.0.0/99"), "PROXIES")).toEqual([]);
  expect(problems).toEqual([expect.stringMatching(/^PROXIES .*"10\.0\.0\.0\/99"/)]);
});

test.each([
  ["192.0.2.7", "192.0.2.7"],
  ["::ffff:192.0.2.7", "192.0.2.7"],
  ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
  ["2001:db8:1:2::9", "2001:db8:1:2::/64"],
  ["somebody", ""],
])("%s counts as %s", (address, group) => {
  expect(addressGroup(address)).toBe(group);
});
