import { Failure } from "@ordermesh/failure/failure";
import { eventually } from "@ordermesh/testkit/eventually";
import { startTcpProxy } from "@ordermesh/testkit/tcp-proxy";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createFeedHarness, type FeedHarness, type MarkFeed, take } from "./feed-harness.ts";

let harness: FeedHarness;
beforeAll(async () => {
  harness = await createFeedHarness();
});
beforeEach(async () => {
  await harness.sql`truncate marks`;
});
afterAll(() => harness.close());

function watch(feed: MarkFeed, cursor = "", userId?: bigint) {
  const ending = new AbortController();
  const messages = feed.watch(cursor, userId, ending.signal);
  return { messages, end: () => ending.abort() };
}

/** A watcher that is subscribed for sure: it has got its first checkpoint. */
async function watchFromNow(feed: MarkFeed, userId?: bigint) {
  const watcher = watch(feed, "", userId);
  const [first] = await take(watcher.messages, "checkpoint", 1);
  return { ...watcher, cursor: first!.cursor };
}

async function insertMarks(count: number, userId = 1): Promise<bigint[]> {
  const rows = await harness.sql<{ id: string }[]>`
    insert into marks (user_id) select ${userId} from generate_series(1, ${count}) returning id`;
  return rows.map((row) => BigInt(row.id));
}

const idsOf = (messages: readonly { readonly entry: { readonly id: bigint } }[]) =>
  messages.map(({ entry }) => entry.id);

describe("order and completeness", () => {
  test("a transaction that commits after later ones is not missed", async () => {
    const watcher = await watchFromNow(harness.startFeed());
    const early = await harness.sql.reserve();
    await early`begin`;
    const [first] = await early<{ id: string }[]>`insert into marks (user_id) values (1) returning id`;
    const [second] = await insertMarks(1);
    expect(BigInt(first!.id)).toBeLessThan(second!);

    await early`commit`;
    early.release();
    expect(idsOf(await take(watcher.messages, "change", 2))).toEqual([BigInt(first!.id), second]);
    watcher.end();
  });

  test("an open transaction holds back what comes after it", async () => {
    const watcher = await watchFromNow(harness.startFeed());
    const open = await harness.sql.reserve();
    await open`begin`;
    await open`insert into marks (user_id) values (1)`;
    const ids = await insertMarks(3);
    let told = false;
    const changes = take(watcher.messages, "change", 3).finally(() => {
      told = true;
    });
    const looksBefore = harness.looks();
    await eventually(() => expect(harness.looks()).toBeGreaterThan(looksBefore + 3));
    expect(told).toBe(false);

    await open`rollback`;
    open.release();
    expect(idsOf(await changes)).toEqual(ids);
    watcher.end();
  });

  test("without a cursor only what is committed from now on is told, however late it is noticed", async () => {
    const feed = harness.startFeed();
    const early = await watchFromNow(feed);
    const open = await harness.sql.reserve();
    await open`begin`;
    const [held] = await open<{ id: string }[]>`insert into marks (user_id) values (1) returning id`;
    const [before] = await insertMarks(1);
    const late = await watchFromNow(feed);
    const [after] = await insertMarks(1);
    await open`commit`;
    open.release();
    const heldId = BigInt(held!.id);
    expect(idsOf(await take(early.messages, "change", 3))).toEqual([heldId, before, after]);
    expect(idsOf(await take(late.messages, "change", 2))).toEqual([heldId, after]);
    early.end();
    late.end();
  });

  test("pages: a large transaction is told whole, over the end of a page, to old and new watchers", async () => {
    const feed = harness.startFeed();
    const watcher = await watchFromNow(feed);
    const ids = await insertMarks(1_777);
    expect(idsOf(await take(watcher.messages, "change", ids.length))).toEqual(ids);
    const late = watch(feed, watcher.cursor);
    expect(idsOf(await take(late.messages, "change", ids.length))).toEqual(ids);
    watcher.end();
    late.end();
  });

  test("a watcher gets what concerns it, and each replica tells everything", async () => {
    const [one, other] = [harness.startFeed(), harness.startFeed()];
    const everything = await watchFromNow(one);
    const elsewhere = await watchFromNow(other);
    const mine = await watchFromNow(one, 7n);
    const foreign = await insertMarks(2, 8);
    const own = await insertMarks(2, 7);
    one.wake();
    expect(idsOf(await take(mine.messages, "change", 2))).toEqual(own);
    expect(idsOf(await take(everything.messages, "change", 4))).toEqual([...foreign, ...own]);
    expect(idsOf(await take(elsewhere.messages, "change", 4))).toEqual([...foreign, ...own]);
    const resumed = watch(other, mine.cursor, 7n);
    expect(idsOf(await take(resumed.messages, "change", 2))).toEqual(own);
    for (const watcher of [everything, elsewhere, mine, resumed]) {
      watcher.end();
    }
  });
});

describe("cuts", () => {
  test("a slow reader is cut with its cursor, and resumes where it was", async () => {
    const feed = harness.startFeed({ bufferMax: 100 });
    const slow = await watchFromNow(feed);
    const quick = await watchFromNow(feed);
    const first = await insertMarks(50);
    const [seen] = await take(slow.messages, "change", 1);
    expect(idsOf(await take(quick.messages, "change", 50))).toEqual(first);
    for (const count of [100, 100]) {
      const ids = await insertMarks(count);
      expect(idsOf(await take(quick.messages, "change", count))).toEqual(ids);
    }
    const cut = take(slow.messages, "change", 249);
    await expect(cut).rejects.toMatchObject({ kind: "resource_exhausted", reason: "SLOW_READER" });
    const resumed = watch(feed, seen!.cursor);
    const rest = await take(resumed.messages, "change", 249);
    expect(new Set(idsOf(rest)).size).toBe(249);
    quick.end();
    resumed.end();
  });

  test("watchers outlive a database that was away", async () => {
    const { hostname, port } = new URL(harness.fresh.url);
    const proxy = await startTcpProxy({ host: hostname, port: Number(port) });
    const url = new URL(harness.fresh.url);
    url.port = `${proxy.port}`;
    const feed = harness.startFeed({ database: harness.openDatabase(url.href) });
    const watcher = await watchFromNow(feed);
    proxy.refuse();
    const ids = await insertMarks(3);
    await eventually(() => expect(proxy.faults()).toBeGreaterThan(2));
    proxy.heal();
    expect(idsOf(await take(watcher.messages, "change", 3))).toEqual(ids);
    watcher.end();
    await feed.stop();
    await proxy.close();
  });

  test("a feed that stops ends its streams with UNAVAILABLE", async () => {
    const feed = harness.startFeed();
    const watcher = await watchFromNow(feed);
    const next = take(watcher.messages, "change", 1);
    const ended = expect(next).rejects.toMatchObject({ kind: "unavailable", reason: "SHUTTING_DOWN" });
    await feed.stop();
    await ended;
  });
});

describe("cursors that can not be resumed from", () => {
  test.each(["x", "%%%", Buffer.from("a.b.c.d").toString("base64url")])("malformed: %s", async (cursor) => {
    const failure = await watch(harness.startFeed(), cursor)
      .messages.next()
      .catch((error) => error);
    expect(failure).toBeInstanceOf(Failure);
    expect(failure).toMatchObject({ kind: "invalid_argument", reason: "MALFORMED_CURSOR" });
  });

  test("a number that is too large is malformed or from the future, never an error of the database", async () => {
    const epoch = "00000000-0000-4000-8000-000000000000";
    const tooLarge = Buffer.from(`${epoch}.9999999999999999999.9999999999999999999.1`).toString("base64url");
    await expect(watch(harness.startFeed(), tooLarge).messages.next()).rejects.toMatchObject({
      reason: "MALFORMED_CURSOR",
    });
  });

  test("another epoch and the future are told to resync, and the stream goes on", async () => {
    const feed = harness.startFeed();
    const now = await watchFromNow(feed);
    const parts = Buffer.from(now.cursor, "base64url").toString("latin1").split(".");
    const withParts = (epoch: string, transaction: string) =>
      Buffer.from([epoch, transaction, parts[2], parts[3]].join(".")).toString("base64url");
    const elsewhere = watch(feed, withParts("00000000-0000-4000-8000-000000000000", parts[1]!));
    expect((await elsewhere.messages.next()).value).toMatchObject({ kind: "resync" });
    const future = watch(feed, withParts(parts[0]!, "900000000000"));
    expect((await future.messages.next()).value).toMatchObject({ kind: "resync" });
    const ids = await insertMarks(1);
    expect(idsOf(await take(future.messages, "change", 1))).toEqual(ids);
    for (const watcher of [now, elsewhere, future]) {
      watcher.end();
    }
  });

  test("a dump that was restored elsewhere gets a new epoch, and its rows come before all others", async () => {
    const before = await watchFromNow(harness.startFeed());
    before.end();
    await insertMarks(2);
    await harness.sql`update feed_epoch set system_identifier = 1`;
    const feed = harness.startFeed();
    const resumed = watch(feed, before.cursor);
    expect((await resumed.messages.next()).value).toMatchObject({ kind: "resync" });
    const rows = await harness.sql`select distinct transaction_id::text as id from marks`;
    expect(rows).toEqual([{ id: "1" }]);
    resumed.end();
  });
});
