import { Code, ConnectError } from "@connectrpc/connect";
import type { WebSocket } from "ws";

/** Why a connection is closed. Codes from 4000 on are ours; the others are those of RFC 6455 and IANA's registry. */
export interface SocketClose {
  readonly code: number;
  /** At most 123 bytes, for people. */
  readonly reason: string;
}

/** How long a client may take to answer before its connection is cut. */
const closeTimeoutMs = 5_000;

/** Closes a connection, as far as the other end lets it. What was sent before is delivered first. */
export function closeSocket(socket: WebSocket, { code, reason }: SocketClose): void {
  if (socket.readyState === socket.CLOSED) {
    return;
  }
  socket.close(code, reason);
  const timer = setTimeout(() => socket.terminate(), closeTimeoutMs);
  socket.once("close", () => clearTimeout(timer));
}

export const sessionClosed: SocketClose = { code: 1000, reason: "The session is closed." };

export const tooManyFrames: SocketClose = {
  code: 1008,
  reason: "Nothing is read here: this connection only sends.",
};

export const tooSlow: SocketClose = {
  code: 4408,
  reason: "You read too slowly. Connect again with your last cursor.",
};

/** @param isStopping whether it is this gateway that ends the stream. */
export function closeOf(error: unknown, isStopping: boolean): SocketClose {
  const code = error instanceof ConnectError ? error.code : Code.Internal;
  switch (code) {
    case Code.Unauthenticated:
      return { code: 4401, reason: "The token is not good any more." };
    case Code.PermissionDenied:
      return { code: 4403, reason: "You may not watch this session any more." };
    case Code.NotFound:
      return { code: 4404, reason: "There is no such session any more." };
    case Code.ResourceExhausted:
      return tooSlow;
    case Code.Unavailable:
    case Code.DeadlineExceeded:
      return isStopping
        ? { code: 1012, reason: "This gateway stops. Connect again with your last cursor." }
        : { code: 1013, reason: "Sessions can not be read now. Connect again with your last cursor." };
    default:
      return { code: 1011, reason: "Something went wrong. Connect again with your last cursor." };
  }
}
