import { Code, ConnectError, createClient, type Transport } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { FeedService, type TopicUpdate } from "@ordermesh/proto/ordermesh/feed/v1/feed_pb";

/** Somebody who follows topics, and comes back with the cursors after every cut. */
export interface FeedReader {
  /** What came of a topic, besides checkpoints and interruptions, in order. */
  seen(topic: string): readonly TopicUpdate[];
  /** All kinds of messages that came, with the topic before them; "heartbeat" has none. */
  readonly kinds: readonly string[];
  /** How often it had to come back. */
  reconnects(): number;
  /** Hangs up once, as a browser that goes to sleep. */
  hangUp(): void;
  /** Why it ended, if not by `close`: then it is undefined. */
  readonly ended: Promise<ConnectError | undefined>;
  close(): Promise<void>;
}

/** What a reader comes back after: the other end or the way to it is gone for a moment. */
const comesBack: ReadonlySet<Code> = new Set([
  Code.Unavailable,
  Code.Aborted,
  Code.Unknown,
  Code.Internal,
  Code.Canceled,
]);

export function openFeedReader(options: {
  readonly baseUrl: string;
  readonly authorization: string;
  readonly topics: readonly string[];
  /** Gives up at the first end of the stream. */
  readonly once?: boolean;
}): FeedReader {
  const { baseUrl, authorization, topics, once = false } = options;
  const transport: Transport = createConnectTransport({ baseUrl, httpVersion: "1.1", useBinaryFormat: true });
  const client = createClient(FeedService, transport);
  const cursors = new Map(topics.map((name) => [name, ""]));
  const seen = new Map<string, TopicUpdate[]>(topics.map((name) => [name, []]));
  const kinds: string[] = [];
  const closing = new AbortController();
  let hangingUp = new AbortController();
  let reconnects = 0;

  function keep(update: TopicUpdate): void {
    kinds.push(`${update.topic} ${update.what.case}`);
    cursors.set(update.topic, update.cursor);
    if (!["checkpoint", "interruption"].includes(update.what.case ?? "")) {
      seen.get(update.topic)?.push(update);
    }
  }

  async function readOnce(): Promise<void> {
    hangingUp = new AbortController();
    const request = { topics: topics.map((name) => ({ name, cursor: cursors.get(name) ?? "" })) };
    const signal = AbortSignal.any([closing.signal, hangingUp.signal]);
    for await (const { event } of client.watch(request, { headers: { authorization }, signal })) {
      if (event.case === "update") {
        keep(event.value);
      } else {
        kinds.push(event.case ?? "nothing");
      }
    }
  }

  async function read(): Promise<ConnectError | undefined> {
    for (;;) {
      try {
        await readOnce();
        return undefined;
      } catch (error) {
        const reason = ConnectError.from(error);
        if (closing.signal.aborted) {
          return undefined;
        }
        if (once || !comesBack.has(reason.code)) {
          return reason;
        }
        reconnects += 1;
      }
    }
  }
  const ended = read();
  return {
    seen: (topic) => seen.get(topic) ?? [],
    kinds,
    reconnects: () => reconnects,
    hangUp: () => hangingUp.abort(),
    ended,
    async close() {
      closing.abort();
      await ended;
    },
  };
}
