import { Failure } from "@ordermesh/failure/failure";
import { type Database, openDatabase } from "@ordermesh/postgres/database";
import { openPipelinedSession, type PipelinedSession } from "@ordermesh/postgres/pipelined-session";
import { type FreshDatabase, freshDatabase } from "@ordermesh/testkit/fresh-database";
import { startTcpProxy } from "@ordermesh/testkit/tcp-proxy";
import { afterAll, beforeAll, expect, test } from "vitest";

let fresh: FreshDatabase;
let database: Database;
let session: PipelinedSession;

beforeAll(async () => {
  fresh = await freshDatabase();
  database = openDatabase({ url: fresh.url, applicationName: "test", connectionsMax: 4, timeoutMs: 5_000 });
  session = openPipelinedSession({ url: fresh.url, applicationName: "test", timeoutMs: 5_000 });
  await database.transaction(async (tx) => tx.execute("create table marks (name text primary key)"));
});

afterAll(async () => {
  await session.close();
  await database.close();
  await fresh.drop();
});

async function marks(): Promise<string[]> {
  const rows = await database.read((db) =>
    db.query<{ name: string }>("select name from marks order by name"),
  );
  return rows.map((row) => row.name);
}

test("what the work returns is committed, statements that were not waited for included", async () => {
  const seen = await session.transaction(async (tx) => {
    tx.execute("insert into marks values ($1)", ["committed"]);
    const rows = await tx.query<{ name: string }>("select name from marks");
    return rows.map((row) => row.name);
  });
  expect(seen).toContain("committed");
  expect(await marks()).toContain("committed");
});

test("what the work throws rolls everything back, and the session goes on", async () => {
  const refusal = new Failure("failed_precondition", "No.", { reason: "NO" });
  const refused = session.transaction(async (tx) => {
    tx.execute("insert into marks values ('refused')");
    await tx.query("select 1");
    throw refusal;
  });
  await expect(refused).rejects.toBe(refusal);
  expect(await marks()).not.toContain("refused");
  await session.transaction(async (tx) => tx.execute("insert into marks values ('after a refusal')"));
  expect(await marks()).toContain("after a refusal");
});

test("a statement that fails after the work has returned fails the transaction", async () => {
  const failing = session.transaction(async (tx) => {
    tx.execute("insert into marks values ('neighbour')");
    tx.execute("insert into marks values (null)");
    return "done";
  });
  await expect(failing).rejects.toMatchObject({ code: "23502" });
  expect(await marks()).not.toContain("neighbour");
  await session.transaction(async (tx) => tx.execute("insert into marks values ('after an error')"));
  expect(await marks()).toContain("after an error");
});

test("a connection that is terminated is replaced, and what was under way is not committed", async () => {
  const killed = session.transaction(async (tx) => {
    tx.execute("insert into marks values ('killed')");
    const [own] = await tx.query<{ pid: number }>("select pg_backend_pid() as pid");
    await database.read((db) => db.query("select pg_terminate_backend($1)", [own?.pid ?? 0]));
    await tx.query("select 1");
  });
  await expect(killed).rejects.toMatchObject({ kind: "unavailable" });
  expect(await marks()).not.toContain("killed");
  await session.transaction(async (tx) => tx.execute("insert into marks values ('after a kill')"));
  expect(await marks()).toContain("after a kill");
});

test("a link that goes silent ends the call by its deadline, and the session heals", async () => {
  const server = new URL(fresh.url);
  const proxy = await startTcpProxy({ host: server.hostname, port: Number(server.port) });
  const proxied = new URL(fresh.url);
  proxied.port = `${proxy.port}`;
  const remote = openPipelinedSession({ url: proxied.href, applicationName: "test", timeoutMs: 500 });
  try {
    await remote.transaction((tx) => tx.query("select 1"));
    proxy.silence();
    await expect(remote.transaction((tx) => tx.query("select 1"))).rejects.toMatchObject({
      kind: "unavailable",
      reason: "DATABASE_TIMEOUT",
    });
    expect(proxy.faults()).toBeGreaterThan(0);
    proxy.heal();
    await remote.transaction(async (tx) => tx.execute("insert into marks values ('after silence')"));
    expect(await marks()).toContain("after silence");
  } finally {
    await remote.close();
    await proxy.close();
  }
});

test("a pool fails at once when the server is away, and heals by itself", async () => {
  const server = new URL(fresh.url);
  const proxy = await startTcpProxy({ host: server.hostname, port: Number(server.port) });
  const proxied = new URL(fresh.url);
  proxied.port = `${proxy.port}`;
  const remote = openDatabase({
    url: proxied.href,
    applicationName: "test",
    connectionsMax: 2,
    timeoutMs: 2_000,
  });
  try {
    await remote.read((db) => db.query("select 1"));
    proxy.refuse();
    for (let round = 0; round < 5; round += 1) {
      await expect(remote.transaction((tx) => tx.query("select 1"))).rejects.toMatchObject({
        kind: "unavailable",
      });
    }
    expect(proxy.faults()).toBeGreaterThan(0);
    proxy.heal();
    await expect
      .poll(() => remote.read((db) => db.query("select 1 as one")).catch((error) => error), {
        timeout: 10_000,
      })
      .toEqual([{ one: 1 }]);
  } finally {
    await remote.close();
    await proxy.close();
  }
});
