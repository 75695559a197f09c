import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { appendEvents } from "@ordermesh/outbox/outbox";
import type { Tx } from "@ordermesh/postgres/tx";
import { SessionClosedSchema } from "@ordermesh/proto/ordermesh/events/v1/table_events_pb";
import type { Session } from "./domain/session.ts";
import { type OpenEnds, sessionNotFound } from "./domain/session-failures.ts";
import { isUnserved } from "./domain/session-order.ts";
import { sessionReference, tableEvent } from "./events/outgoing.ts";
import { recordChange } from "./record-change.ts";
import { takeTokens } from "./sql/guests.ts";
import { markClosed } from "./sql/session-closing.ts";
import { retireCodes } from "./sql/session-codes.ts";
import { countPlacing, listSessionOrders } from "./sql/session-orders.ts";
import { lockSession } from "./sql/sessions.ts";
import type { TableDesk } from "./table-desk.ts";

/** What closing came to. */
export interface Closed {
  readonly session: Session;
  /** False if it was closed before. */
  readonly changed: boolean;
}

export type CloseOutcome =
  | { readonly kind: "closed"; readonly closed: Closed }
  | { readonly kind: "not done"; readonly ends: OpenEnds };

/** Closes a session in which nothing is left to be done. One that is closed already stays so. */
export async function tryToClose(
  tx: Tx,
  { bills }: Pick<TableDesk, "bills">,
  sessionId: bigint,
  traceparent: string,
): Promise<CloseOutcome> {
  const session = await requireLocked(tx, sessionId);
  if (session.state === "closed") {
    return { kind: "closed", closed: { session, changed: false } };
  }
  const [placing, orders, billIds] = await Promise.all([
    countPlacing(tx, sessionId),
    listSessionOrders(tx, sessionId),
    bills.listOpen(tx, sessionId),
  ]);
  const orderIds = orders.flatMap(({ status, orderId }) => (isUnserved(status) ? (orderId ?? []) : []));
  if (placing + orderIds.length + billIds.length > 0) {
    return { kind: "not done", ends: { placing, orderIds, billIds } };
  }
  const closed = await markClosed(tx, sessionId);
  retireCodes(tx, sessionId);
  takeTokens(tx, sessionId);
  const changed = await recordChange(tx, closed, { case: "session" });
  const message = {
    session: sessionReference(changed),
    closedTime: changed.closedAt && timestampFromDate(changed.closedAt),
    reason: changed.closeReason,
  };
  appendEvents(tx, [tableEvent(changed, SessionClosedSchema, message, traceparent)]);
  return { kind: "closed", closed: { session: changed, changed: true } };
}

/** Locks a session. @throws Failure `not_found`. */
export async function requireLocked(tx: Tx, sessionId: bigint): Promise<Session> {
  const session = await lockSession(tx, sessionId);
  if (session === undefined) {
    throw sessionNotFound();
  }
  return session;
}
