import { Counter, Gauge, type Registry } from "prom-client";
import type { FeedUpstream } from "./topic-streams.ts";

/** What this process's feed does. */
export interface FeedMetrics {
  opened(topics: number): void;
  closed(topics: number): void;
  /** @param limit which one was reached. */
  refused(limit: "caller" | "topics"): void;
  /** A service broke off a topic, which is gone on with. */
  interrupted(upstream: FeedUpstream): void;
}

export function createFeedMetrics(metrics: Registry): FeedMetrics {
  const streams = new Gauge({
    name: "ordermesh_gateway_feed_streams",
    help: "Streams of the feed that are open.",
    registers: [metrics],
  });
  const topics = new Gauge({
    name: "ordermesh_gateway_feed_topics",
    help: "Topics that are followed, over all streams of the feed.",
    registers: [metrics],
  });
  const refused = new Counter({
    name: "ordermesh_gateway_feed_refused_total",
    help: "Streams of the feed that were refused, by the limit that was reached.",
    labelNames: ["limit"] as const,
    registers: [metrics],
  });
  for (const limit of ["caller", "topics"] as const) {
    refused.inc({ limit }, 0);
  }
  const interruptions = new Counter({
    name: "ordermesh_gateway_feed_interruptions_total",
    help: "Topics that were broken off and gone on with, by the service behind them.",
    labelNames: ["upstream"] as const,
    registers: [metrics],
  });
  for (const upstream of ["loms", "notifications", "tables"] as const) {
    interruptions.inc({ upstream }, 0);
  }
  return {
    opened(count) {
      streams.inc();
      topics.inc(count);
    },
    closed(count) {
      streams.dec();
      topics.dec(count);
    },
    refused: (limit) => refused.inc({ limit }),
    interrupted: (upstream) => interruptions.inc({ upstream }),
  };
}
