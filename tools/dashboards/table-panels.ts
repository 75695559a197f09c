import { type Panel, rateBy } from "./panel.ts";

export const tablePanels: readonly Panel[] = [
  {
    title: "Open sessions and their guests",
    unit: "short",
    queries: [
      { expression: "max(ordermesh_tables_open_sessions)", legend: "sessions" },
      { expression: "max(ordermesh_tables_guests)", legend: "guests" },
    ],
  },
  {
    title: "Tries to join by what came of them",
    description: "too_many_tries: refused because of the tries before it.",
    unit: "ops",
    stacked: true,
    queries: [rateBy("outcome", "ordermesh_tables_joins_total")],
  },
  {
    title: "Streams by instance",
    unit: "short",
    stacked: true,
    queries: [{ expression: "ordermesh_tables_watchers", legend: "{{instance}} {{kind}}" }],
  },
  {
    title: "Orders that loms has not answered for",
    description: "More than a few, for more than some seconds: loms is away, and they are asked for again.",
    unit: "short",
    queries: [{ expression: "max(ordermesh_tables_placing_orders)", legend: "placing" }],
  },
  {
    title: "Oldest thing that a bill waits for",
    description: "A try that payments has not answered, or an order that loms does not know to be paid.",
    unit: "s",
    alertAbove: 60,
    queries: [{ expression: "max(ordermesh_tables_unsettled_age_seconds)", legend: "oldest" }],
  },
];
