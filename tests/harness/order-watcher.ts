import { type Client, Code, ConnectError } from "@connectrpc/connect";
import { withTimeout } from "@ordermesh/process/wait";
import type { LomsService } from "@ordermesh/proto/ordermesh/loms/v1/loms_pb";

/** A client that watches all orders and, when its stream ends, goes on from where it was. */
export interface OrderWatcher {
  /** Changes in the order in which they were told, as "order/version". */
  readonly seen: readonly string[];
  /** How each stream ended, but for the last one. */
  readonly endings: readonly Code[];
  /** How many streams ended before they had told anything: a watcher that tries once more finds another server. */
  emptyStreams(): number;
  stop(): Promise<void>;
}

/** Resolves when the watcher will be told of everything that happens from now on. */
export async function startOrderWatcher(orders: Client<typeof LomsService>): Promise<OrderWatcher> {
  const stopping = new AbortController();
  const { signal } = stopping;
  const seen: string[] = [];
  const endings: Code[] = [];
  let emptyStreams = 0;
  let cursor = "";
  let begin = () => {};
  const begun = new Promise<void>((resolve) => {
    begin = resolve;
  });

  async function watch(): Promise<void> {
    while (!signal.aborted) {
      const cursorBefore = cursor;
      try {
        const stream = orders.watchOrders({ cursor }, { signal, timeoutMs: Number.POSITIVE_INFINITY });
        for await (const message of stream) {
          cursor = message.cursor;
          begin();
          const { update } = message;
          if (update.case === "change") {
            seen.push(`${update.value.orderId}/${update.value.version}`);
          } else if (update.case === "resync") {
            seen.push(`resync: ${update.value.reason}`);
          }
        }
        endings.push(Code.Unknown);
      } catch (error) {
        if (!signal.aborted) {
          endings.push(ConnectError.from(error).code);
        }
      }
      if (cursor === cursorBefore && !signal.aborted) {
        emptyStreams += 1;
      }
    }
  }

  const ended = watch();
  await withTimeout(begun, 20_000, () => new Error("The watcher was told nothing."));
  return {
    seen,
    endings,
    emptyStreams: () => emptyStreams,
    async stop() {
      stopping.abort();
      await ended;
    },
  };
}
