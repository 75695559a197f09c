import { appendEvents } from "@ordermesh/outbox/outbox";
import type { Tx } from "@ordermesh/postgres/tx";
import { BillSettledSchema } from "@ordermesh/proto/ordermesh/events/v1/table_events_pb";
import type { Bill, BillShare } from "./domain/bill.ts";
import type { Session } from "./domain/session.ts";
import { isPlaced, type PlacedOrder } from "./domain/session-order.ts";
import { decideShare, type ShareDecision, type ShareEvent } from "./domain/share-state.ts";
import { billMessage } from "./events/bill-messages.ts";
import { sessionReference, tableEvent } from "./events/outgoing.ts";
import { money } from "./events/session-messages.ts";
import { recordChange } from "./record-change.ts";
import { addPaid, cancelPayment, endBill, updateShare } from "./sql/bills.ts";
import { updateBill } from "./sql/session-orders.ts";

/** A bill as it is now, and its session, which has another version if the bill was changed. */
export interface AppliedToShare {
  readonly session: Session;
  readonly bill: Bill;
  readonly share: BillShare;
  readonly decision: ShareDecision;
}

export interface ShareDetails {
  /** Of a settlement, in words. */
  readonly memo: string;
  readonly traceparent: string;
}

/**
 * Applies what happened to a share of a bill, in a transaction that has locked the session. Once all shares are paid the
 * bill is settled, and LOMS is to be told of its orders. A refusal is the caller's to throw.
 *
 * `card_tried` is not for here: a try has a row of its own (pay-share.ts).
 */
export async function applyToShare(
  tx: Tx,
  session: Session,
  bill: Bill,
  share: BillShare,
  event: Exclude<ShareEvent, { kind: "card_tried" }>,
  { memo, traceparent }: ShareDetails,
): Promise<AppliedToShare> {
  const decision = decideShare(bill.state, share, event);
  if (decision.kind !== "move") {
    if (decision.kind === "unchanged" && decision.cancelsPayment) {
      cancelPayment(tx, [share.id]);
    }
    return { session, bill, share, decision };
  }
  const { to: state, settledBy, declineCode = share.declineCode, cancelsPayment } = decision;
  const moved: BillShare = { ...share, state, settledBy, declineCode, memo };
  updateShare(tx, share.id, { state, settledBy, declineCode, memo, cancelsPayment });
  if (settledBy === "card" || settledBy === "cash") {
    addPaid(tx, session.id, share.amountMinor);
  }
  const changed = withShare(bill, moved);
  return {
    ...(await recordBill(tx, session, changed, traceparent)),
    share: moved,
    decision,
  };
}

/** The bill with one of its shares as it is now. */
export function withShare(bill: Bill, share: BillShare): Bill {
  return { ...bill, shares: bill.shares.map((each) => (each.id === share.id ? share : each)) };
}

/** Tells of a bill that is stored, and settles it if nothing is left to be paid. */
export async function recordBill(
  tx: Tx,
  session: Session,
  bill: Bill,
  traceparent: string,
): Promise<{ readonly session: Session; readonly bill: Bill }> {
  const isSettled = bill.state === "open" && bill.shares.every(({ state }) => state === "paid");
  if (!isSettled) {
    return {
      session: await recordChange(tx, session, { case: "bill", value: billMessage(bill) }),
      bill,
    };
  }
  endBill(tx, bill.id, "settled");
  const settled: Bill = { ...bill, state: "settled" };
  const changed = await recordChange(tx, session, { case: "bill", value: billMessage(settled) });
  const message = {
    session: sessionReference(changed),
    billId: bill.id,
    orderIds: [...bill.orderIds],
    total: money(bill.currencyCode, bill.totalMinor),
  };
  appendEvents(tx, [tableEvent(changed, BillSettledSchema, message, traceparent)]);
  return { session: changed, bill: settled };
}

/** Notes with each order which bill it is on (undefined: none), and tells of it. The session is locked. */
export async function putOnBill(
  tx: Tx,
  session: Session,
  orders: readonly PlacedOrder[],
  billId: bigint | undefined,
): Promise<Session> {
  const updated = await updateBill(
    tx,
    orders.map(({ id }) => id),
    billId,
  );
  let changed = session;
  for (const order of updated.filter(isPlaced)) {
    changed = await recordChange(tx, changed, { case: "order", value: order });
  }
  return changed;
}
