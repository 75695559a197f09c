import { expect, test } from "vitest";
import { beginStory, type Story, unborn } from "../../test/order-story.ts";
import type { VoucherSnapshot } from "./order-snapshot.ts";
import { service } from "./service.ts";

/** Five uses of 2.00 each, sold together for 9.00. */
const terms: VoucherSnapshot = {
  unitPriceMinor: 200,
  codes: 5,
  codesUsed: 0,
  anytimeRefund: true,
  expirationRefund: true,
};

function paidVoucher(changed: Partial<VoucherSnapshot> = {}): Story {
  const voucher = { ...terms, ...changed };
  const story = beginStory(service, unborn([{ sku: 7, lineTotalMinor: 900, voucher }]));
  story.act("B", "create order");
  const paid = story.act("P", "payment successful");
  expect(paid.moves[0]).toMatchObject({ orderState: "FP", event: "payment_successful" });
  expect(effectsOf(paid)).toEqual([
    ["commit_reservation", undefined],
    ["issue_codes", undefined],
  ]);
  expect(story.timers.map(({ timer, duration }) => [timer, duration])).toEqual([
    ["voucher_expiry", "voucher_validity"],
  ]);
  return story;
}

function use(story: Story, codes: number): void {
  const items = story.order.items.map((item) =>
    item.voucher === undefined
      ? item
      : { ...item, voucher: { ...item.voucher, codesUsed: item.voucher.codesUsed + codes } },
  );
  story.change({ ...story.order, items });
}

const effectsOf = (applied: ReturnType<Story["act"]>) =>
  applied.moves.flatMap(({ effects }) => effects.map(({ effect, amountMinor }) => [effect, amountMinor]));
const actionsOf = (applied: ReturnType<Story["act"]>) => applied.moves.map(({ action }) => action);

test("service with some used and a refund: what is left goes back, and the order is completed", () => {
  const story = paidVoucher();
  use(story, 2);
  const requested = story.act("B", "request refund");
  expect(requested.moves).toHaveLength(1);
  expect(requested.moves[0]).toMatchObject({
    orderState: "FP",
    sku: 7,
    sheet: { kind: "anytime", state: "PPR", amountMinor: 500 },
    steps: [
      { machine: "order", from: "FP", to: "FP" },
      { machine: "anytime", from: "", to: "PPR" },
    ],
  });
  expect(effectsOf(requested)).toEqual([
    ["hold_codes", undefined],
    ["request_refund", 500],
  ]);
  // It is hidden, and refused, once there is a refund.
  expect(story.allowed("B")).toEqual([]);
  expect(story.refuse("B", "request refund").guard).toBe("voucher_is_refundable");
  const finished = story.act("P", "finished refund");
  expect(actionsOf(finished)).toEqual(["finished refund", "used service finished refund"]);
  expect(effectsOf(finished)).toEqual([
    ["refund_codes", undefined],
    ["record_refund", 500],
  ]);
  expect(story.state).toBe("ST 7:/PFR");
});

test("service with none used and a refund: all of it goes back, and the order is canceled", () => {
  const story = paidVoucher();
  story.act("B", "request refund");
  expect(story.sheet(7).amountMinor).toBe(900);
  const finished = story.act("P", "finished refund", { sku: 7 });
  expect(actionsOf(finished)).toEqual(["finished refund", "unused service finished refund"]);
  expect(finished.moves[1]).toMatchObject({ orderState: "CT", reason: "refunded" });
  expect(effectsOf(finished)).toContainEqual(["restock_order", undefined]);
});

test("service, all used", () => {
  const story = paidVoucher();
  use(story, 4);
  expect(story.order.state).toBe("FP");
  use(story, 1);
  expect(story.order.state).toBe("ST");
  expect(story.moves.at(-1)).toMatchObject({ action: "all used", role: "P", isAutomatic: true });
  expect(story.timers).toEqual([]);
});

test("service, expired without use: canceled because of that", () => {
  const story = paidVoucher();
  const expired = story.fire("voucher_expiry");
  expect(expired.moves[0]).toMatchObject({ sheet: { kind: "expiration", amountMinor: 900 } });
  expect(effectsOf(expired)).toEqual([
    ["expire_codes", undefined],
    ["request_refund", 900],
  ]);
  const finished = story.act("P", "finished refund");
  expect(finished.moves.at(-1)).toMatchObject({ orderState: "CT", reason: "expired" });
});

test("service, one code used and then expired: completed, with the three log entries", () => {
  const story = paidVoucher();
  use(story, 1);
  const before = story.moves.length;
  story.fire("voucher_expiry");
  story.act("P", "finished refund");
  // Easy Order wrote the end of the order before the end of the refund that led to it.
  expect(story.moves.slice(before).map(({ action }) => action)).toEqual([
    "attendance code expired",
    "finished refund",
    "used service finished refund",
  ]);
  expect(story.order.state).toBe("ST");
});

test("a voucher whose terms refund nothing ends when it expires", () => {
  const story = paidVoucher({ expirationRefund: false, anytimeRefund: false });
  expect(story.allowed("B")).toEqual([]);
  expect(story.refuse("B", "request refund").guard).toBe("voucher_is_refundable");
  const expired = story.fire("voucher_expiry");
  expect(effectsOf(expired)).toEqual([["expire_codes", undefined]]);
  expect(story.state).toBe("ST 7:");
});

test("a voucher of which no money is left ends when it expires, and can not be refunded", () => {
  const story = paidVoucher({ unitPriceMinor: 900 });
  use(story, 1);
  expect(story.refuse("B", "request refund").reason).toBe("GUARD_REFUSED");
  story.fire("voucher_expiry");
  expect(story.order.state).toBe("ST");
});

test("codes that expire while a refund is under way start no second one", () => {
  const story = paidVoucher();
  story.act("B", "request refund");
  const refusal = story.refuse("P", "attendance code expired");
  expect(refusal.reason).toBe("GUARD_REFUSED");
  expect(story.sheet(7)).toMatchObject({ number: 1, kind: "anytime", state: "PPR" });
});

test("nothing is finished that was not begun", () => {
  const story = paidVoucher();
  expect(story.refuse("P", "finished refund").guard).toBe("refund_is_in_process");
  expect(story.refuse("P", "all used").guard).toBe("all_codes_are_used");
});

test("a service order can be canceled before it is paid", () => {
  const story = beginStory(service, unborn([{ sku: 7, lineTotalMinor: 900, voucher: terms }]));
  story.act("B", "create order");
  story.act("B", "cancel order");
  expect(story.state).toBe("CT 7:");
  expect(["P", "A", "S", "B"].flatMap((role) => story.allowed(role as "P"))).toEqual([]);
});
