import { CancelReason, OrderStatus, RefundKind } from "@ordermesh/proto/ordermesh/loms/v1/order_pb";
import { VoucherCodeState } from "@ordermesh/proto/ordermesh/loms/v1/voucher_pb";
import { PaymentStatus } from "@ordermesh/proto/ordermesh/payments/v1/payment_pb";

/**
 * What states and actions are called. Two vocabularies: people's words in the shop, and on the desk the same words with
 * the code beside them.
 */

/** How a state looks; the glyph and the colors follow from it. */
export type Tone = "neutral" | "waiting" | "paused" | "active" | "done" | "failed" | "closed";

export interface StatusWord {
  readonly tone: Tone;
  readonly word: string;
}

interface OrderWords {
  readonly desk: StatusWord;
  /** Where the buyer is told something else. */
  readonly shop?: StatusWord;
}

const orderWords: Readonly<Record<OrderStatus, OrderWords>> = {
  [OrderStatus.UNSPECIFIED]: { desk: { tone: "neutral", word: "Unknown" } },
  [OrderStatus.NEW]: { desk: { tone: "neutral", word: "New" } },
  [OrderStatus.AWAITING_PAYMENT]: { desk: { tone: "waiting", word: "Awaiting payment" } },
  [OrderStatus.FAILED]: {
    desk: { tone: "failed", word: "Failed" },
    shop: { tone: "failed", word: "Sold out" },
  },
  [OrderStatus.PAID]: { desk: { tone: "active", word: "Paid" } },
  [OrderStatus.CANCELED]: { desk: { tone: "closed", word: "Canceled" } },
  [OrderStatus.SHIPMENT_HELD]: {
    desk: { tone: "paused", word: "Shipment held" },
    shop: { tone: "active", word: "Paid" },
  },
  [OrderStatus.SHIPPED]: { desk: { tone: "active", word: "Shipped" } },
  [OrderStatus.COMPLETED]: {
    desk: { tone: "active", word: "Completed" },
    shop: { tone: "done", word: "Completed" },
  },
  [OrderStatus.AWAITING_SETTLEMENT]: {
    desk: { tone: "active", word: "Awaiting settlement" },
    shop: { tone: "done", word: "Completed" },
  },
  [OrderStatus.SETTLED]: {
    desk: { tone: "done", word: "Settled" },
    shop: { tone: "done", word: "Completed" },
  },
  [OrderStatus.CONFIRMED]: { desk: { tone: "active", word: "Confirmed" } },
  [OrderStatus.DELIVERED]: { desk: { tone: "done", word: "Delivered" } },
  [OrderStatus.PLACED]: { desk: { tone: "waiting", word: "Placed" } },
  [OrderStatus.ACCEPTED]: { desk: { tone: "active", word: "Accepted" } },
  [OrderStatus.PREPARING]: { desk: { tone: "active", word: "Preparing" } },
  [OrderStatus.SERVED]: { desk: { tone: "done", word: "Served" } },
  [OrderStatus.DECLINED]: { desk: { tone: "failed", word: "Declined" } },
};

const unknown: StatusWord = { tone: "neutral", word: "Unknown" };

/** For those who work with orders. */
export function deskStatus(status: OrderStatus): StatusWord {
  return orderWords[status]?.desk ?? unknown;
}

/** For the buyer. */
export function shopStatus(status: OrderStatus): StatusWord {
  const words = orderWords[status];
  return words?.shop ?? words?.desk ?? unknown;
}

/** Completes "Canceled: …". Empty if there is nothing to say. */
export const cancelReasonText: Readonly<Record<CancelReason, string>> = {
  [CancelReason.UNSPECIFIED]: "",
  [CancelReason.REQUESTED]: "the buyer asked for it",
  [CancelReason.PAYMENT_DEADLINE]: "it was not paid in time",
  [CancelReason.REFUNDED]: "all of it was refunded",
  [CancelReason.EXPIRED]: "its codes expired unused",
  [CancelReason.DECLINED]: "the payment was declined",
  [CancelReason.SESSION_CLOSED]: "the table was closed",
};

const refundWords: Readonly<Record<string, StatusWord>> = {
  WSR: { tone: "waiting", word: "Waiting for the seller" },
  SRR: { tone: "waiting", word: "Refused by the seller" },
  CSI: { tone: "paused", word: "With customer service" },
  CSA: { tone: "paused", word: "With customer service" },
  WBS: { tone: "waiting", word: "Waiting for the return" },
  WSA: { tone: "waiting", word: "Returned, seller checks" },
  PPR: { tone: "active", word: "Being paid back" },
  PFR: { tone: "done", word: "Refunded" },
  CCR: { tone: "closed", word: "Withdrawn" },
  SCR: { tone: "closed", word: "Shipped meanwhile" },
  PCR: { tone: "closed", word: "Refused" },
};

/** Of a refund, by its code: "WSR". */
export function refundStatus(code: string): StatusWord {
  return refundWords[code] ?? unknown;
}

export const refundKindText: Readonly<Record<RefundKind, string>> = {
  [RefundKind.UNSPECIFIED]: "Refund",
  [RefundKind.PRE_SHIPPING]: "Refund before shipping",
  [RefundKind.REFUND_ONLY]: "Refund without return",
  [RefundKind.WITH_RETURN]: "Refund with return",
  [RefundKind.ANYTIME]: "Refund of unused codes",
  [RefundKind.EXPIRATION]: "Refund of expired codes",
};

export const voucherCodeStatus: Readonly<Record<VoucherCodeState, StatusWord>> = {
  [VoucherCodeState.UNSPECIFIED]: unknown,
  [VoucherCodeState.UNUSED]: { tone: "neutral", word: "Not used" },
  [VoucherCodeState.USED]: { tone: "done", word: "Used" },
  [VoucherCodeState.REFUND_PENDING]: { tone: "active", word: "Being refunded" },
  [VoucherCodeState.REFUNDED]: { tone: "closed", word: "Refunded" },
  [VoucherCodeState.EXPIRED]: { tone: "closed", word: "Expired" },
};

export const paymentStatus: Readonly<Record<PaymentStatus, StatusWord>> = {
  [PaymentStatus.UNSPECIFIED]: unknown,
  [PaymentStatus.REQUIRES_PAYMENT]: { tone: "waiting", word: "Not paid yet" },
  [PaymentStatus.PROCESSING]: { tone: "active", word: "Processing" },
  [PaymentStatus.CAPTURED]: { tone: "done", word: "Captured" },
  [PaymentStatus.DECLINED]: { tone: "failed", word: "Declined" },
  [PaymentStatus.PARTIALLY_REFUNDED]: { tone: "active", word: "Partly refunded" },
  [PaymentStatus.REFUNDED]: { tone: "closed", word: "Refunded" },
  [PaymentStatus.CANCELED]: { tone: "closed", word: "Canceled" },
};

/** Why a card was declined, and what helps. */
const declineTexts: Readonly<Record<string, string>> = {
  card_declined: "The bank declined the card.",
  insufficient_funds: "There is not enough money on the card.",
  expired_card: "The card has expired.",
  incorrect_code: "The security code is not that of the card.",
  processing_error: "The payment provider could not process it.",
};

export function declineText(code: string): string {
  return declineTexts[code] ?? `The card was declined (${code.replaceAll("_", " ")}).`;
}

/** Who acts, by the letter of the contract. */
export const roleText: Readonly<Record<string, string>> = {
  B: "buyer",
  S: "seller",
  P: "platform",
  A: "administrator",
};

/** What buyers read for an action. On the desk actions are called as the contract calls them. */
const stepTexts: Readonly<Record<string, string>> = {
  "cancel order": "Canceled by you",
  "payment successful": "Payment received",
  "ship the order": "Shipped",
  "change shipping addr": "Shipping address changed",
  "change shipping fee": "Shipping fee changed",
  "confirm reception of order": "You received it",
  "auto ack reception of order": "Counted as received",
  "allow extending": "More time can be asked for",
  "extend auto acking reception of order": "More time was given",
  "no more open refund": "Counted as received",
  "all items done with refund": "No refund is open any more",
  "no refund request": "The time for refunds is over",
  "finished accounting": "Settled",
  "no payment": "Not paid in time",
  "request refund": "You asked for a refund",
  "request refund with return": "You asked to return it",
  "change refund request": "You changed the request",
  "cancel refund request": "You withdrew the request",
  "agree refund": "The seller agreed",
  "reject refund": "The refund was refused",
  "request customer service involvement": "You asked customer service",
  "ship back": "You sent it back",
  "finished refund": "The money was paid back",
  "force refund": "The platform decided for you",
  "seller no response": "The seller did not answer in time",
  "buyer no response": "The time to answer was over",
  "ask for refund again": "The money was asked for again",
  "nothing to refund": "There was nothing to pay back",
  "processing refund": "Shipment held for the refund",
  "item closed refund": "The refund was closed",
  "item finished refund": "The refund is through",
  "all items refunded": "Everything was refunded",
  "used service finished refund": "What was not used is paid back",
  "unused service finished refund": "Everything was refunded",
  "make payment": "Payment begun",
  "payment declined": "The payment was declined",
  "deliver the order": "Delivered",
  "all used": "All codes are used",
  "attendance code expired": "Codes have expired",
};

/** A step of an order, for its buyer. The words of the contract where there are none of ours. */
export function stepText(action: string): string {
  return stepTexts[action] ?? `${action.charAt(0).toUpperCase()}${action.slice(1)}`;
}
