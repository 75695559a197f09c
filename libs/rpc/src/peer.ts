import type { Socket } from "node:net";
import { type PeerCertificate, TLSSocket } from "node:tls";
import { createContextKey } from "@connectrpc/connect";

/** Where the HTTP/1.1 side leaves a request's connection for whoever wants to know who is at the other end. */
export const socketKey = createContextKey<Socket | undefined>(undefined, { description: "socket" });

/** The IP address of "address:port", as grpc-js writes it; "" if it does not know. */
export function hostOf(peer: string): string {
  const end = peer.lastIndexOf(":");
  return end === -1 ? "" : plainAddress(peer.slice(0, end));
}

export function addressOf(socket: Socket | undefined): string {
  return plainAddress(socket?.remoteAddress ?? "");
}

/** IPv4 in its own form, also where the server listens on IPv6. */
function plainAddress(address: string): string {
  return address.startsWith("::ffff:") && address.includes(".") ? address.slice("::ffff:".length) : address;
}

/** The names of the client's certificate; undefined unless one was asked for and verified. */
export function certificateNamesOf(socket: Socket | undefined): readonly string[] | undefined {
  return socket instanceof TLSSocket && socket.authorized ? namesOf(socket.getPeerCertificate()) : undefined;
}

/**
 * The host names that a certificate is for, and the last parts of its SPIFFE ids. A name with other characters is left
 * out: Node quotes those, because they could be mistaken for several names.
 */
export function namesOf({ subjectaltname = "" }: PeerCertificate): readonly string[] {
  return subjectaltname
    .split(", ")
    .flatMap((entry) => [
      /^DNS:([A-Za-z0-9.-]+)$/.exec(entry)?.[1],
      /^URI:spiffe:\/\/[A-Za-z0-9./_-]*\/([A-Za-z0-9_-]+)$/.exec(entry)?.[1],
    ])
    .filter((name) => name !== undefined);
}
