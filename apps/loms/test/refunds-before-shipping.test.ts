import { Code } from "@connectrpc/connect";
import { CancelReason, OrderStatus, RefundKind } from "@ordermesh/proto/ordermesh/loms/v1/order_pb";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type LomsHarness, startLomsHarness } from "./loms-harness.ts";
import { type OrderWalk, refusalOf, walkOrders } from "./order-walk.ts";
import { expectTablesAgree } from "./tables-agree.ts";

/* Tests that Easy Order had named and left empty: refunds before the goods are shipped, against the real service. */

let harness: LomsHarness;
let walk: OrderWalk;

beforeAll(async () => {
  harness = await startLomsHarness();
  walk = walkOrders(harness.orders);
});

afterAll(async () => {
  expect(await expectTablesAgree(harness.database.url)).toBeGreaterThan(5);
  await harness.stop();
});

const eur = (amountMinor: bigint) => ({ currencyCode: "EUR", amountMinor });

test("a refund before shipping that is withdrawn: the order goes on, the item is not refunded again", async () => {
  const [sku = 0] = await walk.stock(10);
  const orderId = await walk.placePaid([sku]);
  const requested = await walk.act(orderId, "B", "request refund", {
    itemSku: sku,
    parameters: { reason: "Bought twice", memo: "Sorry.", pictureUrls: ["https://example.com/1.jpg"] },
  });
  expect(requested).toMatchObject({ stateCode: "FP", event: "refund_requested", version: 4 });
  expect(requested.item).toMatchObject({
    stateCode: "WR",
    refunds: [
      {
        kind: RefundKind.PRE_SHIPPING,
        stateCode: "WSR",
        amount: eur(2_000n),
        reason: "Bought twice",
        memo: "Sorry.",
        pictureUrls: ["https://example.com/1.jpg"],
      },
    ],
  });
  expect(await walk.allowedWith(orderId, sku)).toMatchObject({
    S: ["agree refund"],
    B: ["cancel refund request"],
  });
  await walk.act(orderId, "B", "cancel refund request", { itemSku: sku });
  expect(await walk.codes(orderId, sku)).toBe("FP/CR/CCR");
  expect(await refusalOf(walk.act(orderId, "B", "request refund", { itemSku: sku }))).toMatchObject({
    code: Code.FailedPrecondition,
    reason: "WRONG_STATE",
  });
  await walk.act(orderId, "S", "ship the order");
  expect(await walk.story(orderId)).toEqual([
    "P payment successful → FP",
    "B request refund → FP/WR/WSR",
    "B cancel refund request → FP/WR/CCR",
    "P item closed refund → FP/CR",
    "S ship the order → FS",
  ]);
  expect(await walk.onHand(sku)).toBe(8);
});

test("a refund before shipping that is agreed: shipping is held, the money goes back, the units too", async () => {
  const [sku = 0] = await walk.stock(10);
  const orderId = await walk.placePaid([sku]);
  await walk.act(orderId, "B", "request refund", { itemSku: sku });
  const agreed = await walk.act(orderId, "S", "agree refund", { itemSku: sku });
  expect(agreed).toMatchObject({ stateCode: "HS", status: OrderStatus.SHIPMENT_HELD });
  expect(agreed.steps.map(({ action, actor }) => [action, actor])).toEqual([
    ["agree refund", "anonymous"],
    ["processing refund", "workflow"],
  ]);
  expect(await refusalOf(walk.act(orderId, "S", "ship the order"))).toMatchObject({
    code: Code.FailedPrecondition,
    reason: "WRONG_STATE",
    metadata: { state_code: "HS" },
  });
  expect(await walk.onHand(sku)).toBe(8);

  const finished = await walk.act(orderId, "P", "finished refund", { itemSku: sku });
  expect(finished).toMatchObject({ stateCode: "CT", status: OrderStatus.CANCELED });
  expect(await walk.onHand(sku)).toBe(10);
  const { order } = await harness.orders.getOrder({ orderId });
  expect(order).toMatchObject({ cancelReason: CancelReason.REFUNDED, refunded: eur(2_000n) });
  expect(await walk.story(orderId)).toEqual([
    "P payment successful → FP",
    "B request refund → FP/WR/WSR",
    "S agree refund → FP/WR/PPR",
    "P processing refund → HS",
    "P finished refund → HS/WR/PFR",
    "P item finished refund → HS/FR",
    "P item finished refund → FP",
    "P all items refunded → CT",
  ]);
  expect(await walk.allowed(orderId)).toEqual({ P: [], A: [], S: [], B: [] });
});

test("a refund before shipping that the seller ships past: its sheet is closed and kept, another one may follow", async () => {
  const [sku = 0] = await walk.stock(10);
  const orderId = await walk.placePaid([sku]);
  await walk.act(orderId, "B", "request refund", { itemSku: sku });
  await walk.act(orderId, "S", "ship the order", {
    parameters: { carrier: "DHL", trackingNumber: "JD014600003829" },
  });
  expect(await walk.codes(orderId, sku)).toBe("FS/FP/SCR");
  await walk.act(orderId, "B", "request refund with return", { itemSku: sku });
  const { order } = await harness.orders.getOrder({ orderId });
  expect(order?.shipment).toMatchObject({ carrier: "DHL", trackingNumber: "JD014600003829" });
  expect(order?.items[0]?.refunds.map(({ kind, stateCode }) => [kind, stateCode])).toEqual([
    [RefundKind.PRE_SHIPPING, "SCR"],
    [RefundKind.WITH_RETURN, "WSR"],
  ]);
  expect(new Set(order?.items[0]?.refunds.map(({ refundId }) => refundId)).size).toBe(2);
});

test("one item is refunded before shipping, and the rest is shipped", async () => {
  const [first = 0, second = 0] = await walk.stock(10, 10);
  const orderId = await walk.placePaid([first, second]);
  await walk.act(orderId, "B", "request refund", { itemSku: first });
  await walk.act(orderId, "S", "agree refund", { itemSku: first });
  await walk.act(orderId, "P", "finished refund", { itemSku: first });
  expect(await walk.codes(orderId, first)).toBe("FP/FR/PFR");
  expect(await walk.onHand(first)).toBe(10);
  await walk.act(orderId, "S", "ship the order");
  await walk.act(orderId, "B", "confirm reception of order");
  expect(await walk.codes(orderId, second)).toBe("ST/FP");
  expect(await walk.onHand(second)).toBe(8);
});

test("a part of an item's price is refunded before shipping: a rebate, with which the item is shipped", async () => {
  const [sku = 0] = await walk.stock(10);
  const orderId = await walk.placePaid([sku]);
  await walk.act(orderId, "B", "request refund", {
    itemSku: sku,
    parameters: { refundAmount: eur(500n) },
  });
  await walk.act(orderId, "S", "agree refund", { itemSku: sku });
  await walk.act(orderId, "P", "finished refund", { itemSku: sku });
  expect(await walk.codes(orderId, sku)).toBe("FP/FR/PFR");
  expect(await walk.onHand(sku)).toBe(8);
  expect((await harness.orders.getOrder({ orderId })).order?.refunded).toEqual(
    expect.objectContaining(eur(500n)),
  );
  await walk.act(orderId, "S", "ship the order");
});

test("two items are being refunded: the order is held until both are through, and neither stays stuck", async () => {
  const [first = 0, second = 0, third = 0] = await walk.stock(10, 10, 10);
  const orderId = await walk.placePaid([first, second, third]);
  await walk.act(orderId, "B", "request refund", { itemSku: first });
  await walk.act(orderId, "S", "agree refund", { itemSku: first });
  await walk.act(orderId, "B", "request refund", { itemSku: second });
  expect(await walk.codes(orderId, second)).toBe("HS/WR/WSR");
  // There it stayed in WR for ever.
  await walk.act(orderId, "B", "cancel refund request", { itemSku: second });
  expect(await walk.codes(orderId, second)).toBe("HS/CR/CCR");
  await walk.act(orderId, "B", "request refund", { itemSku: third });
  await walk.act(orderId, "S", "agree refund", { itemSku: third });
  await walk.act(orderId, "P", "finished refund", { itemSku: first });
  // The third one's money is not back yet: nothing may be shipped.
  expect(await walk.codes(orderId, third)).toBe("HS/WR/PPR");
  await walk.act(orderId, "P", "finished refund", { itemSku: third });
  expect(await walk.codes(orderId, third)).toBe("FP/FR/PFR");
});

test("what is asked for is checked: never more than an item cost, nor than the order, nor another currency", async () => {
  const [first = 0, second = 0] = await walk.stock(10, 10);
  const orderId = await walk.placePaid([first, second]);
  const ask = (itemSku: number, refundAmount: { currencyCode: string; amountMinor: bigint }) =>
    walk.act(orderId, "B", "request refund", { itemSku, parameters: { refundAmount } });
  expect(await refusalOf(ask(first, eur(2_001n)))).toMatchObject({
    code: Code.FailedPrecondition,
    reason: "GUARD_REFUSED",
    metadata: { guard: "amount_is_refundable" },
  });
  expect(await refusalOf(ask(first, eur(0n)))).toMatchObject({ code: Code.FailedPrecondition });
  expect(await refusalOf(ask(first, { currencyCode: "USD", amountMinor: 5n }))).toMatchObject({
    code: Code.InvalidArgument,
    reason: "INVALID_PARAMETERS",
  });
  expect(await refusalOf(ask(99, eur(5n)))).toMatchObject({
    code: Code.InvalidArgument,
    reason: "UNKNOWN_ITEM",
  });
  expect(await refusalOf(walk.act(orderId, "B", "request refund"))).toMatchObject({
    code: Code.InvalidArgument,
    reason: "ITEM_REQUIRED",
  });
  expect(await walk.codes(orderId, first)).toBe("FP/FP");
  await ask(first, eur(2_000n));
});

test("an order without prices: nothing is asked of the payment service, and the refund is through at once", async () => {
  const [sku = 0] = await walk.stock(10);
  const orderId = await walk.place([], { lines: [{ sku, quantity: 2 }] });
  await walk.act(orderId, "P", "payment successful");
  await walk.act(orderId, "B", "request refund", { itemSku: sku });
  const agreed = await walk.act(orderId, "S", "agree refund", { itemSku: sku });
  expect(agreed.stateCode).toBe("CT");
  expect(await walk.onHand(sku)).toBe(10);
});
