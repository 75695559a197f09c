import { Failure } from "@ordermesh/failure/failure";
import { keepLast } from "./child-output.ts";
import { pidFileOf } from "./leftovers.ts";
import type { Program } from "./programs.ts";
import { type ReadinessAnswer, waitUntilReady } from "./readiness.ts";
import { describeLine, type Report } from "./report.ts";
import { type ProgramEvent, supervise } from "./supervise.ts";

/** A program of the mesh under supervision. */
export interface RunningProgram {
  /**
   * Waits until it is ready, for at most a minute.
   *
   * @throws Failure with its last lines when it is late or keeps dying, and the signal's reason on abort.
   */
  untilReady(ask: () => Promise<ReadinessAnswer>, signal: AbortSignal): Promise<void>;
  stop(timeoutMs: number): Promise<void>;
}

const readyTimeoutMs = 60_000;
const deathsUntilGivingUp = 5;
const shownLines = 10;

/** Starts a program of the mesh, and tells everything about it to the report. */
export function runProgram(options: {
  readonly program: Program;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly runDirectory: string;
  readonly report: Report;
}): RunningProgram {
  const { program, environment, runDirectory, report } = options;
  const { name } = program;
  const startedAt = performance.now();
  const lastLines = keepLast<string>(shownLines);
  let lastReason = "";

  const supervised = supervise({
    name,
    program: process.execPath,
    programArguments: ["--enable-source-maps", program.entry],
    environment,
    pidFile: pidFileOf(runDirectory, name),
    onLine(line, source) {
      lastLines.add(describeLine(name, line, source));
      report.programLine(name, line, source);
    },
    onEvent(event) {
      lastReason = event.kind === "died" ? event.reason : lastReason;
      reportEvent(name, event, report);
    },
  });

  return {
    async untilReady(ask, signal) {
      const problem = await waitUntilReady({
        ask,
        timeoutMs: readyTimeoutMs,
        signal,
        giveUp: () =>
          supervised.deaths() < deathsUntilGivingUp
            ? undefined
            : `it died ${deathsUntilGivingUp} times in a row: ${lastReason}`,
      });
      signal.throwIfAborted();
      if (problem !== undefined) {
        const lines = lastLines.items().map((line) => `\n  ${line}`);
        const output =
          lines.length === 0 ? "It has printed nothing." : `The last that it printed:${lines.join("")}`;
        throw new Failure("failed_precondition", `${name} could not be started: ${problem}.\n${output}`, {
          reason: "PROGRAM_NOT_READY",
        });
      }
      report.progress(`${name} is ready (${seconds(performance.now() - startedAt)})`, { program: name });
    },
    stop: supervised.stop,
  };
}

function reportEvent(name: string, event: ProgramEvent, report: Report): void {
  if (event.kind === "died") {
    const { reason, restartInMs } = event;
    report.warn(`${name} died (${reason}); starting it again in ${restartInMs} ms`, {
      program: name,
      reason,
      restart_in_ms: restartInMs,
    });
  } else if (event.kind === "killed") {
    report.warn(`${name} did not stop within ${event.afterMs / 1000} s and was killed`, { program: name });
  }
}

/** A time for people, such as "0.4 s". */
export function seconds(durationMs: number): string {
  return `${(durationMs / 1000).toFixed(1)} s`;
}
