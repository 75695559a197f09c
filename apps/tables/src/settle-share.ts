import { lockSessionFor, requireShare } from "./bill-access.ts";
import { applyToShare } from "./bill-changes.ts";
import type { BillDesk } from "./bill-desk.ts";
import type { BillShare } from "./domain/bill.ts";
import { shareRefused } from "./domain/bill-failures.ts";
import { badRequest, forStaffOnly } from "./domain/session-failures.ts";
import type { Caller } from "./session-access.ts";

export interface SettleShareRequest {
  readonly sessionId: bigint;
  readonly shareId: bigint;
  readonly how: "cash" | "written_off";
  readonly memo: string;
  readonly traceparent: string;
}

export interface SettledShare {
  readonly share: BillShare;
  readonly currencyCode: string;
  /** False if it was settled so before. */
  readonly changed: boolean;
}

/**
 * Records that a share was paid in cash, or written off. What a card turns out to have been charged for it after all
 * goes back.
 *
 * @throws Failure `failed_precondition` while it is being paid by card, or once it is paid in another way.
 */
export async function settleShare(
  desk: BillDesk,
  caller: Caller,
  { sessionId, shareId, how, memo, traceparent }: SettleShareRequest,
): Promise<SettledShare> {
  if (how === "written_off" && memo.trim() === "") {
    throw badRequest("memo", "is needed to write a share off");
  }
  const settled = await desk.database.transaction(async (tx) => {
    const session = await lockSessionFor(tx, caller, sessionId);
    if (caller.kind === "guest") {
      throw forStaffOnly("Settling a share");
    }
    const found = await requireShare(tx, session, shareId);
    const applied = await applyToShare(
      tx,
      session,
      found.bill,
      found.share,
      { kind: "settled", how },
      { memo, traceparent },
    );
    if (applied.decision.kind === "refused") {
      throw shareRefused(shareId, applied.decision.reason);
    }
    return {
      share: applied.share,
      currencyCode: found.bill.currencyCode,
      changed: applied.decision.kind === "move",
    };
  });
  desk.onCommitted();
  desk.onWork();
  return settled;
}
