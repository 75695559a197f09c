import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { Failure } from "@ordermesh/failure/failure";

/** A broker on this machine answers within this time. */
const probeTimeoutMs = 1_000;

interface Owner {
  readonly pid: number;
  readonly host: string;
  readonly port: number;
}

/**
 * Makes sure that no other broker works on the data directory: two would cut off each other's appends. The owner of a
 * directory is the process that its lock file names, if that process lives and its port answers; after a crash neither
 * an old file nor a process that happens to have the old number is in the way.
 *
 * @throws Failure naming the owner.
 */
export async function checkDataDirectoryIsFree(dataDirectory: string): Promise<void> {
  const owner = readOwner(lockFile(dataDirectory));
  if (owner === undefined || owner.pid === process.pid || !isAlive(owner.pid) || !(await answers(owner))) {
    return;
  }
  throw new Failure(
    "failed_precondition",
    `The data directory ${dataDirectory} is in use by process ${owner.pid}, which listens on ${owner.host}:${owner.port}: stop it, or choose another directory with DEVKAFKA_DATA_DIRECTORY.`,
    { reason: "DATA_DIRECTORY_IN_USE" },
  );
}

/** Names this process as the owner. Returns what takes the name away again. */
export function lockDataDirectory(
  dataDirectory: string,
  address: { host: string; port: number },
): () => void {
  const owner: Owner = { pid: process.pid, ...address };
  writeFileSync(lockFile(dataDirectory), `${JSON.stringify(owner)}\n`);
  return () => rmSync(lockFile(dataDirectory), { force: true });
}

function lockFile(dataDirectory: string): string {
  return join(dataDirectory, "owner.json");
}

function readOwner(path: string): Owner | undefined {
  try {
    const { pid, host, port } = JSON.parse(readFileSync(path, "utf8"));
    return Number.isSafeInteger(pid) && Number.isSafeInteger(port)
      ? { pid, host: String(host), port }
      : undefined;
  } catch {
    // Missing, or cut off by a crash: then its writer is gone.
    return undefined;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // It exists and belongs to somebody else.
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

function answers({ host, port }: Owner): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: host === "0.0.0.0" || host === "::" ? "localhost" : host, port });
    const finish = (isAnswering: boolean) => {
      socket.destroy();
      resolve(isAnswering);
    };
    socket.setTimeout(probeTimeoutMs, () => finish(false));
    socket.once("connect", () => finish(true));
    socket.once("error", () => finish(false));
  });
}
