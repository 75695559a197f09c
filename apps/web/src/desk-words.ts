import { StockHoldState, StockMovementKind } from "@ordermesh/proto/ordermesh/loms/v1/inventory_pb";
import { Channel, DeliveryStatus } from "@ordermesh/proto/ordermesh/notifications/v1/notifications_pb";
import { RefundReason, RefundStatus } from "@ordermesh/proto/ordermesh/payments/v1/payment_pb";
import type { StatusWord } from "./words.ts";

/** The words that only the desk and the warehouse use, beside those of words.ts. */

const unknown: StatusWord = { tone: "neutral", word: "Unknown" };

/** Actions are called as the contract calls them, but for abbreviations and for what is no sentence of English. */
const actionTexts: Readonly<Record<string, string>> = {
  "change shipping addr": "Change the shipping address",
  "change shipping fee": "Change the shipping fee",
  "extend auto acking reception of order": "Extend the time to confirm",
  "auto ack reception of order": "Take as received",
  "confirm reception of order": "Confirm the reception",
  "cancel order": "Cancel the order",
  "make payment": "Pay",
  "no payment": "Not paid in time",
  "agree refund": "Agree to the refund",
  "reject refund": "Reject the refund",
  "seller no response": "Seller did not answer",
  "buyer no response": "Buyer did not answer",
  "no refund request": "Time for refunds is over",
  "finished accounting": "Finish accounting",
  "finished refund": "Refund finished",
  "item finished refund": "Refund of the item finished",
  "attendance code expired": "Codes expired",
  "all used": "All codes used",
  "used service finished refund": "Refunded after some use",
  "unused service finished refund": "Refunded unused",
};

/** "ship the order" → "Ship the order". */
export function deskActionText(action: string): string {
  return actionTexts[action] ?? `${action.charAt(0).toUpperCase()}${action.slice(1)}`;
}

/** Completes "W1 2 …". */
export const holdStateText: Readonly<Record<StockHoldState, string>> = {
  [StockHoldState.UNSPECIFIED]: "",
  [StockHoldState.HELD]: "held",
  [StockHoldState.COMMITTED]: "sold",
  [StockHoldState.RELEASED]: "given free",
  [StockHoldState.EXPIRED]: "expired",
};

/** Of a line of the ledger. */
export const movementWord: Readonly<Record<StockMovementKind, StatusWord>> = {
  [StockMovementKind.UNSPECIFIED]: unknown,
  [StockMovementKind.RECEIVED]: { tone: "done", word: "Received" },
  [StockMovementKind.RESERVED]: { tone: "waiting", word: "Reserved" },
  [StockMovementKind.COMMITTED]: { tone: "active", word: "Sold" },
  [StockMovementKind.RELEASED]: { tone: "neutral", word: "Given free" },
  [StockMovementKind.EXPIRED]: { tone: "closed", word: "Hold expired" },
  [StockMovementKind.RETURNED]: { tone: "done", word: "Came back" },
};

/** Why payments gave money back. */
export const refundReasonText: Readonly<Record<RefundReason, string>> = {
  [RefundReason.UNSPECIFIED]: "Given back",
  [RefundReason.REQUESTED]: "On request",
  [RefundReason.ORDER_CANCELED]: "The order was canceled",
  [RefundReason.ORDER_EXPIRED]: "It came after the deadline",
  [RefundReason.ORDER_FAILED]: "The order failed for lack of stock",
  [RefundReason.PAID_OTHERWISE]: "It was paid otherwise",
  [RefundReason.DUPLICATE_CAPTURE]: "It was captured twice",
  [RefundReason.MADE_AT_PROVIDER]: "Made at the provider",
  [RefundReason.ORDER_REFUND]: "The order’s refund",
  [RefundReason.BILL_VOIDED]: "The bill was taken back",
};

export const refundStatusWord: Readonly<Record<RefundStatus, StatusWord>> = {
  [RefundStatus.UNSPECIFIED]: unknown,
  [RefundStatus.PENDING]: { tone: "active", word: "On its way" },
  [RefundStatus.SUCCEEDED]: { tone: "done", word: "Given back" },
  [RefundStatus.FAILED]: { tone: "failed", word: "Refused" },
};

export const messageDeliveryWord: Readonly<Record<DeliveryStatus, StatusWord>> = {
  [DeliveryStatus.UNSPECIFIED]: unknown,
  [DeliveryStatus.PENDING]: { tone: "waiting", word: "Waiting" },
  [DeliveryStatus.DELIVERED]: { tone: "done", word: "Delivered" },
  [DeliveryStatus.FAILED]: { tone: "failed", word: "Given up" },
};

export const messageChannelText: Readonly<Record<Channel, string>> = {
  [Channel.UNSPECIFIED]: "somewhere",
  [Channel.LOG]: "log",
  [Channel.EMAIL]: "e-mail",
  [Channel.WEBHOOK]: "webhook",
  [Channel.SMS]: "text message",
};
