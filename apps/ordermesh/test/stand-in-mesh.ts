import { type ChildProcess, spawn } from "node:child_process";
import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { identifyProcess } from "@ordermesh/embedded/process-identity";
import type { Program, Service } from "@ordermesh/ordermesh/programs";

export type Behavior = "stubborn" | "never-ready" | "broken";

/** A folder with stand-ins for a broker and services, which write into one log what happens to them. */
export interface StandInMesh {
  readonly path: string;
  readonly dataDirectory: string;
  readonly broker: Program;
  service(
    name: string,
    options?: {
      behavior?: Behavior;
      upstreams?: Record<string, string>;
      settings?: Record<string, string>;
    },
  ): Promise<Service>;
  /** Any free port for everything, and databases that nobody looks at. */
  environment(services: readonly Service[], more?: Record<string, string>): Record<string, string>;
  /** Lines such as "started alpha 4711". */
  log(): Promise<string[]>;
  remove(): Promise<void>;
}

export async function makeStandInMesh(): Promise<StandInMesh> {
  const path = await mkdtemp(join(tmpdir(), "ordermesh up "));
  // Root's PostgreSQL runs under another account, and that one has to get here.
  await chmod(path, 0o755);
  const dataDirectory = join(path, "data");
  const logFile = join(path, "log");

  async function program(name: string, behavior?: Behavior): Promise<Program> {
    const variable = name.toUpperCase();
    const entry = join(path, `${name}.mjs`);
    const standIn = JSON.stringify(pathToFileURL(join(import.meta.dirname, "stand-in.mjs")).href);
    const options = JSON.stringify({ name, portVariable: `${variable}_PORT`, logFile, behavior });
    await writeFile(entry, `import { standIn } from ${standIn};\nstandIn(${options});\n`);
    return {
      name,
      entry,
      port: { variable: `${variable}_PORT`, standard: 0 },
      hostVariable: `${variable}_HOST`,
    };
  }

  return {
    path,
    dataDirectory,
    broker: await program("broker"),
    async service(name, { behavior, upstreams = {}, settings = {} } = {}) {
      const base = await program(name, behavior);
      const databaseVariable = `${name.toUpperCase()}_DATABASE_URL`;
      return { ...base, databaseVariable, usesKafka: true, upstreams, settings };
    },
    environment(services, more = {}) {
      const databases = services.map(({ name, databaseVariable }) => [
        databaseVariable,
        `postgres://nowhere/${name}`,
      ]);
      return {
        PATH: process.env.PATH ?? "",
        ORDERMESH_DATA_DIRECTORY: dataDirectory,
        POSTGRES_PORT: "0",
        ...Object.fromEntries(databases),
        ...more,
      };
    },
    log: async () => (await readFile(logFile, "utf8").catch(() => "")).split("\n").filter(Boolean),
    remove: () => rm(path, { recursive: true, force: true, maxRetries: 5 }),
  };
}

/** What Node is called with to run a TypeScript file of this folder. */
export function scriptArguments(path: string): string[] {
  const loader = pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href;
  return ["--import", loader, join(import.meta.dirname, path)];
}

/** Runs a TypeScript file as a program of its own, in its own process group. */
export function runScript(
  path: string,
  commandArguments: readonly string[],
  environment: Record<string, string>,
): ChildProcess {
  return runProgram([...scriptArguments(path), ...commandArguments], environment);
}

/** Runs Node as a program of its own, in its own process group. */
export function runProgram(
  nodeArguments: readonly string[],
  environment: Record<string, string>,
): ChildProcess {
  return spawn(process.execPath, nodeArguments, {
    detached: true,
    env: environment,
    stdio: ["ignore", "pipe", "pipe"],
  });
}

/** Collects what a program prints, and how it ends. */
export function watch(child: ChildProcess): {
  output(): string;
  ended: Promise<number | NodeJS.Signals | null>;
} {
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on("data", (chunk: Buffer) => {
      output += String(chunk);
    });
  }
  return {
    output: () => output,
    ended: new Promise((resolve) => child.once("close", (code, signal) => resolve(code ?? signal))),
  };
}

/** Those of the processes that run. One that has ended and only waits to be collected does not. */
export async function running(pids: readonly number[]): Promise<number[]> {
  const identities = await Promise.all(pids.map(identifyProcess));
  return identities.flatMap((identity) => (identity === undefined ? [] : [identity.pid]));
}
