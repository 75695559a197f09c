import { once } from "node:events";
import { toJson } from "@bufbuild/protobuf";
import type { Client } from "@connectrpc/connect";
import { pause } from "@ordermesh/process/wait";
import type { TablesService } from "@ordermesh/proto/ordermesh/tables/v1/tables_pb";
import { WatchSessionResponseSchema } from "@ordermesh/proto/ordermesh/tables/v1/tables_pb";
import { WebSocket } from "ws";

/** A message of WatchSession as JSON, however it came. */
export type WatchMessage = ReturnType<typeof JSON.parse>;

/** Gets messages from a cursor on, until the session is closed or something breaks. */
export type Watch = (
  cursor: string,
  onMessage: (message: WatchMessage) => void,
  signal: AbortSignal,
) => Promise<void>;

/**
 * Over gRPC, gRPC-Web or Connect: whichever the client speaks.
 *
 * @param timeoutMs our own gRPC client ends a stream for which it is not Infinity.
 */
export function watchByStream(
  client: Client<typeof TablesService>,
  sessionId: bigint,
  timeoutMs?: number,
): Watch {
  return async (cursor, onMessage, signal) => {
    const options = { signal, ...(timeoutMs !== undefined && { timeoutMs }) };
    for await (const message of client.watchSession({ sessionId, cursor }, options)) {
      onMessage(toJson(WatchSessionResponseSchema, message, { alwaysEmitImplicit: true }));
    }
  };
}

/** @param address without the cursor: "ws://host/ws/session/K7WPXE". */
export function watchByWebSocket(address: string, protocols: readonly string[] = []): Watch {
  return async (cursor, onMessage, signal) => {
    const socket = new WebSocket(`${address}?cursor=${encodeURIComponent(cursor)}`, [...protocols]);
    const onAbort = () => socket.terminate();
    signal.addEventListener("abort", onAbort, { once: true });
    socket.on("message", (data) => onMessage(JSON.parse(`${data}`)));
    socket.on("error", () => {});
    try {
      const [code] = await once(socket, "close");
      if (code !== 1000) {
        throw new Error(`The WebSocket was closed with ${code}.`);
      }
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
  };
}

/** One that comes back with its cursor each time that its stream breaks. */
export interface PersistentWatcher {
  /** The versions of the session that it was told, in the order in which it was. */
  readonly versions: number[];
  /** By version: what was told, as a text. */
  readonly told: Map<number, string>;
  /** How often its stream broke. */
  breaks(): number;
  /** Whether it has got something since its stream broke last. */
  isConnected(): boolean;
  /** Resolves when the session is closed, or it was stopped. */
  readonly ended: Promise<void>;
}

const retryEveryMs = 200;

export function watchPersistently(watch: Watch, stopping: AbortSignal): PersistentWatcher {
  const versions: number[] = [];
  const told = new Map<number, string>();
  let cursor = "";
  let breaks = 0;
  let connected = false;
  let closed = false;

  function onMessage(message: WatchMessage): void {
    connected = true;
    cursor = message.cursor;
    const what = message.session ?? message.change;
    if (what !== undefined) {
      versions.push(what.version);
      told.set(what.version, JSON.stringify(what));
      closed ||= message.change?.session?.state === "SESSION_STATE_CLOSED";
    }
  }

  async function run(): Promise<void> {
    while (!stopping.aborted && !closed) {
      try {
        await watch(cursor, onMessage, stopping);
      } catch {
        breaks += connected ? 1 : 0;
        connected = false;
        await pause(retryEveryMs);
      }
    }
  }

  return { versions, told, breaks: () => breaks, isConnected: () => connected, ended: run() };
}
