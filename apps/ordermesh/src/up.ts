import { createLogger, type LogFormat } from "@ordermesh/telemetry/logger";
import { type Command, InvalidArgumentError } from "commander";
import type { MeshAddresses, MeshClients } from "./clients.ts";
import { chooseLogFormat, type MeshConfig, readMeshConfig } from "./config.ts";
import { describeError } from "./exit-codes.ts";
import { listenForInterruption } from "./interruption.ts";
import { type EarlyWork, type Mesh, startMesh } from "./mesh.ts";
import { broker, type Program, postgresPort, type Service, services } from "./programs.ts";
import { readyText, withoutForeignSecret } from "./ready-text.ts";
import { createReport, type Report } from "./report.ts";
import { seconds } from "./run-program.ts";
import { withVerifier } from "./verify/verifier-port.ts";

interface UpOptions {
  readonly fresh?: true;
  readonly seed: boolean;
  readonly services?: readonly string[];
  readonly json?: true;
}

/** What the command starts. Tests give small programs of their own. */
export interface ProgramMap {
  readonly services: readonly Service[];
  readonly broker: Program;
}

export function addUpCommand(program: Command, map: ProgramMap = { services, broker }): void {
  const names = map.services.map(({ name }) => name);
  program
    .command("up")
    .description(
      "Starts databases, broker and services on this machine, and keeps them running until Ctrl-C.",
    )
    .option("--fresh", "remove all data first")
    .option("--no-seed", "do not add the demo catalogue, its stock and locations")
    .option(
      "--services <names>",
      `only these, separated by commas (of ${names.join(", ")})`,
      parseServices(names),
    )
    .option("--json", "print JSON lines, for a program that reads along")
    .addHelpText("after", environmentText(map))
    .action((options: UpOptions) => runUp(options, map));
}

function parseServices(known: readonly string[]): (text: string) => readonly string[] {
  return (text) => {
    const names = text.split(",").map((name) => name.trim());
    const unknown = names.filter((name) => !known.includes(name));
    if (unknown.length > 0) {
      throw new InvalidArgumentError(
        `There is no ${unknown.join(", ")}. The services are ${known.join(", ")}.`,
      );
    }
    return names;
  };
}

function environmentText({ services, broker }: ProgramMap): string {
  const ports = [postgresPort, broker.port, ...services.map(({ port }) => port)];
  const databases = services.map(({ databaseVariable }) => databaseVariable);
  return `
Environment:
  ${ports.map(({ variable, standard }) => `${variable} (${standard})`).join(", ")}: ports; 0 takes a free one
  ${databases.join(", ")}: databases to use instead of the embedded server
  KAFKA_BROKERS: brokers to use instead of devkafka
  ORDERMESH_DATA_DIRECTORY: where data and keys are kept (.data)
  AUTH=off: services ask nobody who calls; MINIZON_OPEN=0, ORDERED_ONLINE_OPEN=0: their clients need a token too
  LOG_LEVEL (info): debug, info, warn or error
  OTEL_EXPORTER_OTLP_ENDPOINT: where the services send their traces`;
}

async function runUp(options: UpOptions, map: ProgramMap): Promise<void> {
  const startedAt = performance.now();
  const config = await withVerifier(readMeshConfig(map.services, map.broker));
  const format = chooseLogFormat(options.json === true, config.environment);
  const report = createReport({ format, level: config.logLevel });
  const interruption = listenForInterruption(() => {
    // What still runs is killed as this process exits: see supervise.ts.
    report.warn("stopping at once");
    process.exit(1);
  });
  const { signal } = interruption;
  try {
    const mesh = await startMesh({
      config,
      services: map.services.filter(({ name }) => options.services?.includes(name) ?? true),
      broker: map.broker,
      fresh: options.fresh === true,
      signal,
      report,
      early: options.seed ? seeding(config, report, signal) : [],
    });
    const verifier = await serveVerifications(mesh, config, report);
    try {
      announce(mesh, {
        readyInMs: performance.now() - startedAt,
        dataDirectory: config.dataDirectory,
        format,
        report,
      });
      await untilAborted(signal);
    } finally {
      await verifier?.stop();
      await stop(mesh, report);
    }
  } catch (error) {
    // Asked to stop while it was starting: everything is down again, as wished.
    if (!signal.aborted) {
      throw error;
    }
  } finally {
    interruption.close();
  }
}

/** The demo data. Locations come when their services are there, which is a little later. */
function seeding({ serviceKey }: MeshConfig, report: Report, signal: AbortSignal): EarlyWork[] {
  /** A mesh without its demo data is still a mesh, so what goes wrong here is told and no more. */
  async function add(
    what: string,
    addresses: MeshAddresses,
    work: (clients: MeshClients) => Promise<unknown>,
  ): Promise<void> {
    try {
      const [{ openClients }, { ownCredentials }] = await Promise.all([
        import("./clients.ts"),
        import("./credentials.ts"),
      ]);
      const clients = await openClients(addresses, await ownCredentials(serviceKey));
      try {
        await work(clients);
      } finally {
        clients.close();
      }
    } catch (error) {
      if (!signal.aborted) {
        report.warn(`the demo ${what} could not be added: ${describeError(error)}`);
      }
    }
  }
  return [
    {
      needs: ["product", "loms"],
      run: (addresses) =>
        add("data", addresses, async (clients) => {
          const { seedDemo } = await import("./seed.ts");
          await seedDemo(clients, report.progress);
        }),
    },
    {
      needs: ["tables", "product", "identity"],
      run: (addresses) =>
        add("locations", addresses, async (clients) => {
          const { seedLocations } = await import("./seed-locations.ts");
          await seedLocations(clients, addresses, report.progress);
        }),
    },
  ];
}

/** Without it operators verify on the command line, so what goes wrong here is told and no more. */
async function serveVerifications(mesh: Mesh, config: MeshConfig, report: Report) {
  if (config.verifierPort === undefined) {
    return undefined;
  }
  try {
    const { hostVerification } = await import("./verify/host-verification.ts");
    return await hostVerification({
      host: "127.0.0.1",
      port: config.verifierPort,
      mesh,
      environment: config.environment,
      logger: createLogger({ service: "verify", level: "error", format: "json" }),
    });
  } catch (error) {
    report.warn(`verifications can not be served: ${describeError(error)}`);
    return undefined;
  }
}

function announce(
  mesh: Mesh,
  details: { readyInMs: number; dataDirectory: string; format: LogFormat; report: Report },
): void {
  const { readyInMs, dataDirectory, format, report } = details;
  if (format === "readable") {
    process.stdout.write(`${readyText(mesh, readyInMs, dataDirectory)}\n`);
  } else {
    const { addresses, databaseUrls, kafkaBrokers } = mesh;
    report.progress(`ready in ${Math.round(readyInMs)} ms`, {
      addresses,
      database_urls: Object.fromEntries(
        Object.entries(databaseUrls).map(([name, url]) => [name, withoutForeignSecret(url)]),
      ),
      kafka_brokers: kafkaBrokers,
    });
  }
}

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) {
      resolve();
    }
    // A promise alone does not keep a process alive, and every program may be in its pause before a restart.
    const alive = setInterval(() => {}, 60_000);
    signal.addEventListener("abort", () => {
      clearInterval(alive);
      resolve();
    });
  });
}

async function stop(mesh: Mesh, report: Report): Promise<void> {
  const startedAt = performance.now();
  report.progress("stopping");
  await mesh.stop();
  report.progress(`stopped in ${seconds(performance.now() - startedAt)}`);
}
