import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { endProcess, identifyProcess, type ProcessIdentity } from "./process-identity.ts";

/** What a server writes about itself into postmaster.pid. */
export interface PostmasterFile {
  readonly pid: number;
  readonly port: number;
  /** starting, ready, stopping or standby. */
  readonly status: string;
}

/** Reads postmaster.pid. Undefined when there is none, or when it is only half written. */
export async function readPostmasterFile(dataDirectory: string): Promise<PostmasterFile | undefined> {
  const text = await readFile(pidFile(dataDirectory), "utf8").catch(() => "");
  const lines = text.split("\n");
  const pid = Number(lines[0]);
  return Number.isSafeInteger(pid) && pid > 0
    ? { pid, port: Number(lines[3] ?? 0), status: lines[7]?.trim() ?? "" }
    : undefined;
}

/** A server that runs on a data folder. */
export interface RunningPostmaster {
  readonly identity: ProcessIdentity;
  readonly port: number;
}

/** The server that runs on a data folder already, for example because its parent was killed. */
export async function findRunningPostmaster(dataDirectory: string): Promise<RunningPostmaster | undefined> {
  const file = await readPostmasterFile(dataDirectory);
  if (file === undefined) {
    return undefined;
  }
  const identity = await identifyProcess(file.pid);
  const isPostmaster =
    identity?.command.includes("postgres") === true && identity.command.includes(dataDirectory);
  return identity !== undefined && isPostmaster ? { identity, port: file.port } : undefined;
}

/**
 * Makes a postmaster.pid harmless whose number now means some other process. PostgreSQL would refuse to start for
 * it; but it takes its parent's number for stale, and still checks that no backend of the dead server uses the
 * memory that the file names. Removing the file would lose that check.
 */
export async function disarmStalePostmasterFile(dataDirectory: string): Promise<void> {
  const file = await readPostmasterFile(dataDirectory);
  if (file === undefined || (await identifyProcess(file.pid)) === undefined) {
    return;
  }
  const lines = (await readFile(pidFile(dataDirectory), "utf8")).split("\n");
  await writeFile(pidFile(dataDirectory), [String(process.pid), ...lines.slice(1)].join("\n"));
}

/** Stops a server that is not our child: quickly, then at once. True when it is gone. */
export function stopPostmaster(identity: ProcessIdentity): Promise<boolean> {
  return endProcess(identity, stopSteps);
}

/** PostgreSQL's fast shutdown; its immediate one, after which the next start recovers; and the kernel's. */
export const stopSteps = [
  { signal: "SIGINT", timeoutMs: 20_000 },
  { signal: "SIGQUIT", timeoutMs: 5_000 },
  { signal: "SIGKILL", timeoutMs: 5_000 },
] as const;

function pidFile(dataDirectory: string): string {
  return join(dataDirectory, "postmaster.pid");
}
