import { Code } from "@connectrpc/connect";
import { OrderStatus } from "@ordermesh/proto/ordermesh/loms/v1/order_pb";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type LomsHarness, startLomsHarness } from "./loms-harness.ts";
import { type OrderWalk, refusalOf, walkOrders } from "./order-walk.ts";

let harness: LomsHarness;
let walk: OrderWalk;

beforeAll(async () => {
  harness = await startLomsHarness();
  walk = walkOrders(harness.orders);
});

afterAll(async () => {
  await harness.stop();
});

/** Roles that may do nothing are listed as well, with nothing. */
async function expectAllowed(orderId: bigint, expected: { P?: string[]; S?: string[]; B?: string[] }) {
  expect(await walk.allowed(orderId)).toEqual({ P: [], A: [], S: [], B: [], ...expected });
}

/** An action that must change nothing: neither where the order stands, nor its version. */
async function expectUnchanged(orderId: bigint, call: Promise<unknown>, reason: string) {
  const { code, reason: given, message } = await refusalOf(call);
  expect({ code, reason: given }).toEqual({ code: Code.InvalidArgument, reason });
  return { message, order: (await harness.orders.getOrder({ orderId })).order };
}

test("the transcript of Easy Order's README", async () => {
  const [sku = 0] = await walk.stock(10);
  const orderId = await walk.place([sku]);
  await expectAllowed(orderId, {
    P: ["no payment", "payment successful"],
    S: ["change shipping fee"],
    B: ["cancel order", "make payment"],
  });

  const misspelt = await expectUnchanged(orderId, walk.act(orderId, "B", "make payement"), "UNKNOWN_ACTION");
  expect(misspelt.message).toContain("make payement");
  expect(misspelt.order).toMatchObject({ stateCode: "WP", version: 2 });

  expect(await walk.act(orderId, "P", "payment successful")).toMatchObject({
    stateCode: "FP",
    status: OrderStatus.PAID,
    event: "order_paid",
    version: 3,
  });
  expect((await walk.allowed(orderId)).S).toEqual(["change shipping addr", "ship the order"]);
  expect(await walk.onHand(sku)).toBe(8);

  expect(await walk.act(orderId, "s", "ship the order")).toMatchObject({
    stateCode: "FS",
    status: OrderStatus.SHIPPED,
    event: "order_shipped",
  });
  await expectAllowed(orderId, {
    P: ["auto ack reception of order"],
    S: [],
    B: ["confirm reception of order"],
  });

  const half = await expectUnchanged(orderId, walk.act(orderId, "B", "confirm"), "UNKNOWN_ACTION");
  expect(half.order).toMatchObject({ stateCode: "FS", version: 4 });

  expect(await walk.act(orderId, "B", "confirm reception of order")).toMatchObject({
    stateCode: "ST",
    status: OrderStatus.COMPLETED,
    event: "transaction_successful",
  });
  await expectAllowed(orderId, { P: ["no refund request"] });

  expect(await walk.act(orderId, "P", "no refund request")).toMatchObject({
    stateCode: "WA",
    status: OrderStatus.AWAITING_SETTLEMENT,
  });
  await expectAllowed(orderId, { P: ["finished accounting"] });

  const stranger = await expectUnchanged(
    orderId,
    walk.act(orderId, "U", "finished accounting"),
    "UNKNOWN_ROLE",
  );
  expect(stranger.message).toContain('"U"');
  expect(stranger.order).toMatchObject({ stateCode: "WA", version: 6 });

  expect(await walk.act(orderId, "P", "finished accounting")).toMatchObject({
    stateCode: "FA",
    status: OrderStatus.SETTLED,
  });
  await expectAllowed(orderId, {});
  expect(await walk.story(orderId)).toEqual([
    "P payment successful → FP",
    "S ship the order → FS",
    "B confirm reception of order → ST",
    "P no refund request → WA",
    "P finished accounting → FA",
  ]);
});
