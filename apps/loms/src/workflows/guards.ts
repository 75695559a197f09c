import type { GuardName } from "./names.ts";
import { type ItemSnapshot, isOpen, type OrderSnapshot } from "./order-snapshot.ts";
import { isRefundable, refundableOfItem } from "./refundable.ts";

/** What guards look at. */
export interface GuardView {
  readonly order: OrderSnapshot;
  /** The item that the action is about, or whose refund it is; of a service order, its only one. */
  readonly item: ItemSnapshot | undefined;
  /** What a refund is to be of. Absent: all that can be refunded. */
  readonly amountMinor?: number | undefined;
}

/** When each guard holds. The definitions' `meanings.ts` says it in words. */
export const guards: Readonly<Record<GuardName, (view: GuardView) => boolean>> = {
  stock_is_reserved: ({ order }) => order.facts.stockIsReserved,
  payment_is_in_time: ({ order }) => order.facts.paymentIsInTime,

  buyer_may_extend: ({ order }) =>
    hasFlag(order, "buyer_may_extend") && !hasFlag(order, "reception_wait_ended"),
  seller_may_extend: ({ order }) =>
    hasFlag(order, "seller_may_extend") && !hasFlag(order, "reception_wait_ended"),
  refund_is_open: ({ order }) => hasOpenRefund(order),
  refund_is_in_process: ({ order }) => order.items.some(({ sheet }) => sheet?.state === "PPR"),
  all_items_are_refunded: ({ order }) =>
    order.items.every((item) => item.state === "FR" && refundableOfItem(order, item) === 0),
  all_items_are_done: ({ order }) => order.items.every(({ state }) => state === "FR" || state === "CR"),
  reception_waits_for_nothing: ({ order }) => hasFlag(order, "reception_wait_ended") && !hasOpenRefund(order),
  refunds_wait_for_nothing: ({ order }) => hasFlag(order, "refund_wait_ended") && !hasOpenRefund(order),

  amount_is_refundable: ({ order, item, amountMinor }) =>
    item !== undefined && isRefundable(order, item, amountMinor ?? defaultAmountMinor(order, item)),
  refund_is_full: ({ order, item }) => item?.sheet !== undefined && refundableOfItem(order, item) === 0,
  refund_is_free: ({ item }) => item?.sheet?.amountMinor === 0,
  refund_is_finished: ({ item }) => item?.sheet?.state === "PFR",
  refund_is_closed: ({ item }) => item?.sheet?.state === "CCR" || item?.sheet?.state === "PCR",
  refund_was_overtaken: ({ item }) => item?.sheet?.kind === "pre_shipping" && item.sheet.state === "WSR",

  voucher_is_refundable: ({ order, item }) => item?.voucher?.anytimeRefund === true && hasRest(order, item),
  expiration_is_refundable: ({ order, item }) =>
    item?.voucher?.expirationRefund === true && hasRest(order, item),
  expiration_is_not_refundable: ({ order, item }) =>
    item?.voucher !== undefined &&
    item.sheet === undefined &&
    !(item.voucher.expirationRefund && hasRest(order, item)),
  used_refund_is_finished: ({ item }) => item?.sheet?.state === "PFR" && usedCodes(item) > 0,
  unused_refund_is_finished: ({ item }) =>
    item?.sheet?.state === "PFR" && item.sheet.kind === "anytime" && usedCodes(item) === 0,
  unused_expiration_is_finished: ({ item }) =>
    item?.sheet?.state === "PFR" && item.sheet.kind === "expiration" && usedCodes(item) === 0,
  all_codes_are_used: ({ item }) => item?.voucher !== undefined && usedCodes(item) >= item.voucher.codes,
};

/** What a refund is of if nobody says: all that can be refunded, and of the one that is open, what it is. */
export function defaultAmountMinor(order: OrderSnapshot, item: ItemSnapshot): number {
  return item.sheet !== undefined && isOpen(item.sheet)
    ? item.sheet.amountMinor
    : refundableOfItem(order, item);
}

function hasFlag({ flags }: OrderSnapshot, flag: OrderSnapshot["flags"][number]): boolean {
  return flags.includes(flag);
}

function hasOpenRefund({ items }: OrderSnapshot): boolean {
  return items.some(({ state }) => state === "WR");
}

/** Whether money is left of a voucher, and no refund was asked for. */
function hasRest(order: OrderSnapshot, item: ItemSnapshot): boolean {
  return item.sheet === undefined && refundableOfItem(order, item) > 0;
}

function usedCodes({ voucher }: ItemSnapshot): number {
  return voucher?.codesUsed ?? 0;
}
