import { randomBytes } from "node:crypto";
import { migrate } from "@ordermesh/postgres/migrate";
import postgres from "postgres";
import { postgresUrl } from "./infrastructure.ts";
import { testLogger } from "./test-logger.ts";

export interface FreshDatabase {
  readonly url: string;
  /** Removes it, cutting connections that were left open. */
  drop(): Promise<void>;
}

/** An own database for one test file, migrated from a folder of SQL files, or empty. */
export async function freshDatabase(options: { readonly migrations?: URL } = {}): Promise<FreshDatabase> {
  const name = `test_${randomBytes(8).toString("hex")}`;
  const url = new URL(postgresUrl());
  url.pathname = `/${name}`;
  await onServer((server) => server.unsafe(`create database ${name}`));
  if (options.migrations !== undefined) {
    await migrate({
      url: url.href,
      directory: options.migrations,
      logger: testLogger(),
      signal: AbortSignal.timeout(30_000),
    });
  }
  return {
    url: url.href,
    drop: () => onServer((server) => server.unsafe(`drop database if exists ${name} with (force)`)),
  };
}

async function onServer(work: (server: postgres.Sql) => PromiseLike<unknown>): Promise<void> {
  const server = postgres(postgresUrl(), { max: 1, onnotice: () => {} });
  try {
    await work(server);
  } finally {
    await server.end({ timeout: 5 });
  }
}
