import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { pause } from "@ordermesh/process/wait";
import type { Logger } from "@ordermesh/telemetry/logger";
import { type Client, connect } from "./connect.ts";
import { codeOf, isConnectionError } from "./postgres-failure.ts";

/** Any number will do, as long as every process of this platform takes the same one. */
const migrationLock = 7_301_946;

interface Migration {
  readonly version: number;
  readonly name: string;
  readonly statements: string;
  readonly checksum: string;
}

/**
 * Brings a database to the newest of the numbered SQL files in a folder (`0001_orders.sql`), each in a transaction
 * of its own, under an advisory lock, so that replicas that start together do not meet. Creates the database if it
 * is missing. Waits for a server that is not up yet, until the signal aborts.
 *
 * @throws Error when a file that was applied has changed since, or a number is missing or doubled.
 */
export async function migrate(options: {
  readonly url: string;
  readonly directory: URL;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}): Promise<void> {
  const migrations = await readMigrations(options.directory);
  for (let attempt = 1; ; attempt += 1) {
    options.signal.throwIfAborted();
    try {
      await createDatabaseIfMissing(options.url);
      await applyMissing(options.url, migrations, options.logger);
      return;
    } catch (error) {
      if (!isConnectionError(error)) {
        throw error;
      }
      if (attempt === 1 || attempt % 20 === 0) {
        options.logger.warn({ code: codeOf(error) }, "waiting for the database");
      }
      await pause(Math.min(100 * attempt, 1000), options.signal);
    }
  }
}

/** Reads and checks the files; exported for tests and for the schema dump. */
export async function readMigrations(directory: URL): Promise<Migration[]> {
  const names = (await readdir(directory)).filter((name) => name.endsWith(".sql")).sort();
  const migrations = await Promise.all(
    names.map(async (name): Promise<Migration> => {
      const statements = await readFile(new URL(name, directory), "utf8");
      const checksum = createHash("sha256").update(statements).digest("hex");
      return { version: Number.parseInt(name, 10), name, statements, checksum };
    }),
  );
  migrations.forEach(({ version, name }, index) => {
    if (version !== index + 1) {
      throw new Error(`Migration ${name} should have number ${index + 1}, in ${fileURLToPath(directory)}.`);
    }
  });
  if (migrations.length === 0) {
    throw new Error(`There are no migrations in ${fileURLToPath(directory)}.`);
  }
  return migrations;
}

async function applyMissing(url: string, migrations: readonly Migration[], logger: Logger): Promise<void> {
  const client = connect({ url, applicationName: "migrate", connectionsMax: 1, pipelineMax: 1 });
  try {
    await client.unsafe(`select pg_advisory_lock(${migrationLock})`);
    await client.unsafe(`create table if not exists schema_migrations (
      version int primary key,
      name text not null,
      checksum text not null,
      applied_at timestamptz not null default now()
    )`);
    const applied = await readApplied(client);
    for (const migration of migrations) {
      const before = applied.get(migration.version);
      if (before === undefined) {
        await apply(client, migration);
        logger.info({ migration: migration.name }, "migrated");
      } else if (before !== migration.checksum) {
        throw new Error(
          `Migration ${migration.name} was changed after it had been applied. Add a new one instead.`,
        );
      }
    }
  } finally {
    await client.end({ timeout: 1 });
  }
}

async function readApplied(client: Client): Promise<Map<number, string>> {
  const rows = await client.unsafe("select version, checksum from schema_migrations order by version");
  return new Map(rows.map((row) => [Number(row.version), String(row.checksum)]));
}

async function apply(client: Client, migration: Migration): Promise<void> {
  await client.begin(async (tx) => {
    await tx.unsafe(migration.statements);
    await tx.unsafe("insert into schema_migrations (version, name, checksum) values ($1, $2, $3)", [
      migration.version,
      migration.name,
      migration.checksum,
    ]);
  });
}

async function createDatabaseIfMissing(url: string): Promise<void> {
  const name = new URL(url).pathname.slice(1);
  const client = connect({ url, applicationName: "migrate", connectionsMax: 1, pipelineMax: 1 });
  try {
    await client.unsafe("select 1");
  } catch (error) {
    if (codeOf(error) !== "3D000") {
      throw error;
    }
    await createDatabase(url, name);
  } finally {
    await client.end({ timeout: 1 });
  }
}

async function createDatabase(url: string, name: string): Promise<void> {
  const maintenanceUrl = new URL(url);
  maintenanceUrl.pathname = "/postgres";
  const client = connect({
    url: maintenanceUrl.href,
    applicationName: "migrate",
    connectionsMax: 1,
    pipelineMax: 1,
  });
  try {
    await client.unsafe(`create database "${name.replaceAll('"', '""')}"`);
  } catch (error) {
    // Another replica was faster: 42P04 if it was done, 23505 if both were at it.
    if (codeOf(error) !== "42P04" && codeOf(error) !== "23505") {
      throw error;
    }
  } finally {
    await client.end({ timeout: 1 });
  }
}
