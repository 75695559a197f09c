import type { Session } from "./domain/session.ts";
import { notOpen, sessionNotFound } from "./domain/session-failures.ts";
import { giveNewCode } from "./open-session.ts";
import { type QrCode, renderQrCode } from "./qr-code.ts";
import { recordChange } from "./record-change.ts";
import { type Caller, requireSession, requireStaffSession } from "./session-access.ts";
import { lockSession } from "./sql/sessions.ts";
import type { TableDesk } from "./table-desk.ts";

/** How one gets into a session. */
export interface Invitation {
  readonly code: string;
  readonly link: string;
}

/**
 * Gives a session another code and another link.
 *
 * @throws Failure `failed_precondition` unless it is open.
 */
export async function rotateInvitation(
  { database, invitations, onCommitted }: TableDesk,
  caller: Caller,
  sessionId: bigint,
): Promise<Invitation> {
  await database.read((db) => requireStaffSession(db, caller, sessionId, "Replacing the invitation"));
  const session = await database.transaction(async (tx) => {
    const locked = await lockSession(tx, sessionId);
    const renewed = await giveNewCode(tx, requireOpen(locked));
    return await recordChange(tx, renewed, { case: "session" });
  });
  onCommitted();
  return { code: session.code, link: invitations.linkOf(session) };
}

/** The invitation with its QR code. @throws Failure `failed_precondition` unless the session is open. */
export async function renderInvitation(
  { database, invitations }: TableDesk,
  caller: Caller,
  sessionId: bigint,
): Promise<Invitation & QrCode> {
  const session = requireOpen(await database.read((db) => requireSession(db, caller, sessionId)));
  const link = invitations.linkOf(session);
  return { code: session.code, link, ...(await renderQrCode(link)) };
}

function requireOpen(session: Session | undefined): Session {
  if (session === undefined) {
    throw sessionNotFound();
  }
  if (session.state !== "open") {
    throw notOpen(session.state);
  }
  return session;
}
