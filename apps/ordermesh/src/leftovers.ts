import { readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import {
  endProcess,
  isSameProcess,
  type ProcessIdentity,
  parseIdentity,
} from "@ordermesh/embedded/process-identity";
import { Failure } from "@ordermesh/failure/failure";

/** A program that an `up` started, by the file that the supervisor wrote about it. */
export interface NotedProcess {
  readonly name: string;
  readonly pidFile: string;
  readonly identity: ProcessIdentity;
}

const pidFileEnding = ".pid.json";

/** Where the supervisor notes the process of a program. */
export function pidFileOf(runDirectory: string, name: string): string {
  return join(runDirectory, `${name}${pidFileEnding}`);
}

/** The noted processes that still run. A number that means another process by now is not one of them. */
export async function findNotedProcesses(runDirectory: string): Promise<NotedProcess[]> {
  const names = (await readdir(runDirectory).catch(() => [])).filter((name) => name.endsWith(pidFileEnding));
  const noted = await Promise.all(
    names.map(async (fileName) => {
      const pidFile = join(runDirectory, fileName);
      const identity = parseIdentity(await readFile(pidFile, "utf8").catch(() => ""));
      const isRunning = identity !== undefined && (await isSameProcess(identity));
      return isRunning ? [{ name: fileName.slice(0, -pidFileEnding.length), pidFile, identity }] : [];
    }),
  );
  return noted.flat();
}

const endSteps = [
  { signal: "SIGTERM", timeoutMs: 10_000 },
  { signal: "SIGKILL", timeoutMs: 5_000 },
] as const;

/**
 * Ends what an `up` has left behind that was killed. Only for whoever has made sure that no `up` runs.
 *
 * @throws Failure when one does not end.
 */
export async function stopLeftovers(runDirectory: string, onProgress: (text: string) => void): Promise<void> {
  const leftovers = await findNotedProcesses(runDirectory);
  await Promise.all(
    leftovers.map(async ({ name, pidFile, identity }) => {
      onProgress(`stopping ${name} (process ${identity.pid}), left running by an \`up\` that was killed`);
      if (!(await endProcess(identity, endSteps))) {
        throw new Failure(
          "failed_precondition",
          `${name} (process ${identity.pid}) was left running and does not stop: end it with \`kill -9 ${identity.pid}\`.`,
          { reason: "LEFTOVER_PROCESS" },
        );
      }
      await rm(pidFile, { force: true });
    }),
  );
}
