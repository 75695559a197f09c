import { Failure } from "@ordermesh/failure/failure";
import type { SessionState } from "./session.ts";
import type { ShareRefusal } from "./share-state.ts";

export function billNotFound(billId: bigint): Failure {
  return new Failure("not_found", `The session has no bill ${billId}.`, {
    reason: "BILL_NOT_FOUND",
    metadata: { bill_id: `${billId}` },
  });
}

export function shareNotFound(shareId: bigint): Failure {
  return new Failure("not_found", `The session has no share ${shareId} of a bill.`, {
    reason: "SHARE_NOT_FOUND",
    metadata: { share_id: `${shareId}` },
  });
}

/** Also for a guest's own call: a card is a guest's, and there is nobody else to charge. */
export function forGuestsOnly(what: string): Failure {
  return new Failure("permission_denied", `${what} is for guests.`, { reason: "GUESTS_ONLY" });
}

export function anothersShare(shareId: bigint): Failure {
  return new Failure("failed_precondition", `Share ${shareId} is another guest's.`, {
    reason: "SHARE_OF_ANOTHER_GUEST",
    metadata: { share_id: `${shareId}` },
    preconditionViolations: [
      { type: "SHARE_OF_ANOTHER_GUEST", subject: `shares/${shareId}`, description: "is another guest's" },
    ],
  });
}

export function billsAreClosed(state: SessionState): Failure {
  const text = state === "closing" ? "is being closed" : "is closed";
  return new Failure("failed_precondition", `The session ${text}: its bills are settled.`, {
    reason: state === "closing" ? "SESSION_CLOSING" : "SESSION_CLOSED",
    preconditionViolations: [{ type: "STATE", subject: "session", description: text }],
  });
}

/** An order that can not be put on a bill now, and why. */
export interface Unbillable {
  readonly orderId: bigint;
  readonly description: string;
}

export function nothingToBill(unbillable: readonly Unbillable[]): Failure {
  const why = unbillable.map(({ orderId, description }) => `order ${orderId} ${description}`).join(", ");
  const text =
    unbillable.length === 0
      ? "There is no order that was served and is on no bill."
      : `Not all of these orders can be put on a bill: ${why}.`;
  return new Failure("failed_precondition", text, {
    reason: "NOTHING_TO_BILL",
    preconditionViolations: unbillable.map(({ orderId, description }) => ({
      type: "ORDER_NOT_BILLABLE",
      subject: `orders/${orderId}`,
      description,
    })),
  });
}

const refusals: Readonly<Record<ShareRefusal, string>> = {
  BILL_VOID: "its bill was taken back",
  SHARE_PAID: "it is paid",
  SHARE_PROCESSING: "it is being paid at this moment",
};

export function shareRefused(shareId: bigint, reason: ShareRefusal): Failure {
  const description = refusals[reason];
  return new Failure("failed_precondition", `Share ${shareId} can not be paid so: ${description}.`, {
    reason,
    metadata: { share_id: `${shareId}` },
    preconditionViolations: [{ type: reason, subject: `shares/${shareId}`, description }],
    ...(reason === "SHARE_PROCESSING" && { retryAfterMs: 1_000 }),
  });
}

/** Why a bill can not be taken back. */
export function billHasMoney(billId: bigint, shareIds: readonly bigint[]): Failure {
  return new Failure("failed_precondition", `Bill ${billId} is paid in part, or being paid.`, {
    reason: "BILL_HAS_PAYMENTS",
    metadata: { bill_id: `${billId}` },
    preconditionViolations: shareIds.map((shareId) => ({
      type: "SHARE_NOT_UNPAID",
      subject: `shares/${shareId}`,
      description: "is paid, or being paid",
    })),
  });
}
