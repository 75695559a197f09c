import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { createClient, type Transport } from "@connectrpc/connect";
import { FeedService, type TopicUpdate, TopicUpdateSchema } from "@ordermesh/proto/ordermesh/feed/v1/feed_pb";
import { randomText } from "../random-text.ts";
import type { Session } from "../session/session.ts";
import { type FeedStatus, pollEveryMs } from "./feed-status.ts";
import { type FeedStream, runFeedStream } from "./feed-stream.ts";
import { seekLeadership } from "./leadership.ts";
import { createWatchList } from "./watch-list.ts";

/** What tabs of one seat tell each other. Messages travel as bytes, which every browser can pass on. */
type Told =
  | { readonly kind: "topics"; readonly tab: string; readonly topics: readonly string[] }
  | { readonly kind: "roll_call" }
  | { readonly kind: "gone"; readonly tab: string }
  | { readonly kind: "update"; readonly bytes: Uint8Array }
  | { readonly kind: "status"; readonly status: FeedStatus }
  | { readonly kind: "hurry" };

/** Changes of what a page shows come in flocks. */
const settleMs = 50;
/** Tabs that ended without a word are forgotten after this. */
const rollCallEveryMs = 60_000;

/** All that is live on this page, over one stream for all tabs of the seat. Only hooks of this folder use it. */
export interface Feed {
  watch(topic: string, listener: (update: TopicUpdate) => void): () => void;
  readonly status: () => FeedStatus;
  readonly subscribe: (listener: () => void) => () => void;
  /** Somebody does not want to wait for the next try. */
  tryNow(): void;
}

/** Who watches: the part of a session that a feed needs. */
export type Watcher = Pick<Session, "state" | "subscribe" | "accessToken" | "renew">;

export interface FeedOptions {
  readonly seat: string;
  readonly transport: Transport;
  readonly session: Watcher;
}

export function startFeed(options: FeedOptions): Feed {
  const { seat, session } = options;
  const tab = randomText();
  const client = createClient(FeedService, options.transport);
  const channel = new BroadcastChannel(`ordermesh.feed.${seat}`);
  const list = createWatchList();
  const listeners = new Map<string, Set<(update: TopicUpdate) => void>>();
  const statusListeners = new Set<() => void>();
  let status: FeedStatus = { kind: "idle" };
  let stream: FeedStream | undefined;
  let leads = false;
  let settling: ReturnType<typeof setTimeout> | undefined;

  const tell = (told: Told) => channel.postMessage(told);

  function setStatus(next: FeedStatus, isOurs: boolean): void {
    if (next.kind !== status.kind) {
      status = next;
      for (const listener of statusListeners) {
        listener();
      }
      if (isOurs) {
        tell({ kind: "status", status: next });
      }
    }
  }

  function receive(update: TopicUpdate): void {
    list.heard(update.topic, update.cursor);
    if (update.what.case === "end") {
      list.ended(update.topic);
    }
    for (const listener of listeners.get(update.topic) ?? []) {
      listener(update);
    }
  }

  /** What this tab shows has changed, or it is asked. */
  function state(): void {
    const topics = [...listeners.keys()];
    list.want(tab, topics);
    if (leads) {
      reopenSoon();
    } else {
      tell({ kind: "topics", tab, topics });
    }
  }

  let asked = "";
  function reopenSoon(): void {
    clearTimeout(settling);
    settling = setTimeout(() => {
      if (namesOf(list.request()) !== asked) {
        stream?.reopen();
      }
    }, settleMs);
  }

  channel.onmessage = ({ data }: MessageEvent<Told>) => {
    if (data.kind === "update") {
      receive(fromBinary(TopicUpdateSchema, data.bytes));
    } else if (data.kind === "status" && !leads) {
      setStatus(data.status, false);
    } else if (data.kind === "roll_call") {
      state();
    } else if (leads && data.kind === "topics") {
      list.want(data.tab, data.topics);
      tell({ kind: "status", status });
      reopenSoon();
    } else if (leads && data.kind === "gone") {
      list.forget(data.tab);
      reopenSoon();
    } else if (leads && data.kind === "hurry") {
      stream?.hurry();
    }
  };

  function lead(signal: AbortSignal, mayStream: boolean): void {
    leads = true;
    list.want(tab, [...listeners.keys()]);
    list.keepOnly(tab);
    tell({ kind: "roll_call" });
    const calling = setInterval(() => {
      list.keepOnly(tab);
      tell({ kind: "roll_call" });
    }, rollCallEveryMs);
    const stopLeading = mayStream ? holdStream(signal) : poll();
    signal.addEventListener("abort", () => {
      clearInterval(calling);
      stopLeading();
      leads = false;
    });
  }

  function holdStream(signal: AbortSignal): () => void {
    stream = runFeedStream({
      client,
      topics() {
        const topics = session.state().kind === "signed_in" ? list.request() : [];
        asked = namesOf(topics);
        return topics;
      },
      async renewToken() {
        const token = await session.accessToken();
        return token === undefined ? undefined : await session.renew(token);
      },
      onUpdate(update) {
        tell({ kind: "update", bytes: toBinary(TopicUpdateSchema, update) });
        receive(update);
      },
      onStatus: (next) => setStatus(next, true),
      signal,
    });
    return () => {
      stream = undefined;
    };
  }

  /** Without a stream: everything that is shown is asked for again and again, as after a gap. */
  function poll(): () => void {
    const tellStatus = () => setStatus({ kind: list.request().length === 0 ? "idle" : "polling" }, true);
    tellStatus();
    const polling = setInterval(() => {
      tellStatus();
      for (const { name } of list.request()) {
        const what = { case: "resync" as const, value: { reason: "POLLED" } };
        const update = create(TopicUpdateSchema, { topic: name, what });
        tell({ kind: "update", bytes: toBinary(TopicUpdateSchema, update) });
        receive(update);
      }
    }, pollEveryMs);
    return () => clearInterval(polling);
  }

  let watcher = userOf(session);
  let lastUser = watcher;
  session.subscribe(() => {
    const next = userOf(session);
    if (next !== watcher) {
      if (next !== "" && lastUser !== next) {
        list.clearCursors();
        lastUser = next;
      }
      watcher = next;
      stream?.reopen();
    }
  });
  window.addEventListener("pagehide", () => tell({ kind: "gone", tab }));
  window.addEventListener("pageshow", state);
  window.addEventListener("online", () => stream?.hurry());
  seekLeadership({ seat, lead });

  return {
    watch(topic, listener) {
      const known = listeners.get(topic);
      if (known === undefined) {
        listeners.set(topic, new Set([listener]));
        state();
      } else {
        known.add(listener);
      }
      return () => {
        const left = listeners.get(topic);
        left?.delete(listener);
        if (left?.size === 0) {
          listeners.delete(topic);
          state();
        }
      };
    },
    status: () => status,
    subscribe(listener) {
      statusListeners.add(listener);
      return () => void statusListeners.delete(listener);
    },
    tryNow() {
      if (leads) {
        stream?.hurry();
      } else {
        tell({ kind: "hurry" });
      }
    },
  };
}

function namesOf(topics: readonly { readonly name: string }[]): string {
  return topics.map(({ name }) => name).join(" ");
}

/** Empty while nobody is signed in, or the session is over. */
function userOf(session: Watcher): string {
  const state = session.state();
  return state.kind === "signed_in" ? state.identity.userId.toString() : "";
}
