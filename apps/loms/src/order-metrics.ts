import type { Database } from "@ordermesh/postgres/database";
import { Counter, Gauge, type Registry } from "prom-client";
import type { ChangeOutcome } from "./change-orders.ts";
import type { CreateOutcome } from "./create-orders.ts";
import type { OrderCommand } from "./domain/order-status.ts";
import { countOpenReservations, countOrdersPastDeadline } from "./sql/order-counts.ts";
import type { TimerResult } from "./timers.ts";

/** What the business did, as counted by this process. */
export interface OrderMetrics {
  created(outcomes: readonly CreateOutcome[]): void;
  changed(command: OrderCommand, outcome: ChangeOutcome): void;
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
          reservations.inc({ outcome: outcome.order.status === "failed" ? "refused" : "opened" });
        }
      }
    },
    changed(command, outcome) {
      if (outcome.kind === "done" && outcome.changed) {
        orders.inc({ status: command === "pay" ? "paid" : "canceled" });
        reservations.inc({ outcome: command === "pay" ? "committed" : "released" });
      }
    },
    timersFired(result) {
      timers.inc(result.fired);
      orders.inc({ status: "canceled" }, result.ordersExpired);
      reservations.inc({ outcome: "expired" }, result.ordersExpired + result.reservationsExpired);
    },
  };
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
