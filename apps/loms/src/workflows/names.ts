/** The words of loms's workflows: the definitions are written in them, and what loms does is looked up by them. */

/** P platform, A its administrators, B buyer, S seller. */
export type Role = "P" | "A" | "B" | "S";

/** The machines of refunds are named for the kind of refund. */
export type RefundKind = "pre_shipping" | "refund_only" | "with_return" | "anytime" | "expiration";

export type MachineName = "order" | "item" | RefundKind;

/** What must hold for a row to be taken; `guards.ts` says when each does. */
export type GuardName =
  | "stock_is_reserved"
  | "payment_is_in_time"
  | "buyer_may_extend"
  | "seller_may_extend"
  | "refund_is_open"
  | "refund_is_in_process"
  | "all_items_are_refunded"
  | "all_items_are_done"
  | "reception_waits_for_nothing"
  | "refunds_wait_for_nothing"
  | "amount_is_refundable"
  | "refund_is_full"
  | "refund_is_free"
  | "refund_is_finished"
  | "refund_is_closed"
  | "refund_was_overtaken"
  | "voucher_is_refundable"
  | "expiration_is_refundable"
  | "expiration_is_not_refundable"
  | "used_refund_is_finished"
  | "unused_refund_is_finished"
  | "unused_expiration_is_finished"
  | "all_codes_are_used";

/** What loms does when a row is taken, beside moving states, flags, timers and refund sheets. */
export type EffectName =
  | "reserve_stock"
  | "commit_reservation"
  | "release_reservation"
  | "store_shipping_fee"
  | "store_shipping_address"
  | "store_shipment"
  | "store_return_shipment"
  | "deliver_order"
  | "change_refund"
  | "request_refund"
  | "record_refund"
  | "restock_item"
  | "restock_order"
  | "settle_bill"
  | "refund_canceled_order"
  | "send_goods_back"
  | "issue_codes"
  | "hold_codes"
  | "refund_codes"
  | "expire_codes";

/** What is told of a row; where Easy Order had a post action that says what happened, in its words. */
export type EventName =
  | "order_created"
  | "order_paid"
  | "order_shipped"
  | "order_delivered"
  | "transaction_successful"
  | "buyer_extend_shipping_ack"
  | "seller_extend_shipping_ack"
  | "payment_successful"
  | "refund_requested"
  | "refund_finished"
  | "refund_closed"
  | "seller_agree_refund"
  | "refund_sheet_finished"
  | "refund_sheet_closed"
  | "attendance_code_expired"
  | "order_placed"
  | "order_accepted"
  | "order_declined"
  | "order_in_preparation"
  | "order_served";

/** What an order remembers while it is in a state. */
export type FlagName =
  | "buyer_may_extend"
  | "seller_may_extend"
  | "reception_wait_ended"
  | "refund_wait_ended";

export const timerNames = [
  "payment_deadline",
  "seller_no_response",
  "buyer_no_response",
  "auto_ack_shipping",
  "enable_extending",
  "no_refund_request",
  "delivery",
  "voucher_expiry",
] as const;

export type TimerName = (typeof timerNames)[number];

/** `payment_window` and `voucher_validity` end when the order itself says so; the others are in `durations.ts`. */
export type DurationName =
  | "payment_window"
  | "voucher_validity"
  | "seller_response"
  | "buyer_response"
  | "reception_confirmation"
  | "extension_opens"
  | "extension_length"
  | "refund_request_window"
  | "delivery";

/** Why an order was canceled: `cancel_reason` of the contract. */
export type ReasonName =
  | "requested"
  | "payment_deadline"
  | "refunded"
  | "expired"
  | "declined"
  | "session_closed";

export interface LomsNames {
  readonly role: Role;
  readonly machine: MachineName;
  readonly guard: GuardName;
  readonly effect: EffectName;
  readonly event: EventName;
  readonly flag: FlagName;
  readonly timer: TimerName;
  readonly duration: DurationName;
  readonly reason: ReasonName;
}
