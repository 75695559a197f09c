import { expect, test } from "vitest";
import { channelTargets } from "./channel-target.ts";

test.each([
  ["loms:50051", ["dns:loms:50051"]],
  ["127.0.0.1:50051", ["ipv4:127.0.0.1:50051"]],
  ["10.0.0.1:1, 10.0.0.2:2", ["ipv4:10.0.0.1:1,10.0.0.2:2"]],
  ["[::1]:50051,[fe80::1]:2", ["ipv6:[::1]:50051,[fe80::1]:2"]],
  ["a.internal:1,10.0.0.1:2,b.internal:3", ["ipv4:10.0.0.1:2", "dns:a.internal:1", "dns:b.internal:3"]],
])("%s", (address, targets) => {
  expect(channelTargets(address)).toEqual(targets);
});

test.each([
  "",
  "loms",
  "loms:",
  ":50051",
  "loms:99999",
  "http://loms:50051",
  "loms:50051,",
  "::1:50051",
  "a b:1",
])("refuses %j and says what to write", (address) => {
  expect(() => channelTargets(address)).toThrow(/is not an address: write host:port/);
});
