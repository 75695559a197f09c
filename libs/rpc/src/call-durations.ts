import type { DescMethod } from "@bufbuild/protobuf";
import type { Code } from "@connectrpc/connect";
import { callDurationBuckets } from "@ordermesh/telemetry/metrics";
import { Histogram, type Registry } from "prom-client";
import { codeName } from "./code-name.ts";

type Labels = "rpc_service" | "rpc_method" | "code";

/** Records how long a call took; no code means success. */
export type RecordDuration = (method: DescMethod, code: Code | undefined, durationMs: number) => void;

/**
 * Makes the histogram of one direction in a registry, or takes the one that is there: a process may have several
 * servers and clients.
 */
export function createCallDurations(registry: Registry, name: string, help: string): RecordDuration {
  const present = registry.getSingleMetric(name) as Histogram<Labels> | undefined;
  const histogram =
    present ??
    new Histogram<Labels>({
      name,
      help,
      labelNames: ["rpc_service", "rpc_method", "code"],
      buckets: [...callDurationBuckets],
      registers: [registry],
    });
  // Resolving labels costs more than counting, so that each series is resolved once. Methods × codes bound the map.
  const seriesOf = new Map<DescMethod, Map<Code | undefined, (seconds: number) => void>>();
  return (method, code, durationMs) => {
    let byCode = seriesOf.get(method);
    if (byCode === undefined) {
      byCode = new Map();
      seriesOf.set(method, byCode);
    }
    let observe = byCode.get(code);
    if (observe === undefined) {
      const series = histogram.labels(method.parent.typeName, method.name, codeName(code));
      observe = (seconds) => series.observe(seconds);
      byCode.set(code, observe);
    }
    observe(durationMs / 1000);
  };
}
