import { type Panel, rateBy } from "./panel.ts";

export const loginPanels: readonly Panel[] = [
  {
    title: "Logins by what came of them",
    description: "limited: refused because of the tries before it.",
    unit: "ops",
    stacked: true,
    queries: [rateBy("outcome", "ordermesh_identity_logins_total")],
  },
  {
    title: "Refresh tokens that came twice, of the last hour",
    description: "Each ended its session.",
    unit: "short",
    queries: [
      {
        expression: "sum(increase(ordermesh_identity_refresh_tokens_reused_total[1h]))",
        legend: "reused",
      },
    ],
  },
];
