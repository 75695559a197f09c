import { type ChildProcess, spawn } from "node:child_process";
import { Failure } from "@ordermesh/failure/failure";
import { pause } from "@ordermesh/process/wait";
import type { Account } from "./account.ts";
import { unsupportedPlatform } from "./binaries.ts";
import { cannotRun, damagedDataDirectory, spawnOptions } from "./data-directory.ts";
import { type RunningPostmaster, readPostmasterFile, stopPostmaster, stopSteps } from "./postmaster.ts";
import { isSameProcess } from "./process-identity.ts";

/** How a server ended. Code and signal are unknown (null) for one that was not our child. */
export interface PostgresExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** The last thing it wrote to its log, empty if unknown. */
  readonly lastLogLine: string;
}

/** One server process. */
export interface Server {
  readonly port: number;
  readonly exited: Promise<PostgresExit>;
  stop(): Promise<void>;
  kill(): void;
}

/** All that it takes to start a server. */
export interface ServerLaunch {
  readonly program: string;
  readonly serverOptions: readonly string[];
  readonly account: Account | undefined;
  readonly dataDirectory: string;
  readonly port: number;
}

const readyTimeoutMs = 60_000;
const keptLogLines = 50;

/**
 * Starts the server process and waits until it accepts connections, for at most a minute: recovery after a crash
 * takes its time.
 *
 * @throws Failure PORT_TAKEN, MEMORY_IN_USE (backends of a killed server still run: try again), DATA_DIRECTORY_DAMAGED,
 *   UNSUPPORTED_PLATFORM, POSTGRES_START_TIMEOUT.
 */
export async function startServer(launch: ServerLaunch): Promise<Server> {
  const { dataDirectory, port } = launch;
  const child = spawn(launch.program, launch.serverOptions, spawnOptions(launch.account));
  const log = keepLastLines(child);
  let startError: Error | undefined;
  const exited = new Promise<PostgresExit>((resolve) => {
    child.once("error", (error) => {
      startError = error;
      resolve({ code: null, signal: null, lastLogLine: error.message });
    });
    child.once("close", (code, signal) => resolve({ code, signal, lastLogLine: log.at(-1) ?? "" }));
  });
  // A process that ends without stopping its server must not leave it behind. Only SIGKILL gets around this, and
  // then the next start finds the server and takes it over.
  const stopAtExit = () => child.kill("SIGINT");
  process.once("exit", stopAtExit);
  void exited.then(() => process.off("exit", stopAtExit));

  const end = exited.then(() => "ended" as const);
  for (const deadline = Date.now() + readyTimeoutMs; ; ) {
    const file = await readPostmasterFile(dataDirectory);
    if (file?.pid === child.pid && file?.status === "ready") {
      break;
    }
    if ((await Promise.race([end, pause(10)])) === "ended") {
      throw startError === undefined
        ? explainExit(dataDirectory, log)
        : cannotRun(launch.program, startError);
    }
    if (Date.now() > deadline) {
      child.kill("SIGQUIT");
      throw new Failure(
        "deadline_exceeded",
        `PostgreSQL was not ready within ${readyTimeoutMs / 1000} s; it last said: ${log.at(-1) ?? "nothing"}.`,
        { reason: "POSTGRES_START_TIMEOUT" },
      );
    }
  }
  return { port, exited, stop: () => stopChild(child, exited), kill: () => child.kill("SIGKILL") };
}

/** The same for a server that runs already and is not our child. */
export function adoptServer(running: RunningPostmaster): Server {
  const { identity, port } = running;
  let isStopped = false;
  const stopAtExit = () => signalIfRunning(identity.pid, "SIGINT");
  process.once("exit", stopAtExit);
  const watch = async (): Promise<PostgresExit> => {
    while (!isStopped && (await isSameProcess(identity))) {
      await pause(100);
    }
    process.off("exit", stopAtExit);
    return { code: null, signal: null, lastLogLine: "" };
  };
  return {
    port,
    exited: watch(),
    async stop() {
      isStopped = await stopPostmaster(identity);
      if (!isStopped) {
        throw new Failure("internal", `PostgreSQL (process ${identity.pid}) does not stop.`, {
          reason: "POSTGRES_STOP_TIMEOUT",
        });
      }
    },
    kill: () => signalIfRunning(identity.pid, "SIGKILL"),
  };
}

function signalIfRunning(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended by itself.
  }
}

async function stopChild(child: ChildProcess, exited: Promise<PostgresExit>): Promise<void> {
  const end = exited.then(() => "ended" as const);
  for (const { signal, timeoutMs } of stopSteps) {
    child.kill(signal);
    const waiting = new AbortController();
    const outcome = await Promise.race([end, pause(timeoutMs, waiting.signal)]);
    waiting.abort();
    if (outcome === "ended") {
      return;
    }
  }
  throw new Failure("internal", `PostgreSQL (process ${child.pid}) does not stop.`, {
    reason: "POSTGRES_STOP_TIMEOUT",
  });
}

function keepLastLines(child: ChildProcess): string[] {
  const lines: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on("data", (chunk: Buffer) => {
      lines.push(
        ...String(chunk)
          .split("\n")
          .filter((line) => line.trim() !== ""),
      );
      lines.splice(0, Math.max(0, lines.length - keptLogLines));
    });
  }
  return lines;
}

function explainExit(dataDirectory: string, log: readonly string[]): Failure {
  const text = log.join("\n");
  if (/could not bind|could not create any TCP\/IP sockets|Address already in use/.test(text)) {
    return new Failure("failed_precondition", "The port is taken.", { reason: "PORT_TAKEN" });
  }
  if (/pre-existing shared memory block/.test(text)) {
    return new Failure(
      "failed_precondition",
      `Backends of a killed server still use ${dataDirectory}: wait a moment.`,
      {
        reason: "MEMORY_IN_USE",
      },
    );
  }
  if (/lock file "postmaster.pid" already exists/.test(text)) {
    return new Failure(
      "failed_precondition",
      `Another server runs on the data folder ${dataDirectory}: stop it first.`,
      {
        reason: "DATA_DIRECTORY_IN_USE",
      },
    );
  }
  if (/error while loading shared libraries|GLIBC/.test(text)) {
    return unsupportedPlatform("its programs cannot be loaded", new Error(text));
  }
  const invalidSetting = log.find((line) =>
    /unrecognized configuration parameter|invalid value for parameter/.test(line),
  );
  if (invalidSetting !== undefined) {
    return new Failure(
      "invalid_argument",
      `PostgreSQL does not take a setting: ${messageOf(invalidSetting)}.`,
      {
        reason: "POSTGRES_SETTING",
      },
    );
  }
  const fatal = log.find((line) => /PANIC|FATAL/.test(line)) ?? log.at(-1) ?? "it ended without a word";
  return damagedDataDirectory(dataDirectory, messageOf(fatal));
}

/** Cuts time stamp, process number and level off a log line. */
function messageOf(line: string): string {
  return line.replace(/^.*?(PANIC|FATAL|ERROR):\s*/, "").replace(/[.\s]+$/, "");
}
