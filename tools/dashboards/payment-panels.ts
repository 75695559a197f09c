import { type Panel, quantiles, rate } from "./panel.ts";

export const paymentPanels: readonly Panel[] = [
  {
    title: "Payments made, and outcomes recorded",
    unit: "ops",
    queries: [
      { expression: `sum(${rate("ordermesh_payments_made_total")})`, legend: "made for orders" },
      { expression: `sum(${rate("ordermesh_payments_outcomes_total")})`, legend: "outcomes" },
    ],
  },
  {
    title: "Calls to the provider",
    unit: "ops",
    stacked: true,
    queries: [
      {
        expression: `sum by (call, answered) (${rate("ordermesh_payments_provider_duration_seconds_count")})`,
        legend: "{{call}}, answered: {{answered}}",
      },
    ],
  },
  {
    title: "Time of a call to the provider",
    unit: "s",
    queries: quantiles("ordermesh_payments_provider_duration_seconds", 'service=~".+"'),
  },
  {
    title: "Age of the oldest attempt or refund without an answer",
    unit: "s",
    alertAbove: 60,
    queries: [{ expression: "max(ordermesh_payments_unsettled_age_seconds)", legend: "oldest" }],
  },
  {
    title: "Refunds that nobody asked for, of the last hour",
    description: "Money that came for an order that had ended, or a second time.",
    unit: "short",
    queries: [
      { expression: "sum(increase(ordermesh_payments_automatic_refunds_total[1h]))", legend: "refunds" },
    ],
  },
];
