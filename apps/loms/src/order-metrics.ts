import type { Database } from "@ordermesh/postgres/database";
import { Counter, Gauge, type Registry } from "prom-client";
import type { ChangeOutcome } from "./change-orders.ts";
import type { CreateOutcome } from "./create-orders.ts";
import type { OrderChange } from "./domain/order-change.ts";
import { countOpenReservations, countOrdersPastDeadline } from "./sql/order-counts.ts";
import type { TimerResult } from "./timers.ts";
import { beginnings } from "./workflows/beginnings.ts";

/** What the business did, as counted by this process. */
export interface OrderMetrics {
  created(outcomes: readonly CreateOutcome[]): void;
  changed(change: OrderChange, outcome: ChangeOutcome): void;
  timersFired(result: TimerResult): void;
}

export function createOrderMetrics(metrics: Registry, database: Database): OrderMetrics {
  const orders = new Counter({
    name: "ordermesh_orders_total",
    help: "Orders that reached a status.",
    labelNames: ["status"],
    registers: [metrics],
  });
  const reservations = new Counter({
    name: "ordermesh_reservations_total",
    help: "Holds that were opened, committed, released, expired, or refused because stock was short.",
    labelNames: ["outcome"],
    registers: [metrics],
  });
  const actions = new Counter({
    name: "ordermesh_order_changes_total",
    help: "Commands, actions and timers that were applied to orders, found their work done, or were refused.",
    labelNames: ["outcome"],
    registers: [metrics],
  });
  const timers = new Counter({
    name: "ordermesh_timers_fired_total",
    help: "Timers that came due, whether or not there was still something to do.",
    registers: [metrics],
  });
  reportCount(
    metrics,
    "ordermesh_reservations_open",
    "Orders and reservations that hold stock, up to 100,000.",
    () => database.read(countOpenReservations),
  );
  reportCount(
    metrics,
    "ordermesh_orders_past_deadline",
    "Orders and reservations whose timer is more than five seconds late, up to 100,000.",
    () => database.read(countOrdersPastDeadline),
  );

  return {
    created(outcomes) {
      for (const outcome of outcomes) {
        if (outcome.kind === "created" && !outcome.replayed) {
          orders.inc({ status: outcome.order.status });
          if (beginnings[outcome.order.workflow.name].takesStock) {
            reservations.inc({ outcome: outcome.order.status === "failed" ? "refused" : "opened" });
          }
        }
      }
    },
    changed(change, outcome) {
      if (outcome.kind === "done" && outcome.changed) {
        const { status, reservation } = whatCameOf(change, outcome);
        if (status !== undefined) {
          orders.inc({ status });
        }
        if (reservation !== undefined && beginnings[outcome.workflow ?? "product"].takesStock) {
          reservations.inc({ outcome: reservation });
        }
      }
      actions.inc({
        outcome: outcome.kind === "refused" ? "refused" : outcome.changed ? "applied" : "unchanged",
      });
    },
    timersFired(result) {
      timers.inc(result.fired);
      reservations.inc({ outcome: "expired" }, result.reservationsExpired);
      for (const { change, outcome } of result.changes) {
        this.changed(change, outcome);
      }
    },
  };
}

/** Which status an order has reached, and what became of its hold. */
function whatCameOf(
  change: OrderChange,
  { after }: ChangeOutcome & { readonly kind: "done" },
): { readonly status?: string; readonly reservation?: string } {
  switch (change.command) {
    case "pay":
      return { status: "paid", reservation: "committed" };
    case "cancel":
      return { status: "canceled", reservation: "released" };
    case "expire":
      return { status: "canceled", reservation: "expired" };
    default: {
      const actions = after?.steps.map(({ action }) => action) ?? [];
      const status = after?.head.step === after?.steps.at(-1)?.version ? after?.head.status : undefined;
      if (actions.includes("payment successful")) {
        return { status, reservation: status === "canceled" ? "expired" : "committed" };
      }
      const isExpired = actions.includes("no payment");
      return isExpired ? { status, reservation: "expired" } : { status };
    }
  }
}

function reportCount(metrics: Registry, name: string, help: string, count: () => Promise<number>): void {
  new Gauge({
    name,
    help,
    registers: [metrics],
    async collect() {
      try {
        this.set(await count());
      } catch {
        // The database is away, which readiness reports.
        this.remove();
      }
    },
  });
}
