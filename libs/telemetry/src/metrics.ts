import { collectDefaultMetrics, Gauge, Registry } from "prom-client";

/**
 * Makes the metrics registry of one process, with Node's own figures (memory, event-loop lag, garbage collection)
 * already in it. Each lib and service registers its metrics in the registry that it is given.
 */
export function createMetrics(options: { readonly service: string; readonly version: string }): Registry {
  const registry = new Registry();
  registry.setDefaultLabels({ service: options.service });
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: 20 });
  new Gauge({
    name: "ordermesh_build_info",
    help: "Always 1; the label tells which version runs.",
    labelNames: ["version"],
    registers: [registry],
  }).set({ version: options.version }, 1);
  return registry;
}

/** Seconds, from a quarter of a millisecond to ten seconds: buckets for the duration of a call. */
export const callDurationBuckets = [
  0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
];
