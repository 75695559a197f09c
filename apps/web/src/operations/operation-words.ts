import { Channel, DeliveryStatus } from "@ordermesh/proto/ordermesh/notifications/v1/notifications_pb";
import { VerificationState } from "@ordermesh/proto/ordermesh/operations/v1/verification_pb";
import type { StatusWord } from "../words.ts";

/** What those who run the installation read. Not in the words of everybody: only these pages load them. */

export const deliveryStatus: Readonly<Record<DeliveryStatus, StatusWord>> = {
  [DeliveryStatus.UNSPECIFIED]: { tone: "neutral", word: "Unknown" },
  [DeliveryStatus.PENDING]: { tone: "waiting", word: "Waiting" },
  [DeliveryStatus.DELIVERED]: { tone: "done", word: "Delivered" },
  [DeliveryStatus.FAILED]: { tone: "failed", word: "Given up" },
};

export const channelText: Readonly<Record<Channel, string>> = {
  [Channel.UNSPECIFIED]: "unknown",
  [Channel.LOG]: "log",
  [Channel.EMAIL]: "e-mail",
  [Channel.WEBHOOK]: "webhook",
  [Channel.SMS]: "text message",
};

export const verificationWord: Readonly<Record<VerificationState, StatusWord>> = {
  [VerificationState.UNSPECIFIED]: { tone: "neutral", word: "Unknown" },
  [VerificationState.RUNNING]: { tone: "active", word: "Looking" },
  [VerificationState.FINISHED]: { tone: "done", word: "Finished" },
  [VerificationState.BROKEN_OFF]: { tone: "failed", word: "Broken off" },
};

/** The names that timers have, and what each waits for. */
export const timerTexts: Readonly<Record<string, string>> = {
  payment_deadline: "Payment",
  seller_no_response: "Seller’s answer to a refund",
  buyer_no_response: "Buyer’s answer to a refund",
  auto_ack_shipping: "Buyer’s word that it came",
  enable_extending: "Time until more may be asked for",
  no_refund_request: "Time for refunds",
  delivery: "Delivery",
  voucher_expiry: "Codes’ validity",
};

/** What a timer waits for; its name where there are no words yet. */
export function timerText(timer: string): string {
  return timerTexts[timer] ?? timer.replaceAll("_", " ");
}

/** Without it an order could hold stock for ever: the service lets nobody take it away. */
export function isSkippable(timer: string): boolean {
  return timer !== "payment_deadline";
}
