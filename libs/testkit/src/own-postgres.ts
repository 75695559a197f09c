import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type EmbeddedPostgres,
  embeddedDatabaseUrl,
  startEmbeddedPostgres,
} from "@ordermesh/embedded/embedded-postgres";
import { readPostmasterFile } from "@ordermesh/embedded/postmaster";

/** A PostgreSQL server of one test's own, as safe as in production (fsync on), which can go down and come back. */
export interface OwnPostgres {
  /** Address of a database, which the service that is given it makes. */
  databaseUrl(name: string): string;
  /** `pg_ctl stop -m immediate`: no checkpoint, no goodbye to clients. Waits until it has ended. */
  stopImmediately(): Promise<void>;
  /** Starts it again on the same port and data, which it first recovers, and waits until it accepts connections. */
  start(): Promise<void>;
  /** Stops it for good and removes its data. */
  remove(): Promise<void>;
}

export async function startOwnPostgres(): Promise<OwnPostgres> {
  const directory = await mkdtemp(join(tmpdir(), "ordermesh-postgres-"));
  // Root's PostgreSQL runs under another account. It could not enter, and the data would be kept elsewhere for good.
  await chmod(directory, 0o755);
  const start = (port: number): Promise<EmbeddedPostgres> =>
    startEmbeddedPostgres({
      dataDirectory: join(directory, "postgres"),
      runDirectory: join(directory, "run"),
      port,
    });
  let server = await start(0);
  const { port } = server;
  return {
    databaseUrl: (name) => embeddedDatabaseUrl(port, name),
    async stopImmediately() {
      const file = await readPostmasterFile(server.dataDirectory);
      if (file === undefined) {
        throw new Error("The server is down already.");
      }
      process.kill(file.pid, "SIGQUIT");
      await server.exited;
    },
    async start() {
      server = await start(port);
    },
    async remove() {
      await server.stop();
      await rm(directory, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
