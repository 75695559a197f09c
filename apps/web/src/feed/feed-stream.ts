import { type Client, Code, ConnectError } from "@connectrpc/connect";
import type { FeedService, TopicUpdate } from "@ordermesh/proto/ordermesh/feed/v1/feed_pb";
import { retryDelayMs } from "./backoff.ts";
import type { FeedStatus } from "./feed-status.ts";

/** The service says something every 15 seconds: after this, nobody is there any more. */
const silenceMaxMs = 25_000;

export interface StreamOptions {
  readonly client: Client<typeof FeedService>;
  /** What to ask for now. */
  readonly topics: () => readonly { readonly name: string; readonly cursor: string }[];
  readonly onUpdate: (update: TopicUpdate) => void;
  readonly onStatus: (status: FeedStatus) => void;
  /** The token was refused: gets another one before the next try. */
  readonly renewToken: () => Promise<unknown>;
  readonly signal: AbortSignal;
}

export interface FeedStream {
  /** Other topics are wanted: opens it anew, with the cursors. */
  reopen(): void;
  /** Tries at once, instead of at the end of the wait: somebody is looking, or the network is back. */
  hurry(): void;
}

/** Keeps one stream open as long as `signal` allows and there are topics, and comes back whenever it breaks. */
export function runFeedStream(options: StreamOptions): FeedStream {
  const { signal, onStatus } = options;
  let attempt = 0;
  let liveSince: number | undefined;
  let current: AbortController | undefined;
  let wake: (() => void) | undefined;
  let wantsReopening = false;

  async function once(): Promise<void> {
    const topics = options.topics();
    const controller = new AbortController();
    current = controller;
    const stop = () => controller.abort();
    signal.addEventListener("abort", stop, { once: true });
    let silence = setTimeout(stop, silenceMaxMs);
    try {
      const messages = options.client.watch(
        { topics: topics.map(({ name, cursor }) => ({ name, cursor })) },
        { signal: controller.signal, timeoutMs: 0 },
      );
      for await (const { event } of messages) {
        clearTimeout(silence);
        silence = setTimeout(stop, silenceMaxMs);
        attempt = 0;
        liveSince = Date.now();
        onStatus({ kind: "live" });
        if (event.case === "update") {
          options.onUpdate(event.value);
        }
      }
    } finally {
      clearTimeout(silence);
      signal.removeEventListener("abort", stop);
      current = undefined;
    }
  }

  async function run(): Promise<void> {
    while (!signal.aborted) {
      if (options.topics().length === 0) {
        onStatus({ kind: "idle" });
        await pause(undefined);
        continue;
      }
      wantsReopening = false;
      try {
        // Further tries are not told of: whoever looks would see the one state and the other in turn.
        if (liveSince === undefined && attempt === 0) {
          onStatus({ kind: "connecting" });
        }
        await once();
      } catch (error) {
        if (ConnectError.from(error).code === Code.Unauthenticated && !signal.aborted) {
          // Without an answer the next try finds out.
          await options.renewToken().catch(() => {});
        }
      }
      if (!signal.aborted && !wantsReopening) {
        onStatus({ kind: "reconnecting", since: liveSince });
        await pause(retryDelayMs(attempt, Math.random()));
        attempt += 1;
      }
    }
  }

  function pause(delayMs: number | undefined): Promise<void> {
    return new Promise((resolve) => {
      const timer = delayMs === undefined ? undefined : setTimeout(finish, delayMs);
      function finish() {
        clearTimeout(timer);
        signal.removeEventListener("abort", finish);
        wake = undefined;
        resolve();
      }
      wake = finish;
      signal.addEventListener("abort", finish, { once: true });
    });
  }

  void run();
  return {
    reopen() {
      wantsReopening = true;
      current?.abort();
      wake?.();
    },
    hurry() {
      attempt = 0;
      wake?.();
    },
  };
}
