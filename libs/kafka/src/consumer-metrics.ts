import { Counter, Gauge, type Registry } from "prom-client";

/** What a consumer counts. A process may have several: their series are told apart by topic and group. */
export interface ConsumerMetrics {
  gaveUp(): void;
  handled(count: number): void;
  /** Whether the consumer is a member of its group. */
  running(isRunning: boolean): void;
}

/** Makes the metrics in a registry, or takes those that another consumer has made there. */
export function createConsumerMetrics(registry: Registry, topic: string, group: string): ConsumerMetrics {
  const deadLetters = counter(
    registry,
    "ordermesh_dead_letters_total",
    "Records given up by a consumer group and put on its dead-letter topic.",
  );
  const consumed = counter(
    registry,
    "ordermesh_consumed_records_total",
    "Records handled or given up by a consumer group.",
  );
  const running = runningGauge(registry);
  const labels = { topic, group };
  // A series that begins with its first dead letter would hide that one from an alert on the increase.
  deadLetters.inc(labels, 0);
  consumed.inc(labels, 0);
  running.set(labels, 0);
  return {
    gaveUp: () => deadLetters.inc(labels),
    handled: (count) => consumed.inc(labels, count),
    running: (isRunning) => running.set(labels, isRunning ? 1 : 0),
  };
}

function counter(registry: Registry, name: string, help: string): Counter {
  const present = registry.getSingleMetric(name) as Counter | undefined;
  return present ?? new Counter({ name, help, labelNames: ["topic", "group"], registers: [registry] });
}

function runningGauge(registry: Registry): Gauge {
  const name = "ordermesh_consumer_running";
  const present = registry.getSingleMetric(name) as Gauge | undefined;
  const help = "1 while the consumer is a member of its group.";
  return present ?? new Gauge({ name, help, labelNames: ["topic", "group"], registers: [registry] });
}
