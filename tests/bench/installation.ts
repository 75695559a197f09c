import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { embeddedDatabaseUrl, startEmbeddedPostgres } from "@ordermesh/embedded/embedded-postgres";
import { findFreePort } from "@ordermesh/embedded/port";
import { withTimeout } from "@ordermesh/process/wait";
import { eventually } from "@ordermesh/testkit/eventually";
import postgres from "postgres";

/** A PostgreSQL server that syncs every commit to the disk, as `npm start` runs it. */
export interface DatabaseServer {
  readonly pid: number;
  /** Address of a database, which its service's migrations create. */
  urlOf(database: string): string;
  stop(): Promise<void>;
}

export async function startDatabaseServer(): Promise<DatabaseServer> {
  const directory = await mkdtemp(join(tmpdir(), "ordermesh-bench-"));
  // Root's PostgreSQL runs under another account, which must be able to enter.
  await chmod(directory, 0o755);
  const server = await startEmbeddedPostgres({
    dataDirectory: join(directory, "postgres"),
    runDirectory: join(directory, "run"),
    port: 0,
  });
  return {
    pid: await postmasterPid(server.url),
    urlOf: (database) => embeddedDatabaseUrl(server.port, database),
    async stop() {
      await server.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** The first line of the server's own file. */
async function postmasterPid(url: string): Promise<number> {
  const admin = postgres(url, { max: 1, onnotice: () => {} });
  const [row] = await admin<
    { pid: string }[]
  >`select split_part(pg_read_file('postmaster.pid'), E'\n', 1) as pid`;
  await admin.end();
  return Number(row?.pid);
}

/** A program in a process of its own, which prints one line when it is ready. */
export interface ChildProgram {
  readonly pid: number;
  /** What it printed. */
  readonly firstLine: string;
  stop(): Promise<void>;
}

/** Starts a TypeScript file beside this one. */
export async function startProgram(file: string, parameters: readonly string[] = []): Promise<ChildProgram> {
  const path = fileURLToPath(new URL(file, import.meta.url));
  const child = spawn(process.execPath, ["--import", "tsx", path, ...parameters], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const firstLine = await withTimeout(
    untilFirstLine(child),
    30_000,
    () => new Error(`${file} was not ready within 30 s.`),
  );
  return {
    pid: child.pid ?? 0,
    firstLine,
    stop: () => ended(child, "SIGTERM"),
  };
}

async function untilFirstLine(child: ChildProcess): Promise<string> {
  if (child.stdout === null) {
    throw new Error("The program has no output.");
  }
  const lines = createInterface({ input: child.stdout });
  const [line] = await Promise.race([
    once(lines, "line"),
    once(child, "exit").then(([code]) => Promise.reject(new Error(`The program ended with ${code}.`))),
  ]);
  return line;
}

/** A broker for the services under load: the one that KAFKA_BROKERS names, or the embedded one in its own process. */
export interface Broker {
  readonly address: string;
  /** 0 if it is not ours. */
  readonly pid: number;
  stop(): Promise<void>;
}

export async function startBroker(): Promise<Broker> {
  const external = process.env.KAFKA_BROKERS;
  if (external !== undefined) {
    return { address: external, pid: 0, stop: async () => {} };
  }
  const dataDirectory = await mkdtemp(join(tmpdir(), "ordermesh-bench-broker-"));
  const port = await findFreePort();
  const child = spawn(
    process.execPath,
    [fileURLToPath(new URL("../../apps/devkafka/dist/main.js", import.meta.url))],
    {
      env: {
        ...process.env,
        DEVKAFKA_PORT: `${port}`,
        DEVKAFKA_DATA_DIRECTORY: dataDirectory,
        LOG_LEVEL: "error",
      },
      stdio: ["ignore", "ignore", "inherit"],
    },
  );
  await eventually(() => expectListening(port), { timeoutMs: 30_000 });
  return {
    address: `127.0.0.1:${port}`,
    pid: child.pid ?? 0,
    async stop() {
      await ended(child, "SIGTERM");
      await rm(dataDirectory, { recursive: true, force: true });
    },
  };
}

function expectListening(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: "127.0.0.1", port });
    socket.once("error", reject);
    socket.once("connect", () => {
      socket.destroy();
      resolve();
    });
  });
}

async function ended(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) {
    const exited = once(child, "exit");
    child.kill(signal);
    await exited;
  }
}
