import type { Database } from "@ordermesh/postgres/database";
import type { Logger } from "@ordermesh/telemetry/logger";
import type { BillOrders } from "./upstream/bill-orders.ts";
import type { SharePayments } from "./upstream/share-payments.ts";

/** What everything that is done with bills needs. */
export interface BillDesk {
  readonly database: Database;
  readonly payments: SharePayments;
  readonly orders: BillOrders;
  readonly settings: BillSettings;
  readonly logger: Logger;
  /** Told after each commit that changed a session: watchers and the relay need not wait. */
  readonly onCommitted: () => void;
  /** Told that there is something to be done at other services. */
  readonly onWork: () => void;
}

export interface BillSettings {
  /** When the payment service is asked what became of a try. Longer than the try is waited for. */
  readonly checkAfterMs: number;
  /** How long a forced close waits for shares that are being paid, before it writes them off as well. */
  readonly giveUpAfterMs: number;
}
