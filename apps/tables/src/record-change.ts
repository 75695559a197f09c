import { create, toBinary } from "@bufbuild/protobuf";
import type { Tx } from "@ordermesh/postgres/tx";
import { SessionChangeSchema } from "@ordermesh/proto/ordermesh/tables/v1/tables_pb";
import type { Guest, Session, SessionSums } from "./domain/session.ts";
import type { PlacedOrder } from "./domain/session-order.ts";
import {
  type BillMessage,
  guestMessage,
  orderMessage,
  sessionMessage,
  sumsMessage,
} from "./events/session-messages.ts";
import { insertChange } from "./sql/session-changes.ts";
import { countChange } from "./sql/sessions.ts";

/** What of a session became different, as it is now. */
export type Change =
  | { readonly case: "guest"; readonly value: Guest }
  | { readonly case: "order"; readonly value: PlacedOrder }
  | { readonly case: "bill"; readonly value: BillMessage }
  /** The session itself: opened, closing, closed, another code. */
  | { readonly case: "session" };

/**
 * Tells those who watch of a change. Every change that can be seen goes through here, once it has been written and in the
 * same transaction, which has locked the session with its first statement.
 *
 * @returns the session with its new version.
 */
export async function recordChange(tx: Tx, session: Session, what: Change): Promise<Session> {
  const { version, ...sums } = await countChange(tx, session.id);
  const changed: Session = { ...session, version, paidMinor: sums.paidMinor };
  const message = create(SessionChangeSchema, {
    sessionId: session.id,
    version,
    what: whatMessage(changed, sums, what),
    ...sumsMessage(changed, sums),
  });
  insertChange(tx, {
    sessionId: session.id,
    version,
    locationId: session.locationId,
    change: toBinary(SessionChangeSchema, message),
  });
  return changed;
}

function whatMessage(session: Session, sums: SessionSums, what: Change) {
  switch (what.case) {
    case "guest":
      return { case: what.case, value: guestMessage(what.value) };
    case "order":
      return { case: what.case, value: orderMessage(what.value, session.currencyCode) };
    case "bill":
      return { case: what.case, value: what.value };
    case "session":
      return { case: what.case, value: sessionMessage(session, sums) };
  }
}
