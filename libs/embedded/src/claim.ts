import { link, readFile, rm, stat, writeFile } from "node:fs/promises";
import { pause } from "@ordermesh/process/wait";
import { identifyProcess, isSameProcess, type ProcessIdentity, parseIdentity } from "./process-identity.ts";

/** What came of claiming a file: it is ours until released, or another running process has it. */
export type ClaimOutcome =
  | { readonly kind: "claimed"; release(): Promise<void> }
  | { readonly kind: "held"; readonly holder: ProcessIdentity };

const claimWithinMs = 15_000;

/**
 * Claims something for this process by creating a file that names the process. A file left by a process that is
 * gone, even one that was killed and whose number means another process by now, does not stand in the way.
 *
 * @param path absolute; its folder has to exist.
 */
export async function claimFile(path: string): Promise<ClaimOutcome> {
  const content = JSON.stringify(await identifyProcess(process.pid));
  for (const deadline = Date.now() + claimWithinMs; Date.now() < deadline; ) {
    if (await createWhole(path, content)) {
      return { kind: "claimed", release: () => rm(path, { force: true }) };
    }
    const holder = await findHolder(path);
    if (holder !== undefined) {
      return { kind: "held", holder };
    }
    await removeIfStale(path);
  }
  throw new Error(
    `${path} could not be claimed within ${claimWithinMs / 1000} s: remove it if nothing runs.`,
  );
}

/** The running process that has claimed a file. */
export async function findHolder(path: string): Promise<ProcessIdentity | undefined> {
  return runningProcessOf(await readFile(path, "utf8").catch(() => ""));
}

async function runningProcessOf(content: string): Promise<ProcessIdentity | undefined> {
  const holder = parseIdentity(content);
  return holder !== undefined && (await isSameProcess(holder)) ? holder : undefined;
}

/** False when the file exists. Nobody ever sees it half written, because it appears by linking a finished one. */
async function createWhole(path: string, content: string): Promise<boolean> {
  const finished = `${path}.${process.pid}`;
  try {
    await writeFile(finished, content);
    await link(finished, path).catch((error: NodeJS.ErrnoException) => {
      if (error.code === "EEXIST") {
        throw error;
      }
      // Some shared folders of virtual machines know no links.
      return writeFile(path, content, { flag: "wx" });
    });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") {
      return false;
    }
    throw error;
  } finally {
    await rm(finished, { force: true });
  }
}

const guardTimeoutMs = 5_000;

/**
 * Removes a claim whose process is gone. Several processes may find it at the same time, and a slow one must not
 * remove the claim that a fast one has just made in its place: so only one at a time looks again and removes.
 */
async function removeIfStale(path: string): Promise<void> {
  const guard = `${path}.guard`;
  if (!(await createWhole(guard, ""))) {
    const made = await stat(guard).catch(() => undefined);
    if (made !== undefined && Date.now() - made.mtimeMs > guardTimeoutMs) {
      // Its maker was killed in the few milliseconds that it held the guard.
      await rm(guard, { force: true });
    }
    await pause(20);
    return;
  }
  try {
    // A missing file is not stale: by the time of its removal somebody may have made it.
    const found = await readFile(path, "utf8").catch(() => undefined);
    if (found !== undefined && (await runningProcessOf(found)) === undefined) {
      await rm(path, { force: true });
    }
  } finally {
    await rm(guard, { force: true });
  }
}
