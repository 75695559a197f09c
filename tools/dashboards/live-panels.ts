import { type Panel, rateBy } from "./panel.ts";

/** What pages and guests follow through the gateway. */
export const livePanels: readonly Panel[] = [
  {
    title: "Streams and WebSockets by instance",
    unit: "short",
    stacked: true,
    queries: [
      { expression: "ordermesh_gateway_feed_streams", legend: "{{instance}} feed" },
      { expression: "ordermesh_gateway_websockets", legend: "{{instance}} WebSockets" },
    ],
  },
  {
    title: "Topics of the feed by instance",
    description: "An instance takes 3,500 of them; further streams are refused, and their pages poll.",
    unit: "short",
    alertAbove: 2_800,
    queries: [{ expression: "ordermesh_gateway_feed_topics", legend: "{{instance}}" }],
  },
  {
    title: "Topics that were broken off, by the service behind them",
    description: "They are gone on with from their cursor.",
    unit: "ops",
    stacked: true,
    queries: [rateBy("upstream", "ordermesh_gateway_feed_interruptions_total")],
  },
  {
    title: "Streams that were refused, by limit",
    unit: "ops",
    stacked: true,
    queries: [rateBy("limit", "ordermesh_gateway_feed_refused_total")],
  },
  {
    title: "WebSockets that were closed, by code",
    unit: "ops",
    stacked: true,
    queries: [rateBy("code", "ordermesh_gateway_websocket_closes_total")],
  },
];
