import { timestampDate } from "@bufbuild/protobuf/wkt";
import { Code } from "@connectrpc/connect";
import { CancelReason, OrderStatus } from "@ordermesh/proto/ordermesh/loms/v1/order_pb";
import { afterAll, beforeAll, expect, test } from "vitest";
import { durationProfiles } from "../src/workflows/durations.ts";
import { type LomsHarness, startLomsHarness } from "./loms-harness.ts";
import { type OrderWalk, refusalOf, walkOrders } from "./order-walk.ts";
import { expectTablesAgree } from "./tables-agree.ts";

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

const address = {
  recipient: "Ada Lovelace",
  lines: ["St James's Square 12"],
  postalCode: "SW1Y 4JH",
  city: "London",
  countryCode: "GB",
  phone: "",
};
const eur = (amountMinor: bigint) => ({ currencyCode: "EUR", amountMinor });

test("a key that is used again returns the first result, whatever has happened since", async () => {
  const [sku = 0] = await walk.stock(10);
  const orderId = await walk.placePaid([sku]);
  const intent = { parameters: { carrier: "DHL" }, idempotencyKey: "ship it" };
  const first = await walk.act(orderId, "S", "ship the order", intent);
  expect(first).toMatchObject({ version: 4, stateCode: "FS", event: "order_shipped", replayed: false });
  await walk.act(orderId, "B", "confirm reception of order");
  const again = await walk.act(orderId, "S", "ship the order", { ...intent, expectedVersion: 3 });
  expect(again).toMatchObject({ version: 4, stateCode: "FS", event: "order_shipped", replayed: true });
  expect(again.steps).toEqual(first.steps);
  const other = walk.act(orderId, "S", "ship the order", { ...intent, parameters: { carrier: "UPS" } });
  expect(await refusalOf(other)).toMatchObject({
    code: Code.InvalidArgument,
    reason: "IDEMPOTENCY_KEY_REUSED",
  });
});

test("fifty calls with one key at once act once; without a key, one of them may", async () => {
  const [sku = 0] = await walk.stock(100);
  const orderId = await walk.placePaid([sku]);
  const ship = () => walk.act(orderId, "S", "ship the order", { idempotencyKey: "at once" });
  const answers = await Promise.all(Array.from({ length: 50 }, ship));
  expect(answers.map(({ version }) => version)).toEqual(Array.from({ length: 50 }, () => 4));
  expect(answers.filter(({ replayed }) => !replayed)).toHaveLength(1);

  const confirm = () => walk.act(orderId, "B", "confirm reception of order");
  const results = await Promise.allSettled(Array.from({ length: 50 }, confirm));
  expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  expect((await walk.story(orderId)).filter((step) => step.includes("confirm"))).toHaveLength(1);
});

test("a key is free again after a refusal, and can not be used for another order", async () => {
  const [sku = 0] = await walk.stock(10);
  const orderId = await walk.place([sku]);
  const idempotencyKey = "patience";
  const tooEarly = walk.act(orderId, "S", "ship the order", { idempotencyKey });
  expect((await refusalOf(tooEarly)).code).toBe(Code.FailedPrecondition);
  await walk.act(orderId, "P", "payment successful");
  await walk.act(orderId, "S", "ship the order", { idempotencyKey });
  const other = await walk.placePaid([sku]);
  expect(await refusalOf(walk.act(other, "S", "ship the order", { idempotencyKey }))).toMatchObject({
    reason: "IDEMPOTENCY_KEY_REUSED",
  });
  expect(await walk.codes(other)).toBe("FP");
});

test("an expected version that is not the order's is refused, and tells the present one", async () => {
  const [sku = 0] = await walk.stock(10);
  const orderId = await walk.placePaid([sku]);
  const { version } = await harness.orders.listAllowedActions({ orderId });
  await walk.act(orderId, "S", "change shipping addr", { parameters: { shippingAddress: address } });
  const stale = walk.act(orderId, "S", "ship the order", { expectedVersion: version });
  expect(await refusalOf(stale)).toMatchObject({
    code: Code.Aborted,
    reason: "VERSION_MISMATCH",
    metadata: { current_version: "4" },
  });
  expect(await walk.codes(orderId)).toBe("FP");
  expect((await walk.act(orderId, "S", "ship the order", { expectedVersion: 4 })).version).toBe(5);
});

test("the shipping address and fee are kept, with their history", async () => {
  const [sku = 0] = await walk.stock(10);
  const orderId = await walk.place([sku], {
    shippingAddress: { ...address, city: "Bath" },
    shippingFee: eur(490n),
  });
  await walk.act(orderId, "S", "change shipping fee", {
    parameters: { shippingFee: eur(0n), memo: "A gift." },
  });
  await walk.act(orderId, "P", "payment successful");
  await walk.act(orderId, "S", "change shipping addr", { parameters: { shippingAddress: address } });
  const { order } = await harness.orders.getOrder({ orderId });
  expect(order).toMatchObject({ shippingAddress: address, shippingFee: eur(0n), total: eur(2_000n) });
  const { entries } = await harness.orders.getHistory({ orderId });
  expect(entries.map(({ parameters }) => parameters).filter((given) => given !== undefined)).toMatchObject([
    { shippingFee: eur(0n), memo: "A gift." },
    { shippingAddress: address },
  ]);
  expect(order?.version).toBe(5);
});

test("what a line showed the buyer is kept with its order", async () => {
  const [sku = 0] = await walk.stock(10);
  const attributes = [
    { name: "color", value: "red" },
    { name: "picture", value: "https://example.com/red.jpg" },
  ];
  const orderId = await walk.place([], { lines: [{ sku, quantity: 1, name: "Lamp", attributes }] });
  const { order } = await harness.orders.getOrder({ orderId });
  expect(order?.lines).toMatchObject([{ sku, name: "Lamp", attributes }]);
  const twice = walk.place([], {
    lines: [{ sku, quantity: 1, attributes: [...attributes, { name: "color", value: "blue" }] }],
  });
  expect(await refusalOf(twice)).toMatchObject({ code: Code.InvalidArgument, reason: "INVALID_ORDER" });
});

const badParameters = [
  { action: "ship the order", parameters: { shippingFee: eur(1n) }, field: "shipping_fee" },
  { action: "ship the order", parameters: { carrier: "a\u0007b" }, field: "carrier" },
  { action: "change shipping addr", parameters: {}, field: "shipping_address" },
  {
    action: "change shipping addr",
    parameters: { shippingAddress: { ...address, city: "" } },
    field: "city",
  },
  { action: "ship the order", parameters: { pictureUrls: ["javascript:alert(1)"] }, field: "picture_urls" },
];

test.each(badParameters)("$action with a bad $field is refused and changes nothing", async (bad) => {
  const [sku = 0] = await walk.stock(10);
  const orderId = await walk.placePaid([sku]);
  const { action, parameters, field } = bad;
  const refused = await refusalOf(walk.act(orderId, "S", action, { parameters }));
  expect(refused.code).toBe(Code.InvalidArgument);
  expect(refused.message).toContain(field);
  expect((await harness.orders.getOrder({ orderId })).order?.version).toBe(3);
});

test("Explain says who may do what, what stands in the way, and until when", async () => {
  const [sku = 0] = await walk.stock(10);
  const orderId = await walk.place([sku]);
  const explain = (role: string, action: string, itemSku = 0) =>
    harness.orders.explain({ orderId, role, action, itemSku });
  const { order } = await harness.orders.getOrder({ orderId });
  expect(await explain("B", "cancel order")).toMatchObject({
    allowed: true,
    leadsTo: "CT",
    whoMay: ["B"],
    untilTime: order?.paymentDueTime,
  });
  expect(await explain("S", "cancel order")).toMatchObject({
    allowed: false,
    reason: "WRONG_ROLE",
    stateCode: "WP",
    whoMay: ["B"],
  });
  expect(await explain("S", "ship the order")).toMatchObject({
    allowed: false,
    reason: "WRONG_STATE",
    whoMay: [],
  });
  expect(await explain("X", "ship the order")).toMatchObject({ allowed: false, reason: "UNKNOWN_ROLE" });
  expect(await explain("S", "send the order")).toMatchObject({ allowed: false, reason: "UNKNOWN_ACTION" });

  await walk.act(orderId, "P", "payment successful");
  await walk.act(orderId, "S", "ship the order");
  const extension = await explain("B", "extend auto acking reception of order");
  expect(extension).toMatchObject({ allowed: false, reason: "GUARD_REFUSED", guard: "buyer_may_extend" });
  expect(extension.text).not.toBe("");
  // From when on it may be: a week after shipping, when extending opens.
  const opensInMs = timestampDate(extension.untilTime!).getTime() - Date.now();
  expect(Math.round(opensInMs / 86_400_000)).toBe(7);
  expect((await harness.orders.getOrder({ orderId })).order?.version).toBe(4);
});

test("the history comes in pages, and a workflow with the way that an order took", async () => {
  const [sku = 0] = await walk.stock(10);
  const orderId = await walk.placePaid([sku]);
  await walk.act(orderId, "S", "ship the order");
  const first = await harness.orders.getHistory({ orderId, pageSize: 3 });
  expect(first.entries.map(({ version }) => version)).toEqual([1, 2, 3]);
  const second = await harness.orders.getHistory({
    orderId,
    pageSize: 3,
    afterVersion: first.nextAfterVersion,
  });
  expect(second.entries.map(({ version, actor }) => [version, actor])).toEqual([[4, "anonymous"]]);
  expect(second.nextAfterVersion).toBe(0);

  const { workflow } = await harness.orders.getWorkflow({ orderId });
  expect(workflow).toMatchObject({ name: "product", version: 1 });
  const [machine] = workflow!.machines;
  expect(machine?.states.find(({ code }) => code === "FS")).toMatchObject({ status: OrderStatus.SHIPPED });
  expect(machine?.mermaid).toContain("stateDiagram-v2");
  const { workflow: plain } = await harness.orders.getWorkflow({ name: "product" });
  expect(plain?.machines[0]?.mermaid).not.toBe(machine?.mermaid);
  expect((await refusalOf(harness.orders.getWorkflow({ name: "magic" }))).code).toBe(Code.NotFound);
});

test("a simple order is confirmed by its payment and delivered by itself; until then it can be canceled", async () => {
  const quick = await startLomsHarness({
    durations: { ...durationProfiles.demo, delivery: 300 },
  });
  try {
    const simple = walkOrders(quick.orders);
    const [sku = 0] = await simple.stock(10);
    const delivered = await simple.place([sku], { workflow: "simple" });
    expect(await simple.act(delivered, "P", "payment successful")).toMatchObject({
      status: OrderStatus.CONFIRMED,
      stateCode: "CF",
    });
    await expect.poll(() => simple.codes(delivered), { timeout: 10_000 }).toBe("DL");
    expect(await simple.onHand(sku)).toBe(8);
    expect(await refusalOf(simple.act(delivered, "B", "cancel order"))).toMatchObject({
      reason: "WRONG_STATE",
    });

    const canceled = await simple.place([sku], { workflow: "simple" });
    await quick.orders.payOrder({ orderId: canceled });
    expect(await quick.orders.cancelOrder({ orderId: canceled })).toMatchObject({
      changed: true,
      version: 4,
    });
    expect(await simple.onHand(sku)).toBe(8);

    const declined = await simple.place([sku], { workflow: "simple" });
    await simple.act(declined, "P", "payment declined");
    const { order } = await quick.orders.getOrder({ orderId: declined });
    expect(order).toMatchObject({ status: OrderStatus.CANCELED, cancelReason: CancelReason.DECLINED });
    await expectTablesAgree(quick.database.url);
  } finally {
    await quick.stop();
  }
});

test("an unknown workflow is refused, naming those that there are", async () => {
  const [sku = 0] = await walk.stock(10);
  expect(await refusalOf(walk.place([sku], { workflow: "magic" }))).toMatchObject({
    code: Code.InvalidArgument,
    reason: "INVALID_ORDER",
    message: expect.stringContaining("product, service, simple"),
  });
});
