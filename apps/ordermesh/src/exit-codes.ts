import { ConfigError } from "@ordermesh/config/config";
import { Failure } from "@ordermesh/failure/failure";
import { CommanderError } from "commander";

/** What the command line ends with. Shown in `--help`, so that a script can rely on it. */
export const exitCodes = { ok: 0, problems: 1, usage: 2, unreachable: 3 } as const;

export const exitCodesText = `Exit codes:
  0  done, and nothing found
  1  failed, or found problems
  2  wrong usage or configuration
  3  could not reach a service, a database or a broker`;

/** The exit code for something that a command threw. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError) {
    return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
  }
  if (error instanceof ConfigError) {
    return exitCodes.usage;
  }
  if (error instanceof Failure) {
    if (error.kind === "invalid_argument") {
      return exitCodes.usage;
    }
    return error.kind === "unavailable" || error.kind === "deadline_exceeded"
      ? exitCodes.unreachable
      : exitCodes.problems;
  }
  return exitCodes.problems;
}

/** What a person reads about it: one sentence where we know what to do, a stack trace for a defect of ours. */
export function describeError(error: unknown): string {
  if (error instanceof Failure || error instanceof ConfigError) {
    return error.message;
  }
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
