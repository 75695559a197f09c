import { type ItemSnapshot, isOpen, type OrderSnapshot } from "./order-snapshot.ts";

/*
 * How much of an order can still be refunded: of an item what its line cost, of the order what was taken for it, without
 * what has gone back and what is being asked for. All amounts are integers in minor units.
 */

/** What can be asked back for an item, whether or not its state allows to ask. */
export function refundableOfItem(order: OrderSnapshot, item: ItemSnapshot): number {
  const ofLine = lineValueMinor(item) - claimedMinor(item);
  return Math.max(0, Math.min(ofLine, refundableOfOrder(order)));
}

/** What can be asked back in total. */
export function refundableOfOrder({ capturedMinor, items }: OrderSnapshot): number {
  return Math.max(0, capturedMinor - items.reduce((sum, item) => sum + claimedMinor(item), 0));
}

/** Whether a refund of an item may be asked for, in place of the one that is open for it, if one is. */
export function isRefundable(order: OrderSnapshot, item: ItemSnapshot, amountMinor: number): boolean {
  const items = order.items.map((other) => (other.sku === item.sku ? withoutOpenRefund(other) : other));
  const left = refundableOfItem({ ...order, items }, withoutOpenRefund(item));
  const isEnough = amountMinor > 0 || (amountMinor === 0 && item.lineTotalMinor === 0);
  return Number.isSafeInteger(amountMinor) && isEnough && amountMinor <= left;
}

/** What has gone back or is being asked for. Only the latest refund of an item can be either. */
function claimedMinor({ sheet }: ItemSnapshot): number {
  return sheet !== undefined && (isOpen(sheet) || sheet.state === "PFR") ? sheet.amountMinor : 0;
}

function withoutOpenRefund(item: ItemSnapshot): ItemSnapshot {
  return item.sheet !== undefined && isOpen(item.sheet) ? { ...item, sheet: undefined } : item;
}

/** What a line was worth; of a voucher, what its codes are that were not used. */
function lineValueMinor({ lineTotalMinor, voucher }: ItemSnapshot): number {
  return voucher === undefined
    ? lineTotalMinor
    : Math.max(0, lineTotalMinor - voucher.unitPriceMinor * voucher.codesUsed);
}
