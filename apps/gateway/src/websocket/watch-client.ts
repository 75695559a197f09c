import type { WebSocket } from "ws";
import { closeSocket, tooManyFrames } from "./close-codes.ts";

/** Frames that a client may send between two pings; what is in them is ignored. */
const framesMax = 20;

/**
 * Looks after the other end: one that has not answered a ping by the next is gone, and one that sends and sends is
 * closed. Ends with the connection.
 */
export function watchClient(socket: WebSocket, pingEveryMs: number): void {
  let hasAnswered = true;
  let frames = 0;
  const count = () => {
    frames += 1;
    if (frames === framesMax + 1) {
      closeSocket(socket, tooManyFrames);
    }
  };
  const timer = setInterval(() => {
    if (!hasAnswered) {
      socket.terminate();
      return;
    }
    hasAnswered = false;
    frames = 0;
    socket.ping();
  }, pingEveryMs);
  socket.on("pong", () => {
    hasAnswered = true;
    count();
  });
  socket.on("ping", count);
  socket.on("message", count);
  // What is wrong with a frame, the library has told the client by closing.
  socket.on("error", () => {});
  socket.once("close", () => clearInterval(timer));
}
