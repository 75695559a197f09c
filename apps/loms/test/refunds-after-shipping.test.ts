import { Code } from "@connectrpc/connect";
import { RefundKind } from "@ordermesh/proto/ordermesh/loms/v1/order_pb";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type LomsHarness, startLomsHarness } from "./loms-harness.ts";
import { type OrderWalk, refusalOf, walkOrders } from "./order-walk.ts";
import { expectTablesAgree } from "./tables-agree.ts";

/* Tests that Easy Order had named and left empty: refunds after the goods were shipped, against the real service. */

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

async function shipped(...quantities: number[]): Promise<{ orderId: bigint; skus: number[] }> {
  const skus = await walk.stock(...quantities);
  const orderId = await walk.placePaid(skus);
  await walk.act(orderId, "S", "ship the order");
  return { orderId, skus };
}

test("a refund after shipping that is withdrawn: the item is closed, and the order completes", async () => {
  const { orderId, skus } = await shipped(10);
  const itemSku = skus[0]!;
  await walk.act(orderId, "B", "request refund", { itemSku });
  expect(await walk.codes(orderId, itemSku)).toBe("FS/WR/WSR");
  await walk.act(orderId, "B", "cancel refund request", { itemSku });
  expect(await walk.codes(orderId, itemSku)).toBe("FS/CR/CCR");
  const confirmed = await walk.act(orderId, "B", "confirm reception of order");
  // Its only item is done with refunds: nothing is left to wait for.
  expect(confirmed.stateCode).toBe("WA");
});

test("a refund after shipping that is agreed: the money goes back, the goods stay with the buyer", async () => {
  const { orderId, skus } = await shipped(10);
  const itemSku = skus[0]!;
  await walk.act(orderId, "B", "request refund", { itemSku });
  const agreed = await walk.act(orderId, "S", "agree refund", { itemSku, parameters: { memo: "Fine." } });
  expect(agreed.item?.refunds[0]).toMatchObject({ kind: RefundKind.REFUND_ONLY, stateCode: "PPR" });
  // The order is not held: its goods are gone already.
  expect(agreed.stateCode).toBe("FS");
  expect((await walk.act(orderId, "P", "finished refund", { itemSku })).stateCode).toBe("CT");
  expect(await walk.onHand(itemSku)).toBe(8);
});

test("one of several items is refunded after shipping, and the rest of the order goes its way", async () => {
  const { orderId, skus } = await shipped(10, 10, 10);
  const itemSku = skus[1]!;
  await walk.act(orderId, "B", "request refund", { itemSku });
  await walk.act(orderId, "S", "agree refund", { itemSku });
  await walk.act(orderId, "P", "finished refund", { itemSku });
  expect(await walk.codes(orderId, itemSku)).toBe("FS/FR/PFR");
  expect((await walk.act(orderId, "B", "confirm reception of order")).stateCode).toBe("ST");
  expect((await walk.act(orderId, "P", "no refund request")).stateCode).toBe("WA");
  const { order } = await harness.orders.getOrder({ orderId });
  expect(order?.refunded?.amountMinor).toBe(2_000n);
});

test("a refund that the seller disagrees with, which the buyer then withdraws", async () => {
  const { orderId, skus } = await shipped(10);
  const itemSku = skus[0]!;
  await walk.act(orderId, "B", "request refund", { itemSku });
  await walk.act(orderId, "S", "reject refund", { itemSku, parameters: { reason: "It is as described." } });
  expect(await walk.codes(orderId, itemSku)).toBe("FS/WR/SRR");
  expect((await walk.allowedWith(orderId, itemSku)).B).toEqual([
    "cancel refund request",
    "change refund request",
    "request customer service involvement",
  ]);
  await walk.act(orderId, "B", "cancel refund request", { itemSku });
  expect(await walk.codes(orderId, itemSku)).toBe("FS/CR/CCR");
});

test("a request that is rejected, changed to one with return, and agreed; the goods come back into stock", async () => {
  const { orderId, skus } = await shipped(10);
  const itemSku = skus[0]!;
  await walk.act(orderId, "B", "request refund", { itemSku, parameters: { reason: "Too small" } });
  await walk.act(orderId, "S", "reject refund", { itemSku });
  const changed = await walk.act(orderId, "B", "change refund request", {
    itemSku,
    parameters: {
      refundKind: RefundKind.WITH_RETURN,
      refundAmount: { currencyCode: "EUR", amountMinor: 1_500n },
      reason: "Far too small",
    },
  });
  expect(changed.item?.refunds).toMatchObject([
    {
      kind: RefundKind.WITH_RETURN,
      stateCode: "WSR",
      reason: "Far too small",
      amount: { amountMinor: 1_500n },
    },
  ]);
  await walk.act(orderId, "S", "agree refund", { itemSku });
  const sent = await walk.act(orderId, "B", "ship back", {
    itemSku,
    parameters: { carrier: "UPS", trackingNumber: "1Z999" },
  });
  expect(sent.item?.refunds).toMatchObject([{ stateCode: "WSA", carrier: "UPS", trackingNumber: "1Z999" }]);
  await walk.act(orderId, "S", "agree refund", { itemSku });
  expect(await walk.onHand(itemSku)).toBe(8);
  await walk.act(orderId, "P", "finished refund", { itemSku });
  expect(await walk.codes(orderId, itemSku)).toBe("FS/FR/PFR");
  expect(await walk.onHand(itemSku)).toBe(10);
});

test("customer service decides: it forces a return, and after that the refund, or refuses both", async () => {
  const { orderId, skus } = await shipped(10, 10);
  const [forced, refused] = [skus[0]!, skus[1]!];
  for (const itemSku of skus) {
    await walk.act(orderId, "B", "request refund with return", { itemSku });
    await walk.act(orderId, "S", "reject refund", { itemSku });
    await walk.act(orderId, "B", "request customer service involvement", { itemSku });
    expect(await walk.codes(orderId, itemSku)).toBe("FS/WR/CSI");
  }
  expect((await walk.allowedWith(orderId, forced)).A).toEqual(["force refund", "reject refund"]);
  await walk.act(orderId, "A", "reject refund", { itemSku: refused });
  expect(await walk.codes(orderId, refused)).toBe("FS/CR/PCR");

  await walk.act(orderId, "A", "force refund", { itemSku: forced });
  expect(await walk.codes(orderId, forced)).toBe("FS/WR/WBS");
  await walk.act(orderId, "B", "ship back", { itemSku: forced });
  await walk.act(orderId, "S", "reject refund", { itemSku: forced });
  expect(await walk.codes(orderId, forced)).toBe("FS/WR/CSA");
  await walk.act(orderId, "A", "force refund", { itemSku: forced });
  await walk.act(orderId, "P", "finished refund", { itemSku: forced });
  expect(await walk.codes(orderId, forced)).toBe("FS/FR/PFR");
});

test("a refund that is open when the buyer confirms: the order completes, and settles when it is through", async () => {
  const { orderId, skus } = await shipped(10, 10);
  const itemSku = skus[0]!;
  await walk.act(orderId, "B", "confirm reception of order");
  await walk.act(orderId, "B", "request refund", { itemSku });
  // The time for refunds ends while one is open: that is noted, and nothing is cut off.
  expect((await walk.act(orderId, "P", "no refund request")).stateCode).toBe("ST");
  await walk.act(orderId, "S", "agree refund", { itemSku });
  const finished = await walk.act(orderId, "P", "finished refund", { itemSku });
  expect(finished.stateCode).toBe("WA");
  expect(finished.steps.map(({ action }) => action)).toEqual([
    "finished refund",
    "item finished refund",
    "no more open refund",
  ]);
});

test("the money of a refund goes back once: a second time is refused", async () => {
  const { orderId, skus } = await shipped(10, 10);
  const itemSku = skus[0]!;
  await walk.act(orderId, "B", "request refund", { itemSku });
  await walk.act(orderId, "S", "agree refund", { itemSku });
  expect(await refusalOf(walk.act(orderId, "S", "agree refund", { itemSku }))).toMatchObject({
    code: Code.FailedPrecondition,
    reason: "WRONG_STATE",
  });
  await walk.act(orderId, "P", "finished refund", { itemSku });
  expect(await refusalOf(walk.act(orderId, "P", "finished refund", { itemSku }))).toMatchObject({
    code: Code.FailedPrecondition,
  });
  expect((await harness.orders.getOrder({ orderId })).order?.refunded?.amountMinor).toBe(2_000n);
});
