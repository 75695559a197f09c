import type { Client } from "@connectrpc/connect";
import type { IncomingRecord } from "@ordermesh/kafka/record";
import type { Database } from "@ordermesh/postgres/database";
import type { LomsService } from "@ordermesh/proto/ordermesh/loms/v1/loms_pb";
import type { PaymentsService } from "@ordermesh/proto/ordermesh/payments/v1/payments_pb";
import type { Logger } from "@ordermesh/telemetry/logger";
import { Gauge, type Registry } from "prom-client";
import { createSessionBills } from "./bill-closing.ts";
import type { BillDesk, BillSettings } from "./bill-desk.ts";
import { type BillRecovery, startBillRecovery } from "./bill-recovery.ts";
import { handlePaymentEvents } from "./handle-payment-events.ts";
import { type BillCalls, billCalls } from "./rpc/bill-handlers.ts";
import { findOldestWork } from "./sql/bill-work.ts";
import type { SessionBills } from "./table-desk.ts";
import { createBillOrders } from "./upstream/bill-orders.ts";
import { createSharePayments } from "./upstream/share-payments.ts";

/** All that a service has of bills. */
export interface Bills {
  /** For those that show and close sessions. */
  readonly ofSessions: SessionBills;
  readonly calls: BillCalls;
  /** Takes records of payments.events.v1. */
  handlePaymentEvents(records: readonly IncomingRecord[]): Promise<void>;
  /** Begins what bills leave to be done at other services. The tables have to be there. */
  start(everyMs: number): BillRecovery;
}

export function createBills(options: {
  readonly database: Database;
  readonly upstreams: {
    readonly orders: Client<typeof LomsService>;
    readonly payments: Client<typeof PaymentsService>;
  };
  readonly settings: BillSettings;
  readonly logger: Logger;
  readonly metrics: Registry;
  /** Told after each commit that changed a session. */
  readonly onCommitted: () => void;
}): Bills {
  const { database, upstreams, settings, logger, onCommitted } = options;
  let recovery: BillRecovery | undefined;
  reportOldestWork(options.metrics, database);
  const desk: BillDesk = {
    database,
    payments: createSharePayments(upstreams.payments),
    orders: createBillOrders(upstreams.orders),
    settings,
    logger,
    onCommitted,
    onWork: () => recovery?.wake(),
  };
  return {
    ofSessions: createSessionBills(desk),
    calls: billCalls(desk),
    handlePaymentEvents: (records) => handlePaymentEvents(desk, records),
    start(everyMs) {
      recovery = startBillRecovery({ desk, everyMs });
      return recovery;
    },
  };
}

function reportOldestWork(metrics: Registry, database: Database): void {
  new Gauge({
    name: "ordermesh_tables_unsettled_age_seconds",
    help: "Age of the oldest try, paid order or ended payment of a bill of which another service has not heard or told; 0 if there is none.",
    registers: [metrics],
    async collect() {
      try {
        this.set(await database.read(findOldestWork));
      } catch {
        // The database is away, which readiness reports; a scrape without the figure is the honest answer.
        this.remove();
      }
    },
  });
}
