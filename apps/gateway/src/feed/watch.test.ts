import { create } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { Failure } from "@ordermesh/failure/failure";
import { pause } from "@ordermesh/process/wait";
import { WatchRequestSchema, type WatchResponse } from "@ordermesh/proto/ordermesh/feed/v1/feed_pb";
import { unguarded } from "@ordermesh/rpc/authorization";
import type { Call } from "@ordermesh/rpc/call";
import { connectErrorOf } from "@ordermesh/rpc/failure-mapping";
import { Registry } from "prom-client";
import { afterEach, expect, test, vi } from "vitest";
import { createFeedMetrics } from "./feed-metrics.ts";
import type { StreamOf, TopicMessage, TopicStream } from "./topic-streams.ts";
import { watchFeed } from "./watch.ts";
import { createWatchLimits } from "./watch-limits.ts";

afterEach(() => {
  vi.useRealTimers();
});

/** Starts watching topics that come from streams which a test writes, with a token that ends when it says. */
function watch(
  names: readonly string[],
  open: TopicStream["open"],
  options: {
    readonly endsByItself?: boolean;
    readonly authorization?: string;
    readonly cursor?: string;
  } = {},
) {
  const { endsByItself = false, authorization = "Bearer e30.e30.e30", cursor = "" } = options;
  const leaving = new AbortController();
  const call: Call = {
    ...unguarded,
    traceparent: "",
    traceId: "",
    signal: leaving.signal,
    get aborted() {
      return leaving.signal.aborted;
    },
    remainingMs: () => Number.POSITIVE_INFINITY,
    peerAddress: () => "",
  };
  const metrics = new Registry();
  const feedMetrics = createFeedMetrics(metrics);
  const streamOf: StreamOf = () => ({ upstream: "tables", endsByItself, open });
  const feed = {
    streamOf,
    limits: createWatchLimits(feedMetrics),
    metrics: feedMetrics,
    identify: () => ({ kind: "user", userId: 1n, roles: ["buyer"] }) as const,
    tokensNeeded: true,
  };
  const request = create(WatchRequestSchema, { topics: names.map((name) => ({ name, cursor })) });
  const messages = watchFeed(feed, request, call, { authorization, clientAddress: "127.0.0.1" });
  return { messages, metrics, leave: () => leaving.abort() };
}

/** A figure of the page that an operator sees. */
async function figure(metrics: Registry, name: string): Promise<number | undefined> {
  const [, value] = (await metrics.metrics()).match(new RegExp(`^${name} (\\S+)$`, "m")) ?? [];
  return value === undefined ? undefined : Number(value);
}

const checkpoint = (cursor: string): TopicMessage => ({ cursor, what: { case: "checkpoint", value: {} } });

/** What a message says, in short: "heartbeat", or topic, kind and cursor. */
function summary({ event }: WatchResponse): string {
  return event.case === "update"
    ? `${event.value.topic} ${event.value.what.case} ${event.value.cursor}`
    : `${event.case}`;
}

async function take(messages: AsyncGenerator<WatchResponse>, count: number): Promise<string[]> {
  const taken: string[] = [];
  while (taken.length < count) {
    const { value, done } = await messages.next();
    if (done === true) {
      break;
    }
    taken.push(summary(value));
  }
  return taken;
}

const refusal = (kind: "unavailable" | "not_found" | "failed_precondition", reason: string) =>
  connectErrorOf(new Failure(kind, "No.", { reason }));

test("a stream that breaks off goes on from where it was, and the client is told", async () => {
  const asked: string[] = [];
  const { messages, metrics, leave } = watch(["orders"], async function* (cursor) {
    asked.push(cursor);
    if (asked.length === 1) {
      yield checkpoint("a");
      yield checkpoint("b");
      throw refusal("unavailable", "SHUTTING_DOWN");
    }
    yield checkpoint("c");
    throw new ConnectError("gone", Code.Unavailable);
  });
  expect(await take(messages, 6)).toEqual([
    "heartbeat",
    "orders checkpoint a",
    "orders checkpoint b",
    "orders interruption b",
    "orders checkpoint c",
    "orders interruption c",
  ]);
  expect(asked).toEqual(["", "b"]);
  expect(await figure(metrics, "ordermesh_gateway_feed_streams")).toBe(1);
  expect(await figure(metrics, "ordermesh_gateway_feed_topics")).toBe(1);
  expect(await figure(metrics, 'ordermesh_gateway_feed_interruptions_total{upstream="tables"}')).toBe(2);
  leave();
  expect((await messages.next()).done).toBe(true);
  expect(await figure(metrics, "ordermesh_gateway_feed_streams")).toBe(0);
  expect(await figure(metrics, "ordermesh_gateway_feed_topics")).toBe(0);
});

test("a cursor that is too old becomes a resync, from whose cursor the topic goes on", async () => {
  const asked: string[] = [];
  const { messages } = watch(
    ["notifications"],
    async function* (cursor, { signal }) {
      asked.push(cursor);
      if (cursor === "old") {
        throw refusal("failed_precondition", "CURSOR_EXPIRED");
      }
      yield checkpoint("now");
      yield checkpoint("later");
      await pause(60_000, signal);
    },
    { cursor: "old" },
  );
  expect(await take(messages, 3)).toEqual([
    "heartbeat",
    "notifications resync now",
    "notifications checkpoint later",
  ]);
  expect(asked).toEqual(["old", ""]);
  await messages.return(undefined);
});

test("what is refused ends, a session that is over ends, and with the last of them the stream", async () => {
  const { messages } = watch(
    ["session/1", "session/CODE7", "nonsense"],
    async function* (_, { signal }) {
      yield checkpoint("a");
      signal?.throwIfAborted();
    },
    { endsByItself: true },
  );
  const seen = await take(messages, 20);
  expect(seen.sort()).toEqual([
    "heartbeat",
    "nonsense end ",
    "session/1 checkpoint a",
    "session/1 end a",
    "session/CODE7 checkpoint a",
    "session/CODE7 end a",
  ]);

  // biome-ignore lint/correctness/useYield: this service refuses at once.
  const refused = watch(["order/1"], async function* () {
    throw refusal("not_found", "ORDER_NOT_FOUND");
  });
  await refused.messages.next();
  const { value } = await refused.messages.next();
  expect(value?.event.value).toMatchObject({
    topic: "order/1",
    what: { case: "end", value: { code: Code.NotFound, reason: "ORDER_NOT_FOUND" } },
  });
  expect((await refused.messages.next()).done).toBe(true);
});

test("who does not read is not read for: the services are asked to wait", async () => {
  let told = 0;
  const names = ["order/1", "order/2", "order/3"];
  const { messages } = watch(names, async function* () {
    for (;;) {
      told += 1;
      yield checkpoint(`${told}`);
    }
  });
  await take(messages, 2);
  let before = -1;
  while (told !== before) {
    before = told;
    await new Promise(setImmediate);
  }
  expect(told).toBeGreaterThanOrEqual(256);
  expect(told).toBeLessThanOrEqual(256 + 2 * names.length + 2);
  await take(messages, 1_000);
  expect(told).toBeGreaterThan(1_000);
  await messages.return(undefined);
});

test("silence is broken every 15 seconds, and the token's end ends the stream", async () => {
  vi.useFakeTimers({ now: 1_800_000_000_000 });
  const claims = Buffer.from(JSON.stringify({ exp: 1_800_000_040 })).toString("base64url");
  const { messages } = watch(
    ["orders"],
    // biome-ignore lint/correctness/useYield: this service has nothing to tell.
    async function* (_, { signal }) {
      await pause(3_600_000, signal);
    },
    { authorization: `Bearer e30.${claims}.e30` },
  );
  expect(await take(messages, 1)).toEqual(["heartbeat"]);
  for (let round = 1; round <= 2; round += 1) {
    const next = take(messages, 1);
    await vi.advanceTimersByTimeAsync(15_000);
    expect(await next).toEqual(["heartbeat"]);
  }
  const last = messages.next().catch((error: unknown) => error);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(await last).toMatchObject({ kind: "unauthenticated", reason: "TOKEN_EXPIRED" });
});

test("an error of ours ends the stream instead of leaving a topic silent", async () => {
  const { messages } = watch(["orders"], () => {
    throw new TypeError("a defect");
  });
  expect(await take(messages, 2)).toEqual(["heartbeat", "orders interruption "]);
  await messages.return(undefined);
});

test("streams and topics are bounded, and given back", async () => {
  const metrics = new Registry();
  const limits = createWatchLimits(createFeedMetrics(metrics));
  const leaves = Array.from({ length: 24 }, () => limits.enter("user:1", 1));
  expect(() => limits.enter("user:1", 1)).toThrow(/24 topics in 24 streams already/);
  const greedy = Array.from({ length: 7 }, () => limits.enter("user:3", 32));
  expect(() => limits.enter("user:3", 32)).toThrow(/224 topics in 7 streams already/);
  expect(limits.enter("user:3", 16)).toBeTypeOf("function");
  for (const leave of greedy) {
    leave();
  }
  leaves.push(limits.enter("user:2", 32));
  leaves[0]!();
  leaves.push(limits.enter("user:1", 1));
  const others = Array.from({ length: 107 }, (_, index) => limits.enter(`user:${index + 10}`, 32));
  expect(() => limits.enter("user:9", 32)).toThrow(/Too many topics/);
  for (const leave of others) {
    leave();
  }
  expect(limits.enter("user:9", 32)).toBeTypeOf("function");
  const refused = (limit: string) =>
    figure(metrics, `ordermesh_gateway_feed_refused_total{limit="${limit}"}`);
  expect([await refused("caller"), await refused("topics")]).toEqual([2, 1]);
});
