import { type ChildProcess, spawn } from "node:child_process";
import { rm, writeFile } from "node:fs/promises";
import { identifyProcess } from "@ordermesh/embedded/process-identity";
import { pause } from "@ordermesh/process/wait";
import { explanationIn, readLines } from "./child-output.ts";

/** What happens to a program while it is supervised. */
export type ProgramEvent =
  | { readonly kind: "started"; readonly pid: number }
  | { readonly kind: "died"; readonly reason: string; readonly restartInMs: number }
  | { readonly kind: "killed"; readonly afterMs: number };

export interface SuperviseOptions {
  readonly name: string;
  readonly program: string;
  readonly programArguments: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Where to note which process it is, for whoever has to clean up when we are killed. */
  readonly pidFile: string;
  readonly onLine: (line: string, source: "stdout" | "stderr") => void;
  readonly onEvent: (event: ProgramEvent) => void;
  readonly restarts?: RestartPolicy;
}

export interface RestartPolicy {
  /** Before the first restart; doubles with every death. */
  readonly delayMs: number;
  readonly delayMaxMs: number;
  /** A program that lived so long was healthy: its next death counts as the first. */
  readonly healthyAfterMs: number;
}

const standardRestarts: RestartPolicy = { delayMs: 200, delayMaxMs: 10_000, healthyAfterMs: 30_000 };

export interface Supervised {
  readonly name: string;
  /** Deaths in a row, without a healthy time between. */
  deaths(): number;
  /**
   * Asks the program to stop with SIGTERM, kills it after `timeoutMs`, and never starts it again. May be called
   * repeatedly.
   */
  stop(timeoutMs: number): Promise<void>;
}

/** Starts a program and starts it again whenever it dies, until it is stopped. */
export function supervise(options: SuperviseOptions): Supervised {
  const { name, onEvent, restarts = standardRestarts } = options;
  const stopping = new AbortController();
  let child: ChildProcess | undefined;
  let deathsInARow = 0;

  // Children are no members of our process group (see startChild), so nobody else would end them with us.
  const killAtExit = () => child?.kill("SIGKILL");
  process.once("exit", killAtExit);

  async function keepRunning(): Promise<void> {
    while (!stopping.signal.aborted) {
      const startedAt = performance.now();
      const started = startChild(options);
      child = started.child;
      const reason = await started.ended;
      child = undefined;
      if (stopping.signal.aborted) {
        break;
      }
      const wasHealthy = performance.now() - startedAt >= restarts.healthyAfterMs;
      deathsInARow = wasHealthy ? 1 : deathsInARow + 1;
      const restartInMs = Math.min(
        restarts.delayMaxMs,
        restarts.delayMs * 2 ** Math.min(deathsInARow - 1, 30),
      );
      onEvent({ kind: "died", reason, restartInMs });
      await pause(restartInMs, stopping.signal);
    }
    process.off("exit", killAtExit);
    await rm(options.pidFile, { force: true });
  }

  const stopped = keepRunning();
  return {
    name,
    deaths: () => deathsInARow,
    async stop(timeoutMs) {
      stopping.abort();
      child?.kill("SIGTERM");
      if (!(await endsWithin(stopped, timeoutMs))) {
        onEvent({ kind: "killed", afterMs: timeoutMs });
        child?.kill("SIGKILL");
      }
      // Even a killed process may linger, while its disk or network file system does not answer.
      await endsWithin(stopped, killedProcessEndsWithinMs);
    },
  };
}

async function endsWithin(stopped: Promise<void>, timeoutMs: number): Promise<boolean> {
  const waiting = new AbortController();
  const inTime = stopped.then(() => true);
  const outcome = await Promise.race([inTime, pause(timeoutMs, waiting.signal).then(() => false)]);
  waiting.abort();
  return outcome;
}

const killedProcessEndsWithinMs = 5_000;
const outputDrainMs = 200;

/** `ended` resolves with why, in words. */
function startChild(options: SuperviseOptions): { child: ChildProcess; ended: Promise<string> } {
  const child = spawn(options.program, options.programArguments, {
    env: options.environment,
    stdio: ["ignore", "pipe", "pipe"],
    // Its own process group: Ctrl-C in a terminal reaches the whole group, and a service must hear of it from us
    // only, once and in its turn.
    detached: true,
  });
  let explanation = "";
  for (const source of ["stdout", "stderr"] as const) {
    readLines(child[source], (line) => {
      explanation = explanationIn(line, source) ?? explanation;
      options.onLine(line, source);
    });
  }
  child.once("spawn", () => {
    // Without the note nothing is lost but the next start's chance to clean up after a kill -9 of ours.
    void notePid(child, options.pidFile).catch(() => {});
    options.onEvent({ kind: "started", pid: child.pid ?? 0 });
  });
  const ended = new Promise<string>((resolve) => {
    child.once("error", (error) => resolve(`it could not be started: ${error.message}`));
    child.once("exit", async (code, signal) => {
      // Its last words may still be on their way; but a grandchild may hold the pipe open for good.
      const drained = new Promise<void>((closed) => child.once("close", () => closed()));
      await Promise.race([drained, pause(outputDrainMs)]);
      const how = signal === null ? `exit code ${code}` : `signal ${signal}`;
      resolve(explanation === "" ? how : `${how}, ${explanation}`);
    });
  });
  return { child, ended };
}

async function notePid(child: ChildProcess, pidFile: string): Promise<void> {
  const identity = await identifyProcess(child.pid ?? 0);
  if (identity !== undefined && child.exitCode === null && child.signalCode === null) {
    await writeFile(pidFile, JSON.stringify(identity));
  }
}
