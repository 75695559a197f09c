import { createHash, randomInt } from "node:crypto";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { Failure } from "@ordermesh/failure/failure";
import { appendEvents } from "@ordermesh/outbox/outbox";
import type { Tx } from "@ordermesh/postgres/tx";
import { SessionOpenedSchema } from "@ordermesh/proto/ordermesh/events/v1/table_events_pb";
import { type Session, tidyName } from "./domain/session.ts";
import { makeCode } from "./domain/session-code.ts";
import { badRequest, nameInUse, reusedKey } from "./domain/session-failures.ts";
import { sessionReference, tableEvent } from "./events/outgoing.ts";
import { recordChange } from "./record-change.ts";
import type { StaffCaller } from "./session-access.ts";
import { insertGuest } from "./sql/guests.ts";
import { claimCode, retireCodes } from "./sql/session-codes.ts";
import { findSessionByKey, insertSession, updateCode } from "./sql/sessions.ts";
import { requireStaff } from "./staff.ts";
import type { TableDesk } from "./table-desk.ts";

const codeTriesMax = 20;
const nicknameLengthMax = 50;

/**
 * Opens a session, with a first guest that is the table itself.
 *
 * @throws Failure `already_exists` while another open session of the location has the name; `not_found` for whoever is not
 * of its staff; `invalid_argument` for a key that was used for something else.
 */
export async function openSession(
  { database, onCommitted }: TableDesk,
  caller: StaffCaller,
  request: { readonly locationId: bigint; readonly name: string; readonly idempotencyKey: string },
  traceparent: string,
): Promise<Session> {
  const name = tidyName(request.name);
  if (name === "") {
    throw badRequest("name", "is empty");
  }
  const requestHash = createHash("sha256")
    .update(JSON.stringify([`${request.locationId}`, name]))
    .digest();
  const opened = await database.transaction(async (tx) => {
    const location = await requireStaff(tx, request.locationId, caller);
    const earlier = await findEarlier(tx, caller, request.idempotencyKey, requestHash);
    if (earlier !== undefined) {
      return earlier;
    }
    const inserted = await insertSession(tx, {
      locationId: location.id,
      name,
      code: makeCode(randomInt),
      currencyCode: location.currencyCode,
      openedBy: caller.name,
      idempotencyKey: request.idempotencyKey === "" ? undefined : request.idempotencyKey,
      requestHash,
    });
    if (inserted === undefined) {
      // Either the name, or the same call has come at the same time.
      return (await findEarlier(tx, caller, request.idempotencyKey, requestHash)) ?? refuse(name);
    }
    return await furnish(tx, inserted, traceparent);
  });
  onCommitted();
  return opened;
}

function refuse(name: string): never {
  throw nameInUse(name);
}

async function findEarlier(tx: Tx, { name }: StaffCaller, key: string, requestHash: Buffer) {
  const earlier = key === "" ? undefined : await findSessionByKey(tx, name, key);
  if (earlier !== undefined && !requestHash.equals(earlier.requestHash)) {
    throw reusedKey();
  }
  return earlier?.session;
}

async function furnish(tx: Tx, inserted: Session, traceparent: string): Promise<Session> {
  const hasCode = await claimCode(tx, inserted.code, inserted.id);
  const session = hasCode ? inserted : await giveNewCode(tx, inserted);
  const nickname = [...session.name].slice(0, nicknameLengthMax).join("");
  await insertGuest(tx, { sessionId: session.id, nickname, tokenHash: undefined });
  const opened = await recordChange(tx, session, { case: "session" });
  const message = { session: sessionReference(opened), openedTime: timestampFromDate(opened.openedAt) };
  appendEvents(tx, [tableEvent(opened, SessionOpenedSchema, message, traceparent)]);
  return opened;
}

/** Gives a session a code that leads nowhere else, and makes those that it had useless for joining. */
export async function giveNewCode(tx: Tx, session: Session): Promise<Session> {
  retireCodes(tx, session.id);
  for (let tries = 0; tries < codeTriesMax; tries += 1) {
    const code = makeCode(randomInt);
    if (await claimCode(tx, code, session.id)) {
      return await updateCode(tx, session.id, code);
    }
  }
  throw new Failure("unavailable", "No free code was found. Try again.", {
    reason: "NO_FREE_CODE",
    retryAfterMs: 100,
  });
}
