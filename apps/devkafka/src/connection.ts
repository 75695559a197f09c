import { once } from "node:events";
import type { Socket } from "node:net";
import { Failure } from "@ordermesh/failure/failure";
import type { Dispatch } from "./apis/dispatch.ts";
import type { DevkafkaLogger } from "./logger.ts";
import { readFrames } from "./wire/frames.ts";

/** A connection on which nothing happens for as long is closed, as by Apache Kafka (connections.max.idle.ms). */
const idleTimeoutMs = 600_000;

/** How long a client may take to receive what was written to it before the connection was to end. */
const drainTimeoutMs = 1_000;

export interface Connection {
  /** Settles when the connection is closed and nothing of it is running any more. Never rejects. */
  readonly ended: Promise<void>;
  /** Ends the waits of the client's requests, sends what was written, and closes. */
  hangUp(): void;
}

/**
 * Answers the requests of one client, one after the other, as Apache Kafka does. A request that is malformed closes
 * the connection.
 */
export function serveConnection(options: {
  readonly socket: Socket;
  readonly dispatch: Dispatch;
  readonly logger: DevkafkaLogger;
  readonly requestBytesMax: number;
}): Connection {
  const { socket, dispatch, logger, requestBytesMax } = options;
  const gone = new AbortController();
  const closed = new Promise<void>((resolve) => {
    socket.once("close", () => {
      gone.abort();
      resolve();
    });
  });
  const client = socket.remoteAddress ?? "";
  const origin = {
    localAddress: socket.localAddress ?? "",
    localPort: socket.localPort ?? 0,
    remoteAddress: client,
    signal: gone.signal,
  };
  socket.setNoDelay(true);
  socket.setTimeout(idleTimeoutMs, () => socket.destroy());
  // Reading reports the same error; without a listener here it would end the process.
  socket.on("error", () => {});

  function hangUp(): void {
    gone.abort();
    socket.destroySoon();
    setTimeout(() => socket.destroy(), drainTimeoutMs).unref();
  }

  async function serve(): Promise<void> {
    try {
      for await (const request of readFrames(socket, requestBytesMax)) {
        await send(socket, await dispatch(request, origin), closed);
      }
    } catch (err) {
      if (err instanceof Failure) {
        logger.warn({ client, reason: err.message }, "closed a connection over a bad request");
      } else if (!isDisconnect(err)) {
        logger.warn({ client, err }, "closed a connection over an error of the broker");
      }
    } finally {
      hangUp();
      await closed;
    }
  }

  return { ended: serve(), hangUp };
}

/** Waits when the client does not read, so that responses do not pile up in memory. */
async function send(socket: Socket, parts: readonly Buffer[], closed: Promise<void>): Promise<void> {
  if (!socket.writable) {
    return;
  }
  let hasRoom = true;
  socket.cork();
  for (const part of parts) {
    hasRoom = socket.write(part);
  }
  socket.uncork();
  if (!hasRoom) {
    await Promise.race([once(socket, "drain"), closed]);
  }
}

const disconnectCodes = new Set(["ECONNRESET", "EPIPE", "ETIMEDOUT", "ERR_STREAM_PREMATURE_CLOSE"]);

function isDisconnect(error: unknown): boolean {
  return error instanceof Error && "code" in error && disconnectCodes.has(String(error.code));
}
