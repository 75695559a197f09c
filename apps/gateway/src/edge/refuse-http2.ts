import type { Socket } from "node:net";

const reason = "The gateway speaks HTTP/1.1. gRPC is served by the services' own ports.";
const http11Required = 0xd;

/**
 * Tells a client that begins with HTTP/2 to use HTTP/1.1, in the frames of its own protocol. gRPC does not pass here:
 * it would pass by the limits of the edge as well.
 */
export function refuseHttp2(socket: Socket): void {
  const settings = frame(0x4, Buffer.alloc(0));
  const text = Buffer.from(reason);
  const body = Buffer.alloc(8 + text.length);
  body.writeUInt32BE(http11Required, 4);
  text.copy(body, 8);
  socket.on("error", () => socket.destroy());
  socket.end(Buffer.concat([settings, frame(0x7, body)]), () => socket.destroySoon());
  // What the client goes on sending is read, because a reset could overtake the answer.
  socket.resume();
}

function frame(type: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head.writeUInt8(type, 3);
  return Buffer.concat([head, payload]);
}
