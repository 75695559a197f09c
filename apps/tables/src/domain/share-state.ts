import type { BillShare, BillState, Settlement, ShareState } from "./bill.ts";

/** What can happen to a share of a bill. */
export type ShareEvent =
  | { readonly kind: "card_tried" }
  | { readonly kind: "card_captured" }
  | { readonly kind: "card_refused"; readonly code: string }
  | { readonly kind: "settled"; readonly how: Exclude<Settlement, "card"> }
  /** A forced close has begun. */
  | { readonly kind: "write_off_asked" }
  /** A forced close does not wait any longer for what the provider says. */
  | { readonly kind: "given_up" };

/** Why something is refused: stable, for programs. */
export type ShareRefusal = "BILL_VOID" | "SHARE_PAID" | "SHARE_PROCESSING";

export type ShareDecision =
  | {
      readonly kind: "move";
      readonly to: ShareState;
      readonly settledBy?: Settlement;
      readonly declineCode?: string;
      /** The payment service is to be told that nothing may be paid any more, and that what was captured goes back. */
      readonly cancelsPayment: boolean;
    }
  /** Nobody sees a difference, except that the payment has to be given back if `cancelsPayment`. */
  | { readonly kind: "unchanged"; readonly cancelsPayment: boolean }
  | { readonly kind: "refused"; readonly reason: ShareRefusal };

type StateOfShare = Pick<BillShare, "state" | "settledBy" | "tryId" | "writeOffReason">;

const unchanged: ShareDecision = { kind: "unchanged", cancelsPayment: false };
const giveBack: ShareDecision = { kind: "unchanged", cancelsPayment: true };
const refused = (reason: ShareRefusal): ShareDecision => ({ kind: "refused", reason });
const paidByCard: ShareDecision = { kind: "move", to: "paid", settledBy: "card", cancelsPayment: false };

/** What an event does to a share. Pure: the same for every replica, and for every repetition. */
export function decideShare(bill: BillState, share: StateOfShare, event: ShareEvent): ShareDecision {
  if (bill === "void") {
    return ofVoidBill(event);
  }
  switch (share.state) {
    case "unpaid":
      return whileUnpaid(share, event);
    case "processing":
      return whileProcessing(share, event);
    case "paid":
      return whilePaid(share, event);
  }
}

/** Nobody wants money for it any more. */
function ofVoidBill({ kind }: ShareEvent): ShareDecision {
  switch (kind) {
    case "card_tried":
    case "settled":
      return refused("BILL_VOID");
    case "card_captured":
      return giveBack;
    default:
      return unchanged;
  }
}

function whileUnpaid(share: StateOfShare, event: ShareEvent): ShareDecision {
  switch (event.kind) {
    case "card_tried":
      return { kind: "move", to: "processing", declineCode: "", cancelsPayment: false };
    case "card_captured":
      // The answer to a try that was thought to have come to nothing: the guest has paid.
      return paidByCard;
    case "settled":
      return paidOtherwise(share, event.how);
    case "write_off_asked":
      return paidOtherwise(share, "written_off");
    default:
      return unchanged;
  }
}

function whileProcessing(share: StateOfShare, event: ShareEvent): ShareDecision {
  switch (event.kind) {
    case "card_tried":
    case "settled":
      return refused("SHARE_PROCESSING");
    case "card_captured":
      return paidByCard;
    case "card_refused":
      return share.writeOffReason === undefined
        ? { kind: "move", to: "unpaid", declineCode: event.code, cancelsPayment: false }
        : { ...paidOtherwise(share, "written_off"), declineCode: event.code };
    case "write_off_asked":
      // The guest may be paying at this moment: what the provider says decides, for a while.
      return unchanged;
    case "given_up":
      return paidOtherwise(share, "written_off");
  }
}

function whilePaid({ settledBy }: StateOfShare, event: ShareEvent): ShareDecision {
  switch (event.kind) {
    case "card_tried":
      return refused("SHARE_PAID");
    case "card_captured":
      return settledBy === "card" ? unchanged : giveBack;
    case "settled":
      return settledBy === event.how ? unchanged : refused("SHARE_PAID");
    default:
      return unchanged;
  }
}

/** A card that was tried before may still turn out to have been charged. */
function paidOtherwise({ tryId }: StateOfShare, settledBy: Settlement): ShareDecision & { kind: "move" } {
  return { kind: "move", to: "paid", settledBy, cancelsPayment: tryId !== undefined };
}
