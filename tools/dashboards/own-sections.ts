import { livePanels } from "./live-panels.ts";
import { loginPanels } from "./login-panels.ts";
import { type Panel, quantiles, rate, rateBy, type Section } from "./panel.ts";
import { paymentPanels } from "./payment-panels.ts";
import { tablePanels } from "./table-panels.ts";

export const services = [
  "loms",
  "checkout",
  "product",
  "payments",
  "notifications",
  "tables",
  "identity",
  "gateway",
] as const;
export type Service = (typeof services)[number];

/** What only this service has. */
export function ownSections(service: Service): readonly Section[] {
  switch (service) {
    case "loms":
      return [
        { title: "Orders and stock", panels: [...orderPanels, ...stockPanels] },
        { title: "Events on their way out", panels: outboxPanels },
      ];
    case "checkout":
      return [{ title: "Product cache", panels: cachePanels }];
    case "payments":
      return [
        { title: "Payments and refunds", panels: paymentPanels },
        { title: "Events in and out", panels: [...consumerPanels, ...outboxPanels] },
      ];
    case "identity":
      return [{ title: "Logins", panels: loginPanels }];
    case "tables":
      return [
        { title: "Sessions and guests", panels: tablePanels },
        { title: "Events in and out", panels: [...consumerPanels, ...outboxPanels] },
      ];
    case "gateway":
      return [{ title: "Live views", panels: livePanels }];
    case "product":
      return [];
    case "notifications":
      return [{ title: "Events and notifications", panels: [...consumerPanels, ...notificationPanels] }];
  }
}

/** From the purchase over stock, outbox and Kafka to the notification, in the order of things. */
export function orderPathSections(): readonly Section[] {
  return [
    { title: "1. Purchases and orders", panels: [purchases, ...orderPanels] },
    { title: "2. Stock and deadlines", panels: stockPanels },
    { title: "3. Outbox and relay", panels: outboxPanels },
    { title: "4. Payments", panels: paymentPanels },
    { title: "5. Kafka and notifications", panels: [...consumerPanels, ...notificationPanels] },
  ];
}

const purchases: Panel = {
  title: "Purchases by code",
  description: "FAILED_PRECONDITION means that stock was short.",
  unit: "reqps",
  stacked: true,
  queries: [
    rateBy("code", 'ordermesh_rpc_server_duration_seconds_count{service="checkout", rpc_method="Purchase"}'),
  ],
};

const orderPanels: readonly Panel[] = [
  {
    title: "Orders by the status they reached",
    unit: "ops",
    queries: [rateBy("status", "ordermesh_orders_total")],
  },
  {
    title: "Orders of the last hour",
    unit: "short",
    queries: [{ expression: "sum by (status) (increase(ordermesh_orders_total[1h]))", legend: "{{status}}" }],
  },
  {
    title: "Orders per transaction",
    description: "Concurrent calls share a transaction. 1 means that there is no load.",
    unit: "short",
    queries: [
      {
        expression: `sum by (batch) (${rate("ordermesh_loms_batch_size_sum")}) / sum by (batch) (${rate("ordermesh_loms_batch_size_count")})`,
        legend: "{{batch}}, mean",
      },
      {
        expression: `histogram_quantile(0.95, sum by (le, batch) (${rate("ordermesh_loms_batch_size_bucket")}))`,
        legend: "{{batch}}, p95",
      },
    ],
  },
  {
    title: "Transactions of orders",
    unit: "ops",
    queries: [rateBy("batch", "ordermesh_loms_batch_size_count")],
  },
];

const stockPanels: readonly Panel[] = [
  {
    title: "Reservations by outcome",
    unit: "ops",
    queries: [rateBy("outcome", "ordermesh_reservations_total")],
  },
  {
    title: "Open reservations",
    description: "Orders that await payment and holds of other backends.",
    unit: "short",
    queries: [{ expression: "max(ordermesh_reservations_open)", legend: "open" }],
  },
  {
    title: "Past their deadline",
    description: "Timers that are more than five seconds late. Anything but 0 is a fault.",
    unit: "short",
    alertAbove: 0,
    queries: [{ expression: "max(ordermesh_orders_past_deadline)", legend: "late" }],
  },
  {
    title: "Timers that came due",
    unit: "ops",
    queries: [{ expression: `sum(${rate("ordermesh_timers_fired_total")})`, legend: "fired" }],
  },
];

const outboxPanels: readonly Panel[] = [
  {
    title: "Events in the outbox",
    description: "Counted up to 100,000.",
    unit: "short",
    queries: [{ expression: "max by (service) (ordermesh_outbox_depth)", legend: "{{service}}" }],
  },
  {
    title: "Age of the oldest event in the outbox",
    unit: "s",
    alertAbove: 30,
    queries: [
      { expression: "max by (service) (ordermesh_outbox_oldest_age_seconds)", legend: "{{service}}" },
    ],
  },
  {
    title: "Relay lag",
    description: "From an event's transaction to its publication.",
    unit: "s",
    queries: quantiles("ordermesh_outbox_relay_lag_seconds", 'service=~".+"'),
  },
  {
    title: "Events published",
    unit: "ops",
    queries: [rateBy("service", "ordermesh_outbox_published_total")],
  },
  {
    title: "Who publishes",
    description: "1 in the leader. Leadership may move between replicas at any time.",
    unit: "short",
    queries: [{ expression: "ordermesh_outbox_relay_leading", legend: "{{instance}}" }],
  },
];

const consumerPanels: readonly Panel[] = [
  {
    title: "Events published and consumed",
    unit: "ops",
    queries: [
      { expression: `sum(${rate("ordermesh_outbox_published_total")})`, legend: "published" },
      { ...rateBy("group", "ordermesh_consumed_records_total"), legend: "consumed by {{group}}" },
    ],
  },
  {
    title: "Dead letters of the last hour",
    unit: "short",
    queries: [
      { expression: "sum by (group) (increase(ordermesh_dead_letters_total[1h]))", legend: "{{group}}" },
    ],
  },
  {
    title: "Members of the consumer groups",
    unit: "short",
    stacked: true,
    queries: [{ expression: "sum by (group) (ordermesh_consumer_running)", legend: "{{group}}" }],
  },
];

const notificationPanels: readonly Panel[] = [
  {
    title: "Notifications by the type of their event",
    unit: "ops",
    stacked: true,
    queries: [rateBy("event_type", "ordermesh_notifications_total")],
  },
  {
    title: "Tries to deliver, by channel and outcome",
    description: "A try that failed for now is retried; failed means that it was the last one.",
    unit: "ops",
    queries: [
      {
        expression: `sum by (channel, outcome) (${rate("ordermesh_deliveries_total")})`,
        legend: "{{channel}} {{outcome}}",
      },
    ],
  },
  {
    title: "Skipped events of unknown types",
    description: "In the last hour. A newer version of a service publishes what this one does not know.",
    unit: "short",
    queries: [
      {
        expression: "sum(increase(ordermesh_notifications_unknown_events_total[1h]))",
        legend: "skipped",
      },
    ],
  },
];

const cachePanels: readonly Panel[] = [
  {
    title: "Lookups",
    unit: "ops",
    stacked: true,
    queries: [
      { expression: `sum(${rate("ordermesh_product_cache_hits_total")})`, legend: "hits" },
      { expression: `sum(${rate("ordermesh_product_cache_misses_total")})`, legend: "misses" },
    ],
  },
  {
    title: "Share of hits",
    unit: "percentunit",
    queries: [
      {
        expression:
          `sum(${rate("ordermesh_product_cache_hits_total")}) / (sum(${rate("ordermesh_product_cache_hits_total")})` +
          ` + sum(${rate("ordermesh_product_cache_misses_total")}))`,
        legend: "hits",
      },
    ],
  },
  {
    title: "Products remembered",
    unit: "short",
    queries: [{ expression: "ordermesh_product_cache_size", legend: "{{instance}}" }],
  },
];
