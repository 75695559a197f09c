import { openDatabase } from "@ordermesh/postgres/database";
import { pause } from "@ordermesh/process/wait";
import { freshDatabase } from "@ordermesh/testkit/fresh-database";
import { seededRandom } from "@ordermesh/testkit/seeded-random";
import postgres from "postgres";
import { expect, test } from "vitest";

/*
 * The driver's own transactions run on a reserved connection. When that died between two statements, the second one
 * threw outside of any promise ("Cannot read properties of null (reading 'write')") and ended the process. An uncaught
 * exception fails this test.
 */
test("connections that are killed in the middle of transactions fail those calls and nothing else", async () => {
  const random = seededRandom("killed connections");
  const fresh = await freshDatabase();
  const database = openDatabase({
    url: fresh.url,
    applicationName: "victim",
    connectionsMax: 8,
    timeoutMs: 5_000,
  });
  const killer = postgres(fresh.url, { max: 1, onnotice: () => {} });
  let committed = 0;
  let failed = 0;
  let kills = 0;
  let stopped = false;

  async function work(): Promise<void> {
    while (!stopped) {
      try {
        await database.transaction(async (tx) => {
          tx.execute("insert into marks default values");
          await pause(random.integer(0, 4));
          await tx.query("select 1");
          tx.execute("insert into marks default values");
        });
        committed += 1;
      } catch (error) {
        expect(error).toMatchObject({ kind: "unavailable" });
        failed += 1;
      }
    }
  }

  try {
    await database.transaction(async (tx) =>
      tx.execute("create table marks (id int generated always as identity)"),
    );
    const working = Promise.all(Array.from({ length: 8 }, work));
    while (kills < 60) {
      await pause(random.integer(1, 10));
      const killed = await killer`select pg_terminate_backend(pid) from pg_stat_activity
        where application_name = 'victim' and datname = current_database() order by random() limit 1`;
      kills += killed.length;
    }
    stopped = true;
    await working;
    process.stdout.write(`killed connections: ${kills} kills, ${committed} committed, ${failed} failed\n`);
    expect(failed).toBeGreaterThan(5);
    expect(committed).toBeGreaterThan(5);
    const [row] = await killer`select count(*)::int as count from marks`;
    // A kill between commit and its answer leaves a transaction of which nobody knows; one in two halves must not be.
    expect(row?.count % 2).toBe(0);
    expect(row?.count).toBeGreaterThanOrEqual(2 * committed);
  } finally {
    stopped = true;
    await killer.end();
    await database.close();
    await fresh.drop();
  }
});
