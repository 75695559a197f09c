import { guestNotFound } from "./domain/session-failures.ts";
import { recordChange } from "./record-change.ts";
import { type Caller, requireStaffSession } from "./session-access.ts";
import { findGuest, removeGuest as takeTokenAway } from "./sql/guests.ts";
import { lockSession } from "./sql/sessions.ts";
import type { TableDesk } from "./table-desk.ts";

/**
 * Takes a guest's token away; the guest's streams end with it. A guest who was removed before stays so.
 *
 * @throws Failure `not_found` for a guest that the session does not have, and for the table itself.
 */
export async function removeGuest(
  { database, onCommitted }: TableDesk,
  caller: Caller,
  sessionId: bigint,
  guestId: bigint,
): Promise<void> {
  await database.read((db) => requireStaffSession(db, caller, sessionId, "Removing a guest"));
  await database.transaction(async (tx) => {
    const session = await lockSession(tx, sessionId);
    const guest = await findGuest(tx, sessionId, guestId);
    if (session === undefined || guest === undefined || guest.isTable) {
      throw guestNotFound(guestId);
    }
    const removed = await takeTokenAway(tx, guestId);
    if (removed !== undefined) {
      await recordChange(tx, session, { case: "guest", value: removed });
    }
  });
  onCommitted();
}
