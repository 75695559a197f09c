import type { Queryable, Tx } from "@ordermesh/postgres/tx";
import type { Bill, BillShare } from "./domain/bill.ts";
import { billNotFound, billsAreClosed, shareNotFound } from "./domain/bill-failures.ts";
import type { Session } from "./domain/session.ts";
import { sessionNotFound } from "./domain/session-failures.ts";
import { type Caller, mayStill } from "./session-access.ts";
import { listBills } from "./sql/bills.ts";
import { lockSession } from "./sql/sessions.ts";

/**
 * Locks a session for somebody who has a part in it: the first statement of each transaction that changes its bills.
 *
 * @throws Failure `not_found` for everybody else, as if there were no such session.
 */
export async function lockSessionFor(tx: Tx, caller: Caller, sessionId: bigint): Promise<Session> {
  const session = await lockSession(tx, sessionId);
  const isForeign = caller.kind === "guest" && caller.sessionId !== sessionId;
  if (session === undefined || isForeign || !(await mayStill(tx, caller, session))) {
    throw sessionNotFound();
  }
  return session;
}

/** @throws Failure `failed_precondition` once the session is being closed: then its bills are settled by that. */
export function requireOpen({ state }: Session): void {
  if (state !== "open") {
    throw billsAreClosed(state);
  }
}

/** @throws Failure `not_found` also for another session's. */
export async function requireBill(db: Queryable, session: Session, billId: bigint): Promise<Bill> {
  const [bill] = await listBills(db, { billId });
  if (bill === undefined || bill.sessionId !== session.id) {
    throw billNotFound(billId);
  }
  return bill;
}

/** @throws Failure `not_found` also for another session's. */
export async function requireShare(
  db: Queryable,
  session: Session,
  shareId: bigint,
): Promise<{ readonly bill: Bill; readonly share: BillShare }> {
  const found = await findShare(db, shareId);
  if (found === undefined || found.bill.sessionId !== session.id) {
    throw shareNotFound(shareId);
  }
  return found;
}

export async function findShare(
  db: Queryable,
  shareId: bigint,
): Promise<{ readonly bill: Bill; readonly share: BillShare } | undefined> {
  const [bill] = await listBills(db, { shareId });
  const share = bill?.shares.find(({ id }) => id === shareId);
  return bill && share && { bill, share };
}
