import { pause } from "@ordermesh/process/wait";
import { freshDatabase } from "@ordermesh/testkit/fresh-database";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openDatabase } from "../src/database.ts";
import { openPipelinedSession } from "../src/pipelined-session.ts";
import type { Tx } from "../src/tx.ts";

let fresh: Awaited<ReturnType<typeof freshDatabase>>;
beforeAll(async () => {
  fresh = await freshDatabase();
});
afterAll(() => fresh.drop());

/*
 * The driver reconnects without a word. A connection that died between the last statement and `commit` was replaced,
 * `commit` succeeded on the new one with nothing to commit, and the caller was told that its writes were stored.
 */
test.each(["a pipelined session", "the pool"])(
  "%s does not confirm writes of a connection that died before commit",
  async (kind) => {
    const options = { url: fresh.url, applicationName: "victim", timeoutMs: 3_000 };
    const opened =
      kind === "the pool" ? openDatabase({ ...options, connectionsMax: 2 }) : openPipelinedSession(options);
    const other = openDatabase({ ...options, applicationName: "killer", connectionsMax: 2 });
    await opened.transaction(async (tx) => tx.execute("create table if not exists kept (kind text)"));
    const work = async (tx: Tx) => {
      await tx.query("insert into kept values ($1) returning kind", [kind]);
      const killed = await other.read((db) =>
        db.query(
          "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'victim' and state = 'idle in transaction'",
        ),
      );
      expect(killed.length).toBe(1);
      // Until the driver has seen the end of the connection; nothing tells when that is.
      await pause(100);
    };
    await expect(opened.transaction(work)).rejects.toMatchObject({ kind: "unavailable" });
    expect(await other.read((db) => db.query("select from kept where kind = $1", [kind]))).toHaveLength(0);
    await opened.transaction(async (tx) => tx.execute("insert into kept values ($1)", [kind]));
    expect(await other.read((db) => db.query("select from kept where kind = $1", [kind]))).toHaveLength(1);
    await opened.close();
    await other.close();
  },
);
