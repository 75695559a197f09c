import { readdirSync, readFileSync } from "node:fs";

/** Linux counts in hundredths of a second on every platform that Node runs on. */
const microsecondsPerTick = 10_000;

/**
 * Processor time that a process and its children, dead or alive, have used, in microseconds; of this process only its
 * own, because its children are programs with figures of their own. 0 where there is no /proc.
 */
export function processorMicroseconds(pid: number): number {
  if (pid === process.pid) {
    const { user, system } = process.cpuUsage();
    return user + system;
  }
  const own = readStat(pid);
  return own === undefined
    ? 0
    : own.microseconds + childrenOf(pid).reduce((sum, child) => sum + processorMicroseconds(child), 0);
}

/** Resident memory of one process in bytes, with what it shares with others. 0 where there is no /proc. */
export function residentBytes(pid: number): number {
  return Number(/^Rss:\s+(\d+) kB/m.exec(readProc(pid, "smaps_rollup") ?? "")?.[1] ?? 0) * 1024;
}

/** Resident memory of a process and its children in bytes, each with its share of what several of them have mapped. */
export function proportionalBytes(pid: number): number {
  const own = Number(/^Pss:\s+(\d+) kB/m.exec(readProc(pid, "smaps_rollup") ?? "")?.[1] ?? 0) * 1024;
  return childrenOf(pid).reduce((sum, child) => sum + proportionalBytes(child), own);
}

function readStat(pid: number): { parent: number; microseconds: number } | undefined {
  const stat = readProc(pid, "stat");
  if (stat === undefined) {
    return undefined;
  }
  // The second field is the program's name in parentheses and may itself contain blanks.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const at = (position: number) => Number(fields[position - 3] ?? 0);
  const ticks = at(14) + at(15) + at(16) + at(17);
  return { parent: at(4), microseconds: ticks * microsecondsPerTick };
}

function childrenOf(pid: number): number[] {
  const text = readProc(pid, `task/${pid}/children`);
  if (text !== undefined) {
    return text.trim().split(" ").filter(Boolean).map(Number);
  }
  return pids().filter((candidate) => readStat(candidate)?.parent === pid);
}

function pids(): number[] {
  try {
    return readdirSync("/proc")
      .filter((name) => /^\d+$/.test(name))
      .map(Number);
  } catch {
    return [];
  }
}

function readProc(pid: number, file: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "utf8");
  } catch {
    return undefined;
  }
}
