import { chmod, mkdir, readdir, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "@ordermesh/embedded/embedded-postgres";
import postgres from "postgres";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { makeScratchFolder } from "./scratch.ts";

let scratch: Awaited<ReturnType<typeof makeScratchFolder>>;
const servers: EmbeddedPostgres[] = [];

beforeEach(async () => {
  scratch = await makeScratchFolder();
});
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.stop()));
  await scratch.remove();
});

async function start(
  settings: Record<string, string> = { fsync: "off" },
  port = 0,
): Promise<EmbeddedPostgres> {
  const server = await startEmbeddedPostgres({
    dataDirectory: join(scratch.path, "data"),
    runDirectory: join(scratch.path, "run"),
    port,
    settings,
  });
  servers.push(server);
  return server;
}

async function ask(server: EmbeddedPostgres, statement: string): Promise<postgres.RowList<postgres.Row[]>> {
  const sql = postgres(server.url, { max: 1, onnotice: () => {} });
  try {
    return await sql.unsafe(statement);
  } finally {
    await sql.end();
  }
}

test("keeps data over a clean restart, durably unless told otherwise", async () => {
  const first = await start({});
  await ask(first, "create table kept (id int)");
  await ask(first, "insert into kept values (1), (2)");
  const shown = await ask(
    first,
    `select name, setting from pg_settings where name in
       ('fsync', 'synchronous_commit', 'wal_level', 'listen_addresses', 'unix_socket_directories') order by name`,
  );
  expect(Object.fromEntries(shown.map((row) => [row.name, row.setting]))).toEqual({
    fsync: "on",
    listen_addresses: "127.0.0.1",
    synchronous_commit: "on",
    unix_socket_directories: "",
    wal_level: "logical",
  });
  await first.stop();
  expect(await first.exited).toMatchObject({ code: 0 });

  const second = await start();
  expect(await ask(second, "select count(*)::int as count from kept")).toMatchObject([{ count: 2 }]);
  expect(await ask(second, "show fsync")).toMatchObject([{ fsync: "off" }]);
  expect(await ask(second, "select upper('é') as upper")).toMatchObject([{ upper: "É" }]);
});

test("leaves nothing of an interrupted initdb, and none of its own scaffolding", async () => {
  await mkdir(join(scratch.path, "data.unfinished", "data"), { recursive: true });
  await writeFile(join(scratch.path, "data.unfinished", "data", "PG_VERSION"), "18\n");
  const server = await start();
  expect(await ask(server, "select 1 as one")).toMatchObject([{ one: 1 }]);
  await server.stop();
  expect((await readdir(scratch.path)).sort()).toEqual(["data"]);
});

test("recovers what was committed before it was killed", async () => {
  const first = await start({});
  await ask(first, "create table kept (id int)");
  await ask(first, "insert into kept select generate_series(1, 100)");
  first.kill();
  expect(await first.exited).toMatchObject({ signal: "SIGKILL" });
  const second = await start({});
  expect(second.adopted).toBe(false);
  expect(await ask(second, "select count(*)::int as count from kept")).toMatchObject([{ count: 100 }]);
});

test("stopping cuts open connections and may be asked for twice", async () => {
  const server = await start();
  const sql = postgres(server.url, { max: 1, onnotice: () => {} });
  const refused = expect(sql`select pg_sleep(600)`.execute()).rejects.toThrow(/CONNECTION|terminating/);
  const sleeping = "select 1 from pg_stat_activity where query like 'select pg_sleep%' and state = 'active'";
  await vi.waitUntil(async () => (await ask(server, sleeping)).length === 1, { timeout: 10_000 });
  await Promise.all([server.stop(), server.stop()]);
  await refused;
  await sql.end({ timeout: 0 });
});

test.skipIf(process.getuid?.() !== 0)(
  "as root, data in a folder that is closed to others move elsewhere",
  async () => {
    await chmod(scratch.path, 0o700);
    const told: string[] = [];
    const server = await startEmbeddedPostgres({
      dataDirectory: join(scratch.path, "data"),
      runDirectory: join(scratch.path, "run"),
      port: 0,
      settings: { fsync: "off" },
      onProgress: (text) => told.push(text),
    });
    try {
      expect(server.dataDirectory).toMatch(/^\/var\/lib\/ordermesh\/data-/);
      expect(told.join("\n")).toContain(server.dataDirectory);
      expect((await stat(server.dataDirectory)).uid).not.toBe(0);
      expect(await ask(server, "select 1 as one")).toMatchObject([{ one: 1 }]);
    } finally {
      await server.stop();
      await rm(server.dataDirectory, { recursive: true });
    }
  },
);
