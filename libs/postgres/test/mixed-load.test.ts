import { openDatabase } from "@ordermesh/postgres/database";
import { freshDatabase } from "@ordermesh/testkit/fresh-database";
import { expect, test } from "vitest";

/*
 * One client served reads and transactions alike. When a `begin` was queued behind a read on the same connection, the
 * driver did not reserve the connection and refused the transaction with UNSAFE_TRANSACTION: one purchase in four
 * failed as INTERNAL under load, and none in a quiet test.
 */
test("reads and transactions at the same time do not get in each other's way", async () => {
  const fresh = await freshDatabase();
  const database = openDatabase({
    url: fresh.url,
    applicationName: "test",
    connectionsMax: 4,
    timeoutMs: 10_000,
  });
  try {
    await database.transaction(async (tx) => tx.execute("create table counted (id int)"));
    let written = 0;
    // Each worker goes on as soon as it is answered, so that every kind of statement meets every other.
    const worker = async (first: number) => {
      for (let step = first; step < first + 100; step += 1) {
        if (step % 3 === 0) {
          await database.transaction(async (tx) => tx.execute("insert into counted values ($1)", [step]));
          written += 1;
        } else {
          await database.read((db) => db.query("select count(*) from counted"));
        }
      }
    };
    await Promise.all(Array.from({ length: 20 }, (_, index) => worker(index)));
    const [row] = await database.read((db) =>
      db.query<{ count: bigint }>("select count(*) as count from counted"),
    );
    expect(written).toBeGreaterThan(600);
    expect(row?.count).toBe(BigInt(written));
  } finally {
    await database.close();
    await fresh.drop();
  }
});
