import { access } from "node:fs/promises";
import { Failure } from "@ordermesh/failure/failure";
import { createStopList, type StopList } from "@ordermesh/process/stop-in-order";
import { claimDataFolder } from "./claim-data-folder.ts";
import type { MeshConfig } from "./config.ts";
import { type DataFolder, explainUnwritable } from "./data-folder.ts";
import { type DatabaseServer, startDatabaseServer } from "./database-server.ts";
import { makeMeshKeys } from "./mesh-keys.ts";
import { choosePorts, type ProgramAddresses } from "./ports.ts";
import type { Program, Service } from "./programs.ts";
import { askPort, askReadyz } from "./readiness.ts";
import type { Report } from "./report.ts";
import { type RunningProgram, runProgram, seconds } from "./run-program.ts";
import { serviceEnvironment } from "./service-environment.ts";

/** A mesh that runs and is ready. */
export interface Mesh {
  /** Where to reach each service, by its name. */
  readonly addresses: Readonly<Record<string, string>>;
  /** Address of each service's database, by the service's name. */
  readonly databaseUrls: Readonly<Record<string, string>>;
  /** As in KAFKA_BROKERS. Undefined when no service needs Kafka. */
  readonly kafkaBrokers: string | undefined;
  /** Stops everything in order: services, broker, databases. Takes up to a minute and a half. */
  stop(): Promise<void>;
}

export interface MeshOptions {
  readonly config: MeshConfig;
  /** Those of the map that are to run. */
  readonly services: readonly Service[];
  readonly broker: Program;
  /** Removes all data first. */
  readonly fresh: boolean;
  /** Gives up starting. */
  readonly signal: AbortSignal;
  readonly report: Report;
  readonly early?: readonly EarlyWork[];
}

/** Work that needs some of the services only, and starts as soon as those are ready. Left out when one is missing. */
export interface EarlyWork {
  readonly needs: readonly string[];
  readonly run: (addresses: Readonly<Record<string, string>>) => Promise<void>;
}

const serviceStopMs = 30_000;
const brokerStopMs = 10_000;

/**
 * Starts databases, broker and services as far as they are not given, and waits until every service is ready.
 *
 * @throws Failure in one sentence, or the signal's reason. Nothing runs any more then.
 */
export async function startMesh(options: MeshOptions): Promise<Mesh> {
  const parts = createStopList();
  try {
    return await startParts(options, parts);
  } catch (error) {
    await parts.stopAll();
    throw error;
  }
}

async function startParts(options: MeshOptions, parts: StopList): Promise<Mesh> {
  const { config, services, broker, fresh, signal, report } = options;
  const needsBroker = config.kafkaBrokers === undefined && services.some((service) => service.usesKafka);
  const programs = needsBroker ? [broker, ...services] : services;
  await checkBuilt(programs);
  // Each program, and the database server, listens for the exit of this process. Node warns of more than ten.
  process.setMaxListeners(Math.max(process.getMaxListeners(), programs.length + 10));
  const { folder, release } = await claimDataFolder({
    dataDirectory: config.dataDirectory,
    fresh,
    onProgress: report.progress,
  });
  parts.add("claim on the data folder", release);
  const addresses = await choosePorts(programs, config);
  // Of all services, also of those that somebody starts by hand beside these.
  const known = Object.keys(config.addresses).filter((name) => name !== broker.name);
  const keys = await explainUnwritable(config.dataDirectory, () => makeMeshKeys(folder.keys, known));
  signal.throwIfAborted();

  const databases = startDatabases(options, folder);
  parts.add("PostgreSQL", async () => (await databases.catch(() => undefined))?.stop());
  const brokerStarted = needsBroker ? startBroker(options, folder, addresses, parts) : undefined;
  const [databaseServer] = await Promise.all([databases, brokerStarted]);

  const databaseUrls = Object.fromEntries(
    services.map(({ name }) => [name, config.databaseUrls[name] ?? databaseServer?.urlOf(name) ?? ""]),
  );
  const kafkaBrokers = config.kafkaBrokers ?? addresses.get(broker.name)?.target;
  report.progress(`starting ${services.map(({ name }) => name).join(", ")}`);
  const running = services.map((service) =>
    runProgram({
      program: service,
      environment: serviceEnvironment(service, { config, addresses, databaseUrls, kafkaBrokers, keys }),
      runDirectory: folder.run,
      report,
    }),
  );
  parts.add("services", async () => {
    await Promise.all(running.map((program) => program.stop(serviceStopMs)));
  });
  const targets = Object.fromEntries(services.map(({ name }) => [name, addresses.get(name)?.target ?? ""]));
  const { early = [] } = options;
  await untilAllReady({ running, services, addresses, targets, signal, early });

  return {
    addresses: targets,
    databaseUrls,
    kafkaBrokers,
    stop: parts.stopAll,
  };
}

/** Checked before anything is started, as it is the cheapest to find out. */
async function checkBuilt(programs: readonly Program[]): Promise<void> {
  for (const { name, entry } of programs) {
    await access(entry).catch((error: unknown) => {
      throw new Failure(
        "failed_precondition",
        `${name} is not built, ${entry} is missing: run \`npm start\`.`,
        {
          reason: "NOT_BUILT",
          cause: error,
        },
      );
    });
  }
}

async function startDatabases(options: MeshOptions, folder: DataFolder): Promise<DatabaseServer | undefined> {
  const { config, services, report } = options;
  if (services.every(({ name }) => config.databaseUrls[name] !== undefined)) {
    return undefined;
  }
  const startedAt = performance.now();
  const server = await startDatabaseServer({
    dataDirectory: folder.postgres,
    runDirectory: folder.run,
    port: config.postgresPort,
    report,
  });
  const took = seconds(performance.now() - startedAt);
  report.progress(`PostgreSQL is ready on 127.0.0.1:${server.port} (${took})`);
  return server;
}

async function startBroker(
  options: MeshOptions,
  folder: DataFolder,
  addresses: ProgramAddresses,
  parts: StopList,
): Promise<void> {
  const { config, broker, signal, report } = options;
  const { host, port } = addresses.get(broker.name)!;
  const running = runProgram({
    program: broker,
    environment: {
      DEVKAFKA_DATA_DIRECTORY: folder.kafka,
      ...config.environment,
      [broker.hostVariable]: host,
      [broker.port.variable]: String(port),
      LOG_FORMAT: "json",
    },
    runDirectory: folder.run,
    report,
  });
  parts.add(broker.name, () => running.stop(brokerStopMs));
  await running.untilReady(() => askPort(port), signal);
}

/** Waits for all of them and for all early work; the first one that fails ends the waiting for the others. */
async function untilAllReady(waiting: {
  readonly running: readonly RunningProgram[];
  readonly services: readonly Service[];
  readonly addresses: ProgramAddresses;
  readonly targets: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  readonly early: readonly EarlyWork[];
}): Promise<void> {
  const { running, services, addresses, targets, signal, early } = waiting;
  const failed = new AbortController();
  const either = AbortSignal.any([signal, failed.signal]);
  const ready = new Map<string, Promise<void>>();
  for (const [index, { name }] of services.entries()) {
    const { reachableHost, port } = addresses.get(name)!;
    const wait = running[index]!.untilReady(() => askReadyz({ host: reachableHost, port }), either);
    ready.set(
      name,
      wait.catch((error: unknown) => {
        failed.abort(error);
        throw error;
      }),
    );
  }
  const earlyWork = early
    .map(({ needs, run }) => ({ needed: needs.map((name) => ready.get(name)), run }))
    .filter(({ needed }) => !needed.includes(undefined))
    .map(({ needed, run }) => Promise.all(needed).then(() => run(targets)));
  await Promise.race([Promise.all([...ready.values(), ...earlyWork]), rejectOnAbort(signal)]);
}

/** So that an interruption need not wait for the early work. Its rejection may come when nobody waits any more. */
function rejectOnAbort(signal: AbortSignal): Promise<never> {
  const rejection = new Promise<never>((_resolve, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
  rejection.catch(() => {});
  return rejection;
}
