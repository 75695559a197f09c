import type { Database } from "@ordermesh/postgres/database";
import type { Queryable, Tx } from "@ordermesh/postgres/tx";
import type { Invitations } from "./domain/invitation.ts";
import type { JoinLimits } from "./domain/join-limit.ts";
import type { BillMessage } from "./events/session-messages.ts";
import type { CallContext, Catalogue } from "./upstream/catalogue.ts";
import type { TableOrders } from "./upstream/table-orders.ts";

/** What everything that is done at tables needs. */
export interface TableDesk {
  readonly database: Database;
  readonly orders: TableOrders;
  readonly catalogue: Pick<Catalogue, "findMenuItems">;
  readonly invitations: Invitations;
  readonly bills: SessionBills;
  readonly joinLimits: JoinLimits;
  /** How many guests with a token a session may have. */
  readonly guestsMax: number;
  /** How long a call has for what it began, before the recovery goes on with it. */
  readonly recoveryAfterMs: number;
  /** Told after each commit that changed a session: watchers and the relay need not wait. */
  readonly onCommitted: () => void;
}

/** What closing and showing a session need of its bills. */
export interface SessionBills {
  /** Oldest first. */
  list(db: Queryable, sessionId: bigint): Promise<readonly BillMessage[]>;
  /** Those that are neither settled nor void, and those with orders that are not paid in LOMS yet. */
  listOpen(tx: Tx, sessionId: bigint): Promise<readonly bigint[]>;
  /**
   * Writes off what is unpaid, so that no bill is open. Can be repeated.
   *
   * @throws Failure `unavailable` while that can not be done.
   */
  writeOff(sessionId: bigint, reason: string, call: CallContext): Promise<void>;
}
