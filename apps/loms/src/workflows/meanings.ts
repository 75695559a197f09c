import { type Machine, type Meaning, readCondition } from "@ordermesh/workflow/definition";
import type { EffectName, GuardName, LomsNames } from "./names.ts";

/** Clauses: "… needs that a refund is open". */
const guardMeanings: Readonly<Record<GuardName, Meaning>> = {
  stock_is_reserved: { text: "there is stock for all lines" },
  payment_is_in_time: { text: "the time for the payment is not over" },
  buyer_may_extend: {
    text: "the buyer may put off the end of the wait now: once, some time after shipping, and before it is over",
  },
  seller_may_extend: {
    text: "the seller may put off the end of the wait now: once, some time after shipping, and before it is over",
  },
  refund_is_open: { text: "a refund is open for one of the items" },
  refund_is_in_process: { text: "money is on its way back" },
  all_items_are_refunded: {
    text: "all items are refunded in full",
    balance: { money: "with_buyer" },
  },
  all_items_are_done: { text: "the refund of every item is finished or closed" },
  reception_waits_for_nothing: {
    text: "the time to confirm the reception is over and no refund is open any more",
  },
  refunds_wait_for_nothing: { text: "the time for refunds is over and no refund is open any more" },
  amount_is_refundable: {
    text: "the amount is positive and no more than what was paid for the item and is not refunded yet",
  },
  refund_is_full: { text: "nothing that was paid for the item is left to refund" },
  refund_is_free: { text: "there is no money to give back", balance: { money: "with_buyer" } },
  refund_is_finished: { text: "the refund of the item is finished" },
  refund_is_closed: { text: "the refund of the item is closed" },
  refund_was_overtaken: { text: "the goods were shipped before the seller answered the request" },
  voucher_is_refundable: {
    text: "the terms allow a refund at any time, money is left, and no refund was asked for before",
  },
  expiration_is_refundable: {
    text: "the terms refund what was not used, money is left, and no refund was asked for before",
  },
  expiration_is_not_refundable: {
    text: "the terms refund nothing that was not used, and no refund was asked for before",
    // So the codes were the buyer's to use until now.
    balance: { goods: "with_buyer" },
  },
  used_refund_is_finished: {
    text: "the refund is finished and some of the codes were used",
    balance: { goods: "with_buyer" },
  },
  unused_refund_is_finished: {
    text: "the refund that the buyer asked for is finished and no code was used",
    balance: { money: "with_buyer" },
  },
  unused_expiration_is_finished: {
    text: "the refund for the expiration is finished and no code was used",
    balance: { money: "with_buyer" },
  },
  all_codes_are_used: { text: "all codes are used", balance: { goods: "with_buyer" } },
};

const effectMeanings: Readonly<Record<EffectName, Meaning>> = {
  reserve_stock: { text: "reserve the stock of all lines" },
  commit_reservation: {
    text: "write off the reserved units: they are sold, and the money is the seller's",
    balance: { money: "with_seller" },
  },
  release_reservation: { text: "release the reserved units" },
  store_shipping_fee: { text: "store the shipping fee" },
  store_shipping_address: { text: "store the shipping address" },
  store_shipment: {
    text: "store carrier, tracking number and time of the shipment",
    balance: { goods: "with_buyer" },
  },
  store_return_shipment: {
    text: "store carrier and tracking number of the parcel that comes back",
    balance: { goods: "sent_back" },
  },
  deliver_order: { text: "the goods are the buyer's", balance: { goods: "with_buyer" } },
  change_refund: { text: "store what the buyer asks for now: kind and amount of the refund" },
  request_refund: { text: "ask the payment service to give the money back" },
  record_refund: { text: "record that the money is back", balance: { money: "with_buyer" } },
  restock_item: { text: "put the item's units back into stock" },
  restock_order: { text: "put all units back into stock" },
  settle_bill: {
    text: "the bill that it was on is settled: the money is the seller's",
    balance: { money: "with_seller" },
  },
  refund_canceled_order: {
    text: "the payment service gives all of the money back when it learns of the cancelation",
    balance: { money: "with_buyer" },
  },
  send_goods_back: {
    text: "the goods are still the buyer's: the seller has to send them back again",
    balance: { goods: "with_buyer" },
  },
  issue_codes: { text: "make the codes and send the first one", balance: { goods: "with_buyer" } },
  hold_codes: { text: "codes that are not used can not be used any more", balance: { goods: "sent_back" } },
  refund_codes: { text: "mark the codes that were not used as refunded" },
  expire_codes: { text: "mark the codes that were not used as expired" },
};

/** What the guards and effects of some machines mean, and of no others: it is part of the definition. */
export function meaningsOf(machines: readonly Machine<LomsNames>[]): {
  readonly guards: Readonly<Partial<Record<GuardName, Meaning>>>;
  readonly effects: Readonly<Partial<Record<EffectName, Meaning>>>;
} {
  const rows = machines.flatMap((machine) => machine.rows);
  const conditions = [
    ...rows.map((row) => row.guard),
    ...machines.flatMap(({ timers }) => timers.map((timer) => timer.heldWhile)),
  ];
  const guards = conditions.flatMap((condition) =>
    condition === undefined ? [] : [readCondition<GuardName>(condition).guard],
  );
  return {
    guards: Object.fromEntries(guards.map((guard) => [guard, guardMeanings[guard]])),
    effects: Object.fromEntries(
      rows.flatMap((row) => row.effects ?? []).map((effect) => [effect, effectMeanings[effect]]),
    ),
  };
}
