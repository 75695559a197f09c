import { readdirSync, readFileSync } from "node:fs";
import type { ServiceProcess } from "../harness/service-process.ts";

/** What a process holds at one moment. */
export interface Sample {
  readonly megabytes: number;
  readonly handles: number;
}

/** Reads what the system knows about a process. Needs Linux's /proc. */
export function sampleOf({ pid }: ServiceProcess): Sample {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const kilobytes = Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]);
  return { megabytes: kilobytes / 1024, handles: readdirSync(`/proc/${pid}/fd`).length };
}

/** How one measure went over a run, in medians of its second and its last third; the first is for warming up. */
export interface Course {
  readonly second: number;
  readonly last: number;
  /** 1.05 is a growth of 5 %. */
  readonly growth: number;
}

export function courseOf(samples: readonly number[]): Course {
  const third = Math.floor(samples.length / 3);
  const second = medianOf(samples.slice(third, 2 * third));
  const last = medianOf(samples.slice(2 * third));
  return { second, last, growth: last / second };
}

function medianOf(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
