import type { Database } from "@ordermesh/postgres/database";
import type { Queryable } from "@ordermesh/postgres/tx";
import { parseCode } from "./domain/session-code.ts";
import { badRequest, sessionNotFound } from "./domain/session-failures.ts";
import { isPlaced } from "./domain/session-order.ts";
import { sessionMessage } from "./events/session-messages.ts";
import { listGuests } from "./sql/guests.ts";
import { findByCode } from "./sql/session-codes.ts";
import { listSessionOrders } from "./sql/session-orders.ts";
import { findSession, findSums } from "./sql/sessions.ts";
import type { SessionBills } from "./table-desk.ts";

/**
 * A session with all that belongs to it, as it was at one moment: statements outside of a transaction would each see
 * another one, and its version would lie.
 *
 * @throws Failure `not_found`.
 */
export async function loadSession(
  { database, bills }: { readonly database: Database; readonly bills: Pick<SessionBills, "list"> },
  sessionId: bigint,
) {
  return await database.transaction(async (tx) => {
    tx.execute("set transaction isolation level repeatable read");
    const session = await findSession(tx, sessionId);
    if (session === undefined) {
      throw sessionNotFound();
    }
    const [sums, guests, orders, billMessages] = await Promise.all([
      findSums(tx, sessionId),
      listGuests(tx, sessionId),
      listSessionOrders(tx, sessionId),
      bills.list(tx, sessionId),
    ]);
    const parts = { guests, orders: orders.filter(isPlaced), bills: billMessages };
    return { session, message: sessionMessage(session, sums, parts) };
  });
}

/**
 * Which session is meant: by its id, or by a code that leads to it or did not long ago.
 *
 * @throws Failure `invalid_argument` unless one of both is given; `not_found` for a code that leads nowhere.
 */
export async function sessionIdOf(
  db: Queryable,
  { sessionId, code }: { readonly sessionId: bigint; readonly code: string },
): Promise<bigint> {
  if (sessionId > 0n === (code !== "")) {
    throw badRequest("session_id", "give either this or code");
  }
  if (sessionId > 0n) {
    return sessionId;
  }
  const parsed = parseCode(code);
  const found = parsed === undefined ? undefined : await findByCode(db, parsed);
  if (found === undefined) {
    throw sessionNotFound();
  }
  return found.sessionId;
}
