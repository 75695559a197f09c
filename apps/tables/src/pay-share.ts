import { createHash } from "node:crypto";
import { Failure } from "@ordermesh/failure/failure";
import type { Tx } from "@ordermesh/postgres/tx";
import { lockSessionFor, requireOpen, requireShare } from "./bill-access.ts";
import { applyToShare, withShare } from "./bill-changes.ts";
import type { BillDesk } from "./bill-desk.ts";
import type { Bill, BillShare } from "./domain/bill.ts";
import { anothersShare, forGuestsOnly, shareRefused } from "./domain/bill-failures.ts";
import type { NewsSource, PaymentNews } from "./domain/payment-news.ts";
import { reusedKey } from "./domain/session-failures.ts";
import { decideShare } from "./domain/share-state.ts";
import { billMessage } from "./events/bill-messages.ts";
import { recordChange } from "./record-change.ts";
import { type Caller, requireSession } from "./session-access.ts";
import { recordNews } from "./share-news.ts";
import { beginTry } from "./sql/bills.ts";
import { lockSession } from "./sql/sessions.ts";
import { claimTry, deleteTry } from "./sql/share-tries.ts";
import type { PayableShare } from "./upstream/share-payments.ts";

export interface PayShareRequest {
  readonly sessionId: bigint;
  readonly shareId: bigint;
  readonly methodToken: string;
  readonly idempotencyKey: string;
  readonly traceparent: string;
}

export interface PaidShare {
  readonly share: BillShare;
  readonly currencyCode: string;
}

/**
 * Pays a share by card. That it is being paid is committed before the payment service is asked, which knows the try by
 * its id: whoever dies in between, what became of it is told by an event or asked for (bill-recovery.ts). So a share is
 * paid late at worst, and by one capture.
 *
 * @throws Failure `not_found`, `failed_precondition` that says why, `invalid_argument` for a key that was used for something
 * else, `unavailable` if the payment service is away; nothing has been done then. A card that is declined is no failure.
 */
export async function payShare(desk: BillDesk, caller: Caller, request: PayShareRequest): Promise<PaidShare> {
  const begun = await desk.database.transaction((tx) => begin(tx, desk, caller, request));
  desk.onCommitted();
  if (begun.payable !== undefined) {
    const answer = await ask(desk, request, begun.payable);
    if (answer !== undefined) {
      await desk.database.transaction(async (tx) => {
        const session = await lockSession(tx, request.sessionId);
        return session && (await recordNews(tx, session, answer.news, answer.source, request.traceparent));
      });
      desk.onCommitted();
      desk.onWork();
    }
  }
  return await desk.database.read(async (db) => {
    const session = await requireSession(db, caller, request.sessionId);
    const { bill, share } = await requireShare(db, session, request.shareId);
    return { share, currencyCode: bill.currencyCode };
  });
}

interface BegunTry {
  /** Undefined if it is a repetition, and the try has ended since. */
  readonly payable: PayableShare | undefined;
}

async function begin(
  tx: Tx,
  desk: BillDesk,
  caller: Caller,
  { sessionId, shareId, methodToken, idempotencyKey, traceparent }: PayShareRequest,
): Promise<BegunTry> {
  const session = await lockSessionFor(tx, caller, sessionId);
  if (caller.kind !== "guest") {
    throw forGuestsOnly("Paying a share by card");
  }
  const { guestId } = caller;
  const { bill, share } = await requireShare(tx, session, shareId);
  // The token itself is kept by the provider only.
  const requestHash = createHash("sha256")
    .update(JSON.stringify([`${shareId}`, methodToken]))
    .digest();
  const claimed = await claimTry(tx, { shareId, guestId, idempotencyKey, requestHash });
  if (!claimed.requestHash.equals(requestHash)) {
    throw reusedKey();
  }
  const payable: PayableShare = {
    shareId,
    amountMinor: share.amountMinor,
    currencyCode: bill.currencyCode,
    payerGuestId: guestId,
    tryId: claimed.id,
    traceparent,
  };
  if (!claimed.isNew) {
    // Whoever began it may be dead: the payment service makes nothing of a try that it knows.
    const isUnderWay = share.state === "processing" && share.tryId === claimed.id;
    return { payable: isUnderWay ? payable : undefined };
  }
  requireOpen(session);
  const decision = decideShare(bill.state, share, { kind: "card_tried" });
  if (decision.kind === "refused") {
    throw shareRefused(shareId, decision.reason);
  }
  if (share.guestId !== undefined && share.guestId !== guestId) {
    throw anothersShare(shareId);
  }
  beginTry(tx, shareId, { tryId: claimed.id, guestId, checkAfterMs: desk.settings.checkAfterMs });
  await recordChange(tx, session, { case: "bill", value: billMessage(underWay(bill, share)) });
  return { payable };
}

function underWay(bill: Bill, share: BillShare): Bill {
  return withShare(bill, { ...share, state: "processing", declineCode: "" });
}

/**
 * Has the payment service try.
 *
 * @returns undefined if the try is under way, or its outcome unknown: then it is told, or asked for.
 * @throws Failure if the payment service was not reached, or refused it before anything could be charged.
 */
async function ask(
  desk: BillDesk,
  request: PayShareRequest,
  payable: PayableShare,
): Promise<{ readonly news: PaymentNews; readonly source: NewsSource } | undefined> {
  const { payments } = desk;
  const found = await payments.find(payable).catch(async (error: unknown) => {
    await takeBack(desk, request, payable);
    throw error;
  });
  if (found.standing === "captured" || found.standing === "canceled") {
    return { news: found, source: { kind: "told" } };
  }
  try {
    const news = await payments.pay(payable, found.paymentId, request.methodToken);
    return { news, source: { kind: "told" } };
  } catch (error) {
    if (!isRefusal(error)) {
      return undefined;
    }
    // Nothing was tried: another try stands in the way, or has paid it.
    const news = await payments.find(payable).catch(() => undefined);
    return news && { news, source: { kind: "asked", tryId: payable.tryId } };
  }
}

function isRefusal(error: unknown): boolean {
  return (
    error instanceof Failure && ["failed_precondition", "invalid_argument", "not_found"].includes(error.kind)
  );
}

/** Nothing was charged with it: the guest can try again at once, also with the same key. */
async function takeBack(
  { database, onCommitted }: BillDesk,
  { sessionId, shareId, traceparent }: PayShareRequest,
  { tryId }: PayableShare,
): Promise<void> {
  await database.transaction(async (tx) => {
    const session = await lockSession(tx, sessionId);
    if (session === undefined) {
      return;
    }
    const { bill, share } = await requireShare(tx, session, shareId);
    if (share.state === "processing" && share.tryId === tryId) {
      const event = { kind: "card_refused", code: "" } as const;
      await applyToShare(tx, session, bill, share, event, { memo: share.writeOffReason ?? "", traceparent });
      deleteTry(tx, tryId);
    }
  });
  onCommitted();
}
