import type { WebSocket } from "ws";
import { closeSocket, sessionClosed, tooSlow } from "./close-codes.ts";

/** What a connection may hold back, and for how long. */
export interface SendBounds {
  /** When more than this is unsent, nothing further is taken from the service. One message may be longer. */
  readonly bufferBytesMax: number;
  /** How long the client may then take to read it. */
  readonly stalledMs: number;
}

/**
 * Sends what comes until the stream ends, which is the end of the session, or the connection does. A client that reads too
 * slowly is closed, because what it has not read must not fill the memory.
 *
 * @throws ConnectError with which the stream failed.
 */
export async function sendMessages<Message>(options: {
  readonly socket: WebSocket;
  readonly first: IteratorResult<Message>;
  readonly messages: AsyncIterator<Message>;
  readonly encode: (message: Message) => string | undefined;
  readonly bounds: SendBounds;
}): Promise<void> {
  const { socket, first, messages, encode, bounds } = options;
  for (let result = first; result.done !== true; result = await messages.next()) {
    const text = encode(result.value);
    if (text === undefined) {
      continue;
    }
    if (socket.readyState !== socket.OPEN) {
      return;
    }
    // What is written goes out in order: when this has, all before it has.
    const written = new Promise<void>((resolve) => socket.send(text, () => resolve()));
    if (socket.bufferedAmount > bounds.bufferBytesMax && !(await settlesWithin(written, bounds.stalledMs))) {
      closeSocket(socket, tooSlow);
      return;
    }
  }
  closeSocket(socket, sessionClosed);
}

function settlesWithin(work: Promise<void>, timeoutMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(false), timeoutMs);
    void work.then(() => {
      clearTimeout(timer);
      resolve(true);
    });
  });
}
