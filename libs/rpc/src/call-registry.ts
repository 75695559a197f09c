import { Code, ConnectError } from "@connectrpc/connect";
import { type ActiveCall, abortCall, askToEnd } from "./active-call.ts";

/** The calls in flight of one server. */
export interface CallRegistry {
  readonly size: number;
  add(call: ActiveCall): void;
  delete(call: ActiveCall): void;
  /** Streams do not end by themselves: asks those that send messages to end, and ends them `graceMs` later. */
  endStreams(graceMs: number): void;
  /** Ends every call that is left. */
  endAll(): void;
}

const streamReason = "The server is stopping. Connect again and go on from where you were.";
const callReason = "The server is stopping and could not finish this call. Try again.";

export function createCallRegistry(): CallRegistry {
  const calls = new Set<ActiveCall>();
  let ending: ConnectError | undefined;
  return {
    get size() {
      return calls.size;
    },
    add(call) {
      calls.add(call);
      // On a connection that is kept alive, a stream may still begin while the others are being ended.
      if (ending !== undefined && isStream(call)) {
        askToEnd(call, ending);
      }
    },
    delete(call) {
      calls.delete(call);
    },
    endStreams(graceMs) {
      const reason = new ConnectError(streamReason, Code.Unavailable);
      ending = reason;
      const streams = [...calls].filter(isStream);
      for (const call of streams) {
        askToEnd(call, reason);
      }
      setTimeout(() => {
        for (const call of streams) {
          abortCall(call, reason);
        }
      }, graceMs).unref();
    },
    endAll() {
      const reason = new ConnectError(callReason, Code.Unavailable);
      for (const call of [...calls]) {
        abortCall(call, reason);
      }
    },
  };
}

/** Whether the call sends messages for as long as it likes. */
function isStream({ kind }: ActiveCall): boolean {
  return kind === "server_streaming" || kind === "bidi_streaming";
}
