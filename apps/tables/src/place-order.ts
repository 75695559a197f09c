import { createHash } from "node:crypto";
import { Failure } from "@ordermesh/failure/failure";
import type { Tx } from "@ordermesh/postgres/tx";
import type { Call } from "@ordermesh/rpc/call";
import type { Session } from "./domain/session.ts";
import { guestNotFound, notOpen, reusedKey, sessionNotFound } from "./domain/session-failures.ts";
import { isPlaced, type SessionOrder, type SessionOrderLine, totalOf } from "./domain/session-order.ts";
import { findOrderedLines, type OrderedLine } from "./ordered-lines.ts";
import { completePlacing, type Placed } from "./placing.ts";
import { type Caller, requireSession } from "./session-access.ts";
import { findGuest } from "./sql/guests.ts";
import { findByKey, insertSessionOrder } from "./sql/session-orders.ts";
import { shareSession } from "./sql/sessions.ts";
import type { TableDesk } from "./table-desk.ts";

export interface PlaceOrderRequest {
  readonly sessionId: bigint;
  /** Undefined: the guest who calls, or the table. */
  readonly guestId: bigint | undefined;
  readonly lines: readonly OrderedLine[];
  readonly note: string;
  readonly idempotencyKey: string;
}

/**
 * Orders from the menu. What is going to be ordered is written first, while the session can not be closed; then LOMS is
 * asked, outside of any transaction, with a key that names the row; then its answer is recorded. Whoever dies in between,
 * the recovery asks again with the same key and gets the same order (recovery.ts). A session is not closed while a row
 * waits for its answer. So no order is lost, and none comes into a closed session.
 *
 * @returns `replayed`: the key had been used before, and this is what came of it.
 * @throws Failure `unavailable` if LOMS did not answer: the order may be placed all the same, and the same key tells.
 */
export async function placeOrder(
  desk: TableDesk,
  caller: Caller,
  request: PlaceOrderRequest,
  call: Call,
): Promise<Placed & { readonly replayed: boolean }> {
  const { database } = desk;
  const { sessionId, idempotencyKey } = request;
  const { session, earlier } = await database.read(async (db) => ({
    session: await requireSession(db, caller, sessionId),
    earlier: await findByKey(db, { sessionId, placedBy: caller.name, idempotencyKey }),
  }));
  const requestHash = hashOf(request);
  if (earlier !== undefined) {
    return await replay(desk, session, earlier, requestHash, call);
  }
  if (caller.kind === "guest" && (request.guestId ?? caller.guestId) !== caller.guestId) {
    throw guestNotFound(request.guestId ?? 0n);
  }
  requireOpen(session);
  const lines = await findOrderedLines(desk.catalogue, session, request.lines, call);
  const written = await database.transaction((tx) =>
    writeIntent(tx, desk, { caller, request, requestHash, lines, traceparent: call.traceparent }),
  );
  if (written.earlier !== undefined) {
    return await replay(desk, session, written.earlier, requestHash, call);
  }
  return { ...(await completePlacing(desk, written.order, call)), replayed: false };
}

async function replay(
  desk: TableDesk,
  session: Session,
  earlier: { readonly order: SessionOrder; readonly requestHash: Uint8Array },
  requestHash: Buffer,
  call: Call,
): Promise<Placed & { readonly replayed: boolean }> {
  if (!requestHash.equals(earlier.requestHash)) {
    throw reusedKey();
  }
  const { order } = earlier;
  const placed = isPlaced(order) ? { session, order } : await completePlacing(desk, order, call);
  return { ...placed, replayed: true };
}

interface Intent {
  readonly caller: Caller;
  readonly request: PlaceOrderRequest;
  readonly requestHash: Buffer;
  readonly lines: readonly SessionOrderLine[];
  readonly traceparent: string;
}

async function writeIntent(
  tx: Tx,
  { recoveryAfterMs }: TableDesk,
  { caller, request, requestHash, lines, traceparent }: Intent,
) {
  const { sessionId, note, idempotencyKey } = request;
  const session = await shareSession(tx, sessionId);
  if (session === undefined) {
    throw sessionNotFound();
  }
  requireOpen(session);
  const wanted = request.guestId ?? (caller.kind === "guest" ? caller.guestId : undefined);
  const guest = await findGuest(tx, sessionId, wanted);
  if (guest === undefined || guest.isRemoved) {
    throw guestNotFound(wanted ?? 0n);
  }
  const order = await insertSessionOrder(tx, {
    sessionId,
    guestId: guest.id,
    staffUserId: caller.kind === "staff" ? caller.userId : undefined,
    placedBy: caller.name,
    idempotencyKey,
    requestHash,
    lines,
    note,
    totalMinor: totalOf(lines),
    traceparent,
    leaseMs: recoveryAfterMs,
  });
  if (order !== undefined) {
    return { order, earlier: undefined };
  }
  // The same call has come at the same time.
  const earlier = await findByKey(tx, { sessionId, placedBy: caller.name, idempotencyKey });
  if (earlier === undefined) {
    throw new Failure("aborted", "The same order was just taken back. Try again.", {
      reason: "ORDER_TAKEN_BACK",
      retryAfterMs: 100,
    });
  }
  return { order: earlier.order, earlier };
}

function requireOpen({ state }: Session): void {
  if (state !== "open") {
    throw notOpen(state);
  }
}

function hashOf({ sessionId, guestId, lines, note }: PlaceOrderRequest): Buffer {
  const parts = [
    `${sessionId}`,
    `${guestId ?? 0n}`,
    note,
    lines.map((line) => [line.sku, line.quantity, line.note]),
  ];
  return createHash("sha256").update(JSON.stringify(parts)).digest();
}
