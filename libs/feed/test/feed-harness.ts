import { readFile } from "node:fs/promises";
import { type Database, openDatabase } from "@ordermesh/postgres/database";
import { type FreshDatabase, freshDatabase } from "@ordermesh/testkit/fresh-database";
import { testLogger } from "@ordermesh/testkit/test-logger";
import postgres from "postgres";
import { type Feed, type FeedMessage, startFeed } from "../src/feed.ts";
import { openFeedEpoch } from "../src/feed-epoch.ts";

export interface Mark {
  readonly id: bigint;
  readonly userId: bigint;
  readonly transactionId: bigint;
}

/** The user whose marks are wanted, or undefined for everybody's. */
export type MarkFilter = bigint | undefined;
export type MarkFeed = Feed<Mark, MarkFilter>;

export interface FeedHarness {
  readonly fresh: FreshDatabase;
  /** For writing, with as many open transactions as a test needs. */
  readonly sql: postgres.Sql;
  openDatabase(url?: string): Database;
  /** How often a feed has looked for new marks. */
  looks(): number;
  startFeed(options?: { readonly database?: Database; readonly bufferMax?: number }): MarkFeed;
  close(): Promise<void>;
}

export async function createFeedHarness(): Promise<FeedHarness> {
  const fresh = await freshDatabase();
  const sql = postgres(fresh.url, { max: 20, onnotice: () => {} });
  await sql.unsafe(await readFile(new URL("../src/tables.sql", import.meta.url), "utf8"));
  await sql`create table marks (
    id bigint generated always as identity primary key,
    user_id bigint not null,
    transaction_id xid8 not null default pg_current_xact_id()
  )`;
  await sql`create index on marks (transaction_id, id)`;
  const closers: (() => Promise<void>)[] = [() => sql.end({ timeout: 5 })];
  let looks = 0;

  const harness: FeedHarness = {
    fresh,
    sql,
    openDatabase(url = fresh.url) {
      const database = openDatabase({ url, applicationName: "feed", connectionsMax: 3, timeoutMs: 2_000 });
      closers.push(database.close);
      return database;
    },
    looks: () => looks,
    startFeed({ database = harness.openDatabase(), bufferMax } = {}) {
      const feed = startFeed<Mark, MarkFilter>({
        database,
        openEpoch: () => database.transaction((tx) => openFeedEpoch(tx, "marks")),
        async read(db, { after, endId, countMax }, filter) {
          looks += filter === undefined ? 1 : 0;
          const rows = await db.query<{ id: bigint; user_id: bigint; transaction_id: string }>(
            `select id, user_id, transaction_id::text from marks
             where (transaction_id, id) > ($1::xid8, $2::bigint) and transaction_id < $3::xid8
               and ($5::bigint is null or user_id = $5)
             order by marks.transaction_id, id limit $4`,
            [`${after.transactionId}`, `${after.subjectId}`, `${endId}`, countMax, filter ?? null],
          );
          return rows.map((row) => ({
            id: row.id,
            userId: row.user_id,
            transactionId: BigInt(row.transaction_id),
          }));
        },
        async count(db, after, countMax) {
          const [row] = await db.query<{ count: bigint }>(
            "select count(*) from (select from marks where transaction_id > $1::xid8 limit $2) as bounded",
            [`${after.transactionId}`, countMax],
          );
          return Number(row?.count ?? 0);
        },
        positionOf: ({ transactionId, id }) => ({ transactionId, subjectId: id, version: 0 }),
        concerns: (mark, filter) => filter === undefined || filter === mark.userId,
        logger: testLogger(),
        bufferMax,
      });
      closers.push(feed.stop);
      return feed;
    },
    async close() {
      for (const close of closers.splice(0).reverse()) {
        await close();
      }
      await fresh.drop();
    },
  };
  return harness;
}

/** Reads messages of one kind until there are as many as wanted. */
export async function take<Kind extends FeedMessage<Mark>["kind"]>(
  messages: AsyncGenerator<FeedMessage<Mark>>,
  kind: Kind,
  count: number,
): Promise<Extract<FeedMessage<Mark>, { kind: Kind }>[]> {
  const taken: Extract<FeedMessage<Mark>, { kind: Kind }>[] = [];
  while (taken.length < count) {
    const { value, done } = await messages.next();
    if (done === true) {
      throw new Error(`The stream ended after ${taken.length} of ${count} messages.`);
    }
    if (value.kind === kind) {
      taken.push(value as Extract<FeedMessage<Mark>, { kind: Kind }>);
    }
  }
  return taken;
}
