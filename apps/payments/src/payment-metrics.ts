import type { Database } from "@ordermesh/postgres/database";
import { callDurationBuckets } from "@ordermesh/telemetry/metrics";
import { Counter, Gauge, Histogram, type Registry } from "prom-client";
import type { HandledOrderEvents } from "./handle-order-events.ts";
import type { ProviderCallName } from "./provider/provider.ts";
import type { Recorded } from "./record-outcome.ts";
import { findOldestUnsettled } from "./sql/refunds.ts";

/** What this process did, as it was committed. */
export interface PaymentMetrics {
  answered(call: ProviderCallName, answered: boolean, durationMs: number): void;
  recorded(recorded: Recorded): void;
  handled(result: HandledOrderEvents): void;
}

export function createPaymentMetrics(metrics: Registry, database: Database): PaymentMetrics {
  const calls = new Histogram({
    name: "ordermesh_payments_provider_duration_seconds",
    help: "Time of a call to the payment provider, by call and by whether there was an answer.",
    labelNames: ["call", "answered"],
    buckets: callDurationBuckets,
    registers: [metrics],
  });
  const changes = new Counter({
    name: "ordermesh_payments_outcomes_total",
    help: "Outcomes of attempts and refunds that were recorded.",
    registers: [metrics],
  });
  const made = new Counter({
    name: "ordermesh_payments_made_total",
    help: "Payments that were made for orders.",
    registers: [metrics],
  });
  const automatic = new Counter({
    name: "ordermesh_payments_automatic_refunds_total",
    help: "Refunds that nobody asked for: of money that came for an order that had ended, or a second time.",
    registers: [metrics],
  });
  const orderRefunds = new Counter({
    name: "ordermesh_payments_order_refunds_total",
    help: "Refunds that orders asked for: begun, refused here, or refused by the provider for good.",
    labelNames: ["answer"],
    registers: [metrics],
  });
  for (const answer of ["begun", "refused", "failed"]) {
    orderRefunds.inc({ answer }, 0);
  }
  new Gauge({
    name: "ordermesh_payments_unsettled_age_seconds",
    help: "Age of the oldest attempt or refund that the provider has not answered; 0 if there is none.",
    registers: [metrics],
    async collect() {
      try {
        this.set(await database.read(findOldestUnsettled));
      } catch {
        // The database is away, which readiness reports; a scrape without the figure is the honest answer.
        this.remove();
      }
    },
  });
  return {
    answered(call, answered, durationMs) {
      calls.observe({ call, answered: `${answered}` }, durationMs / 1000);
    },
    recorded({ changed, refundsBegun, orderRefundFailed }) {
      changes.inc(changed ? 1 : 0);
      automatic.inc(refundsBegun);
      orderRefunds.inc({ answer: "failed" }, orderRefundFailed ? 1 : 0);
    },
    handled(result) {
      made.inc(result.made);
      automatic.inc(result.refundsBegun);
      orderRefunds.inc({ answer: "begun" }, result.orderRefundsBegun);
      orderRefunds.inc({ answer: "refused" }, result.orderRefundsRefused);
    },
  };
}
