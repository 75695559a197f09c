import type { IncomingMessage } from "node:http";
import { clientAddress, type Networks } from "@ordermesh/rpc/client-address";
import { addressOf } from "@ordermesh/rpc/peer";
import ipaddr from "ipaddr.js";

/** Tells from where a request comes. */
export type ClientAddressOf = (request: Pick<IncomingMessage, "headers" | "socket">) => string;

export function createClientAddressOf(trustedProxies: Networks): ClientAddressOf {
  return ({ headers, socket }) => {
    const forwarded = headers["x-forwarded-for"];
    return clientAddress(addressOf(socket), forwarded === undefined ? null : `${forwarded}`, trustedProxies);
  };
}

/** Whether an address belongs to this machine or to a network that the internet does not lead to. */
export function isInside(address: string): boolean {
  if (!ipaddr.isValid(address)) {
    return false;
  }
  return ["loopback", "private", "uniqueLocal", "linkLocal"].includes(ipaddr.process(address).range());
}
