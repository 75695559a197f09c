import type { MetricSample } from "./metrics-text.ts";

/** What a replica's metrics page said at a moment. */
export interface ReplicaSample {
  readonly takenAtMs: number;
  readonly version: string;
  readonly startedAtMs: number;
  /** Since it started: calls that ended within so many seconds, by the bound of the bucket, ascending. */
  readonly callsWithin: readonly (readonly [seconds: number, calls: number])[];
  readonly calls: number;
  /** Of them those that failed by its own fault. */
  readonly errors: number;
  readonly residentBytes: number;
  readonly eventLoopLagP99Ms: number;
}

/** How it did in a time before the moment. */
export interface ReplicaFigures {
  readonly windowMs: number;
  readonly callsPerSecond: number;
  readonly errorsPerMinute: number;
  /** 0 if there was no call. */
  readonly p99Ms: number;
}

const durations = "ordermesh_rpc_server_duration_seconds";

const ownFaults: ReadonlySet<string | undefined> = new Set([
  "INTERNAL",
  "UNKNOWN",
  "UNAVAILABLE",
  "DEADLINE_EXCEEDED",
  "DATA_LOSS",
]);

export function sampleOf(samples: readonly MetricSample[], takenAtMs: number): ReplicaSample {
  const figure = (name: string) => samples.find((sample) => sample.name === name);
  // Streams last as long as somebody watches, which says nothing about how fast calls are.
  const counted = samples.filter(({ labels }) => !labels.rpc_method?.startsWith("Watch"));
  const within = new Map<number, number>();
  for (const { name, labels, value } of counted) {
    if (name === `${durations}_bucket`) {
      const bound = labels.le === "+Inf" ? Number.POSITIVE_INFINITY : Number(labels.le);
      within.set(bound, (within.get(bound) ?? 0) + value);
    }
  }
  const counts = counted.filter(({ name }) => name === `${durations}_count`);
  const sum = (chosen: readonly MetricSample[]) => chosen.reduce((total, { value }) => total + value, 0);
  return {
    takenAtMs,
    version: figure("ordermesh_build_info")?.labels.version ?? "",
    startedAtMs: (figure("process_start_time_seconds")?.value ?? 0) * 1_000,
    callsWithin: [...within].sort(([a], [b]) => a - b),
    calls: sum(counts),
    errors: sum(counts.filter(({ labels }) => ownFaults.has(labels.code))),
    residentBytes: figure("process_resident_memory_bytes")?.value ?? 0,
    eventLoopLagP99Ms: (figure("nodejs_eventloop_lag_p99_seconds")?.value ?? 0) * 1_000,
  };
}

/** @param before an earlier sample of the same process; without one everything since its start counts. */
export function figuresBetween(before: ReplicaSample | undefined, now: ReplicaSample): ReplicaFigures {
  const windowMs = Math.max(1, now.takenAtMs - (before?.takenAtMs ?? now.startedAtMs));
  const calls = now.calls - (before?.calls ?? 0);
  const former = new Map(before?.callsWithin);
  const within = now.callsWithin.map(([bound, count]) => [bound, count - (former.get(bound) ?? 0)] as const);
  return {
    windowMs,
    callsPerSecond: (calls * 1_000) / windowMs,
    errorsPerMinute: ((now.errors - (before?.errors ?? 0)) * 60_000) / windowMs,
    p99Ms: quantile(within, 0.99) * 1_000,
  };
}

/** Within its bucket the calls are taken to lie evenly, as Prometheus does. */
function quantile(within: readonly (readonly [number, number])[], share: number): number {
  const total = within.at(-1)?.[1] ?? 0;
  if (total <= 0) {
    return 0;
  }
  const wanted = total * share;
  let [lowBound, lowCount] = [0, 0];
  for (const [bound, count] of within) {
    if (count >= wanted) {
      const part = count === lowCount ? 1 : (wanted - lowCount) / (count - lowCount);
      return Number.isFinite(bound) ? lowBound + (bound - lowBound) * part : lowBound;
    }
    [lowBound, lowCount] = [bound, count];
  }
  return lowBound;
}
