import { Failure } from "@ordermesh/failure/failure";
import type { Tx } from "@ordermesh/postgres/tx";
import { pause } from "@ordermesh/process/wait";
import { findShare } from "./bill-access.ts";
import { applyToShare } from "./bill-changes.ts";
import type { BillDesk } from "./bill-desk.ts";
import { readBills } from "./bill-reading.ts";
import type { ShareEvent } from "./domain/share-state.ts";
import { checkShare, payOrder } from "./settle-bills.ts";
import {
  claimOrdersToPay,
  findSharesToGiveUp,
  findSharesUnderWay,
  findUnfinishedBills,
} from "./sql/bill-work.ts";
import { askWriteOff, listBills } from "./sql/bills.ts";
import { lockSession } from "./sql/sessions.ts";
import type { SessionBills } from "./table-desk.ts";
import type { CallContext } from "./upstream/catalogue.ts";

/** How often it is looked whether the provider has decided. */
const lookEveryMs = 100;

/** What closing and showing a session need of its bills. */
export function createSessionBills(desk: BillDesk): SessionBills {
  return {
    list: readBills,
    listOpen: findUnfinishedBills,
    writeOff: (sessionId, reason, call) => writeOffBills(desk, sessionId, reason, call),
  };
}

/**
 * Leaves no bill of a session open: what nobody has paid is written off. Shares that are being paid are waited for, because
 * the guest may have paid: what is captured counts, what is declined is written off. After `giveUpAfterMs` they are written
 * off as well, and should they be captured later, the money goes back. Can be repeated, and go on where another ended.
 *
 * @throws Failure `unavailable` if it takes longer than the call has time, or if LOMS can not be told which orders are
 * paid.
 */
export async function writeOffBills(
  desk: BillDesk,
  sessionId: bigint,
  reason: string,
  call: CallContext,
): Promise<void> {
  const { database, settings } = desk;
  const { traceparent } = call;
  await database.transaction((tx) => writeOffUnpaid(tx, sessionId, reason, traceparent));
  desk.onCommitted();
  const deadline = Date.now() + Math.min(settings.giveUpAfterMs + 1_000, call.remainingMs() / 2);
  for (;;) {
    const underWay = await database.read((db) => findSharesUnderWay(db, sessionId));
    // Payments may be away: then only the time counts.
    await Promise.allSettled(underWay.map((work) => checkShare(desk, work, false)));
    await database.transaction((tx) => giveUp(tx, desk, sessionId, traceparent));
    desk.onCommitted();
    desk.onWork();
    const left = await database.read((db) => findSharesUnderWay(db, sessionId));
    if (left.length === 0) {
      break;
    }
    if (Date.now() >= deadline) {
      throw new Failure("unavailable", "A share of a bill is being paid. Try again shortly.", {
        reason: "SHARE_PROCESSING",
        retryAfterMs: 1_000,
      });
    }
    await pause(lookEveryMs);
  }
  const lease = { countMax: 1_000, leaseMs: settings.checkAfterMs, leaseMaxMs: settings.checkAfterMs };
  const orders = await database.transaction((tx) => claimOrdersToPay(tx, lease, sessionId));
  for (const order of orders) {
    await payOrder(desk, order);
  }
}

async function writeOffUnpaid(tx: Tx, sessionId: bigint, reason: string, traceparent: string): Promise<void> {
  await lockSession(tx, sessionId);
  const open = (await listBills(tx, { sessionId })).filter(({ state }) => state === "open");
  const shares = open.flatMap((bill) => bill.shares);
  for (const { id } of shares.filter(({ state }) => state === "processing")) {
    askWriteOff(tx, id, reason);
  }
  const unpaid = shares.filter(({ state }) => state === "unpaid").map(({ id }) => id);
  await applyToEach(tx, sessionId, unpaid, { kind: "write_off_asked" }, { memo: reason, traceparent });
}

async function giveUp(tx: Tx, { settings }: BillDesk, sessionId: bigint, traceparent: string): Promise<void> {
  await lockSession(tx, sessionId);
  const shareIds = await findSharesToGiveUp(tx, sessionId, settings.giveUpAfterMs);
  await applyToEach(tx, sessionId, shareIds, { kind: "given_up" }, { memo: undefined, traceparent });
}

/** @param details.memo undefined: what was given as the reason when it was asked for. */
async function applyToEach(
  tx: Tx,
  sessionId: bigint,
  shareIds: readonly bigint[],
  event: Extract<ShareEvent, { kind: "write_off_asked" | "given_up" }>,
  { memo, traceparent }: { readonly memo: string | undefined; readonly traceparent: string },
): Promise<void> {
  let session = await lockSession(tx, sessionId);
  for (const shareId of shareIds) {
    const found = await findShare(tx, shareId);
    if (session !== undefined && found !== undefined) {
      const details = { memo: memo ?? found.share.writeOffReason ?? "", traceparent };
      ({ session } = await applyToShare(tx, session, found.bill, found.share, event, details));
    }
  }
}
