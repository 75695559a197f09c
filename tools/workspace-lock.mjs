import { mkdirSync, readFileSync, rmdirSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root, StepFailed } from "./step.mjs";

const waitMs = 900_000;
const beatMs = 1_000;
/** A holder that has not touched its file for so long, as we watched, is not the process that made it. */
const standardSilentMs = 15_000;

/**
 * Runs something while no other process on this checkout installs, generates or builds.
 *
 * The lock is a file with the holder's process number, which the holder touches every second: a process that was
 * killed leaves a file that nobody touches, even when its number means another process by now.
 *
 * @template Result
 * @param {() => Promise<Result>} work
 * @param {{ folder?: string, silentMs?: number }} [options] where the lock lies, made if missing; and after how long
 *   without a sign its holder counts as gone
 * @returns {Promise<Result>}
 * @throws StepFailed when another process holds it for a quarter of an hour
 */
export async function withWorkspaceLock(
  work,
  { folder = join(root, ".build"), silentMs = standardSilentMs } = {},
) {
  mkdirSync(folder, { recursive: true });
  const lock = join(folder, "lock");
  await acquire(lock, silentMs);
  const beat = setInterval(() => touch(lock), beatMs);
  const release = () => rmSync(lock, { force: true });
  const leave = (_signal, number) => process.exit(128 + number);
  process.once("exit", release);
  for (const signal of interruptions) {
    process.once(signal, leave);
  }
  try {
    return await work();
  } finally {
    clearInterval(beat);
    release();
    process.off("exit", release);
    for (const signal of interruptions) {
      process.off(signal, leave);
    }
  }
}

const interruptions = ["SIGINT", "SIGTERM", "SIGHUP"];

function touch(lock) {
  try {
    const now = new Date();
    utimesSync(lock, now, now);
  } catch {
    // Somebody removed it by hand, as our own message suggests to them.
  }
}

async function acquire(lock, silentMs) {
  const startedAt = performance.now();
  let lastTouched;
  let unchangedSince = startedAt;
  while (!create(lock)) {
    const { holder, touchedAt } = look(lock);
    const now = performance.now();
    if (touchedAt !== lastTouched) {
      if (lastTouched === undefined && holder !== undefined && isRunning(holder)) {
        process.stderr.write(`• waiting for process ${holder}, which is preparing this checkout …\n`);
      }
      [lastTouched, unchangedSince] = [touchedAt, now];
    }
    const isStale = (holder !== undefined && !isRunning(holder)) || now - unchangedSince > silentMs;
    if (isStale && removeStale(lock, touchedAt)) {
      continue;
    }
    if (now - startedAt > waitMs) {
      throw new StepFailed(
        `Process ${holder} has been preparing this checkout for a quarter of an hour: stop it, or remove ${lock}.`,
      );
    }
    await new Promise((settle) => setTimeout(settle, 100));
  }
}

function create(lock) {
  try {
    writeFileSync(lock, String(process.pid), { flag: "wx" });
    return true;
  } catch (error) {
    if (error.code === "EEXIST") {
      return false;
    }
    if (error.code === "EACCES" || error.code === "EROFS") {
      throw new StepFailed(
        `The checkout has to be prepared, but ${lock} cannot be written: run this as its owner.`,
      );
    }
    throw error;
  }
}

function look(lock) {
  try {
    const holder = Number(readFileSync(lock, "utf8"));
    return { holder: holder > 0 ? holder : undefined, touchedAt: statSync(lock).mtimeMs };
  } catch {
    return { holder: undefined, touchedAt: undefined };
  }
}

/**
 * Only one process at a time looks again and removes, so that a slow one cannot remove a fast one's new lock.
 *
 * @returns {boolean} whether it removed it
 */
function removeStale(lock, touchedAt) {
  const guard = `${lock}.guard`;
  try {
    mkdirSync(guard);
  } catch {
    return false;
  }
  const isUnchanged = touchedAt !== undefined && look(lock).touchedAt === touchedAt;
  if (isUnchanged) {
    rmSync(lock, { force: true });
  }
  rmdirSync(guard);
  return isUnchanged;
}

function isRunning(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
}
