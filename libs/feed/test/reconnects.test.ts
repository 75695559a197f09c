import { pause } from "@ordermesh/process/wait";
import { seededRandom } from "@ordermesh/testkit/seeded-random";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createFeedHarness, type FeedHarness, type MarkFeed } from "./feed-harness.ts";

let harness: FeedHarness;
beforeAll(async () => {
  harness = await createFeedHarness();
});
afterAll(() => harness.close());

/**
 * Writers whose transactions overlap, so that some commit after others that began later.
 *
 * @returns the transactions in the order of their commits.
 */
async function writeMarks(writers: number, transactions: number, random: ReturnType<typeof seededRandom>) {
  const committed: bigint[] = [];
  async function write(): Promise<void> {
    for (let done = 0; done < transactions; done += 1) {
      const [row] = await harness.sql.begin(async (tx) => {
        await tx`insert into marks (user_id) select ${random.integer(1, 2)} from generate_series(1, ${random.integer(1, 5)})`;
        await pause(random.integer(0, 30));
        return await tx<{ id: string }[]>`
          insert into marks (user_id) values (1) returning transaction_id::text as id`;
      });
      committed.push(BigInt(row!.id));
      await pause(random.integer(0, 30));
    }
  }
  await Promise.all(Array.from({ length: writers }, write));
  return committed;
}

/** Watches one user's marks up to a last one, hanging up at random and resuming, also on another replica. */
async function collect(
  feeds: readonly MarkFeed[],
  options: {
    readonly cursor: string;
    readonly random: ReturnType<typeof seededRandom>;
    readonly lastId: bigint;
  },
): Promise<{ seen: bigint[]; reconnects: number }> {
  const { random, lastId } = options;
  const seen: bigint[] = [];
  let reconnects = 0;
  for (let cursor = options.cursor; seen.at(-1) !== lastId; reconnects += 1) {
    expect(reconnects, "the last mark was missed").toBeLessThan(2_000);
    const ending = new AbortController();
    const messages = feeds[reconnects % feeds.length]!.watch(cursor, 1n, ending.signal);
    let left = random.integer(1, 12);
    for await (const message of messages) {
      cursor = message.cursor;
      if (message.kind === "resync") {
        throw new Error(message.reason);
      }
      if (message.kind === "change") {
        seen.push(message.entry.id);
      }
      left -= 1;
      if (left <= 0 || seen.at(-1) === lastId) {
        break;
      }
    }
    ending.abort();
  }
  return { seen, reconnects };
}

test("watchers that reconnect at random miss nothing and see nothing twice", async () => {
  const random = seededRandom("feed reconnects");
  const feeds = [harness.startFeed(), harness.startFeed()];
  const { value: start } = await feeds[0]!.watch("", 1n, new AbortController().signal).next();
  const lastId = 1_000_000n;
  const watching = [1, 2, 3].map(() => collect(feeds, { cursor: start.cursor, random, lastId }));

  const committed = await writeMarks(6, 80, random);
  await harness.sql`insert into marks (id, user_id) overriding system value values (${`${lastId}`}, 1)`;
  const rows = await harness.sql<{ id: string }[]>`
    select id from marks where user_id = 1 order by transaction_id, id`;

  const watchers = await Promise.all(watching);
  const inversions = committed.filter((id, index) => index > 0 && id < committed[index - 1]!).length;
  const reconnects = watchers.reduce((sum, watcher) => sum + watcher.reconnects, 0);
  process.stdout.write(
    `marks: ${rows.length}, commits out of order: ${inversions}, reconnects: ${reconnects}\n`,
  );
  expect(inversions).toBeGreaterThan(10);
  expect(reconnects).toBeGreaterThan(50);
  for (const { seen } of watchers) {
    expect(seen).toEqual(rows.map(({ id }) => BigInt(id)));
  }
});
