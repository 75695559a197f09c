import type { Auth } from "@ordermesh/auth/auth";
import type { Tls } from "@ordermesh/auth/tls";
import type { StopList } from "@ordermesh/process/stop-in-order";
import { FeedService, type WatchRequest } from "@ordermesh/proto/ordermesh/feed/v1/feed_pb";
import { createGrpcTransport } from "@ordermesh/rpc/client";
import type { Tracing } from "@ordermesh/telemetry/tracing";
import type { Registry } from "prom-client";
import type { OwnService } from "../own-services/own-methods.ts";
import { servicesBehind } from "../upstreams.ts";
import { createFeedMetrics } from "./feed-metrics.ts";
import { createTopicStreams, type FeedUpstream } from "./topic-streams.ts";
import { watchFeed } from "./watch.ts";
import { createWatchLimits } from "./watch-limits.ts";

/** One HTTP/2 connection carries 1,000 calls at a time, and further ones would wait for one of them to end. */
const connectionsEach = 4;

/** The feed, with connections of its own: streams that do not end must not keep other calls waiting. */
export function openFeed(options: {
  readonly addresses: Readonly<Record<FeedUpstream, string>>;
  readonly timeoutMs: number;
  readonly auth: Auth;
  readonly tls: Tls | undefined;
  readonly metrics: Registry;
  readonly tracing: Tracing;
  /** Closes them. */
  readonly parts: StopList;
}): OwnService {
  const { addresses, timeoutMs, auth, tls, metrics, tracing, parts } = options;
  const open = (name: FeedUpstream) => {
    const { transport, close } = createGrpcTransport({
      address: addresses[name],
      services: servicesBehind[name],
      metrics,
      tracing,
      defaultTimeoutMs: timeoutMs,
      tls: tls?.client(name),
      channels: connectionsEach,
    });
    parts.add(`${name} client of the feed`, close);
    return transport;
  };
  const feedMetrics = createFeedMetrics(metrics);
  const feed = {
    streamOf: createTopicStreams({
      loms: open("loms"),
      notifications: open("notifications"),
      tables: open("tables"),
    }),
    limits: createWatchLimits(feedMetrics),
    metrics: feedMetrics,
    identify: auth.identify,
    tokensNeeded: auth.authorize() !== undefined,
  };
  return {
    service: FeedService,
    unary: {},
    streams: {
      Watch: (request, call, passedOn) => watchFeed(feed, request as WatchRequest, call, passedOn),
    },
  };
}
