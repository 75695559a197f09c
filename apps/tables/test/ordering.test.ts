import { randomUUID } from "node:crypto";
import { LomsService } from "@ordermesh/proto/ordermesh/loms/v1/loms_pb";
import { OrderStatus } from "@ordermesh/proto/ordermesh/loms/v1/order_pb";
import { eventually } from "@ordermesh/testkit/eventually";
import { afterAll, beforeAll, expect, test } from "vitest";
import { refusalOf } from "./refusal.ts";
import {
  ACCEPT,
  CANCEL,
  DECLINE,
  type House,
  openHouse,
  PREPARE,
  SERVE,
  type TablesClient,
} from "./table.ts";
import { startTablesHarness, type TablesHarness } from "./tables-harness.ts";

let harness: TablesHarness;
let house: House;

beforeAll(async () => {
  harness = await startTablesHarness({
    neighbors: ["product", "loms"],
    environment: { TABLES_RECOVERY_AFTER_MS: "300", TABLES_RECOVERY_EVERY_MS: "20" },
  });
  house = await openHouse(harness);
});
afterAll(() => harness?.stop());

async function ordersOf(sessionId: bigint) {
  return (await house.staff.getSession({ sessionId })).session?.orders ?? [];
}

/** LOMS's orders of a guest. */
async function inLoms(guestId: bigint) {
  const token = await harness.issuer.serviceToken("tables", "loms");
  const loms = await harness.client(LomsService, token, "loms");
  return (await loms.listOrders({ userId: guestId })).orders;
}

test("the order in LOMS says the same, with the names and prices of the menu at that moment", async () => {
  const table = await house.open();
  const ada = await table.join("Ada");
  const orderId = await ada.order(house.pasta, 2);
  const [order] = await inLoms(ada.guestId);
  expect(order).toMatchObject({
    orderId,
    userId: ada.guestId,
    status: OrderStatus.PLACED,
    workflow: "table",
  });
  expect(order?.total?.amountMinor).toBe(2_200n);
  const price = { currencyCode: "EUR", amountMinor: 9_900n };
  const item = { sku: house.pasta, name: "Golden pasta", price };
  await house.places.upsertMenuItem({ locationId: house.locationId, item });
  const [shown] = await ordersOf(table.sessionId);
  expect(shown).toMatchObject({
    version: 2,
    total: { amountMinor: 2_200n },
    guestId: ada.guestId,
    staffUserId: 0n,
  });
  expect(shown?.lines).toMatchObject([{ name: "Pasta", quantity: 2, unitPrice: { amountMinor: 1_100n } }]);
  await house.places.upsertMenuItem({
    locationId: house.locationId,
    item: { ...item, name: "Pasta", price: { currencyCode: "EUR", amountMinor: 1_100n } },
  });
});

test("a key places one order, also at the same time, and is not for another one", async () => {
  const table = await house.open();
  const ada = await table.join("Ada");
  const request = {
    sessionId: table.sessionId,
    lines: [{ sku: house.espresso, quantity: 1 }],
    idempotencyKey: "one",
  };
  const placed = await Promise.all(Array.from({ length: 8 }, () => ada.client.placeOrder(request)));
  expect(new Set(placed.map(({ order }) => order?.orderId)).size).toBe(1);
  expect(placed.filter(({ replayed }) => !replayed)).toHaveLength(1);
  expect(await inLoms(ada.guestId)).toHaveLength(1);
  expect(await refusalOf(ada.client.placeOrder({ ...request, note: "hot" }))).toMatchObject({
    code: "InvalidArgument",
    reason: "IDEMPOTENCY_KEY_REUSED",
  });
  // Another guest's key is another one, and the replay tells how the order is now.
  const bob = await table.join("Bob");
  expect(await bob.client.placeOrder(request)).toMatchObject({ replayed: false });
  const { sessionId } = table;
  await house.staff.actOnOrder({ sessionId, orderId: placed[0]?.order?.orderId, action: ACCEPT });
  expect(await ada.client.placeOrder(request)).toMatchObject({
    replayed: true,
    order: { status: OrderStatus.ACCEPTED },
  });
});

test("what is not on the menu, sold out, twice in it, or for somebody else is refused", async () => {
  const { staff, espresso, pasta, locationId } = house;
  const [table, other] = [await house.open(), await house.open()];
  const [ada, bob, eve] = [await table.join("Ada"), await table.join("Bob"), await other.join("Eve")];
  const elsewhere = await openHouse(harness);
  const { item } = await house.places.upsertMenuItem({
    locationId,
    item: { name: "Soup", price: { currencyCode: "EUR", amountMinor: 1n }, isSoldOut: true },
  });
  const { sessionId } = table;
  const place = (client: TablesClient, lines: { sku: number; quantity: number }[], guestId = 0n) =>
    refusalOf(client.placeOrder({ sessionId, lines, guestId, idempotencyKey: randomUUID() }));
  const one = (sku: number) => [{ sku, quantity: 1 }];
  expect(await place(ada.client, one(elsewhere.espresso))).toMatchObject({
    code: "InvalidArgument",
    reason: "NOT_ON_THE_MENU",
    fields: ["lines[0].sku"],
  });
  expect(await place(ada.client, one(7))).toMatchObject({ reason: "NOT_ON_THE_MENU" });
  expect(await place(ada.client, one(item?.sku ?? 0))).toMatchObject({
    code: "FailedPrecondition",
    reason: "SOLD_OUT",
  });
  expect(await place(ada.client, [...one(pasta), ...one(espresso), ...one(pasta)])).toMatchObject({
    code: "InvalidArgument",
    fields: ["lines[2].sku"],
  });
  expect(await place(ada.client, one(pasta), bob.guestId)).toMatchObject({ code: "NotFound" });
  expect(await place(staff, one(pasta), eve.guestId)).toMatchObject({ reason: "GUEST_NOT_FOUND" });
  expect(await place(ada.client, [])).toMatchObject({ code: "InvalidArgument" });
  expect(await ordersOf(sessionId)).toEqual([]);
  expect(await inLoms(ada.guestId)).toEqual([]);
  const { order } = await staff.placeOrder({
    sessionId,
    lines: one(pasta),
    guestId: bob.guestId,
    idempotencyKey: "for Bob",
  });
  expect(order).toMatchObject({ guestId: bob.guestId, staffUserId: BigInt(house.ownerId) });
});

test("guests may take back their own order before it is accepted; all else is for the staff", async () => {
  const { staff, espresso } = house;
  const table = await house.open();
  const { sessionId } = table;
  const [ada, bob] = [await table.join("Ada"), await table.join("Bob")];
  const orderId = await ada.order(espresso);
  const act = (client: TablesClient, action: number, id = orderId) =>
    client.actOnOrder({ sessionId, orderId: id, action });
  expect(await refusalOf(act(ada.client, ACCEPT))).toMatchObject({ code: "PermissionDenied" });
  expect(await refusalOf(act(bob.client, CANCEL))).toMatchObject({
    code: "PermissionDenied",
    reason: "NOT_YOUR_ORDER",
  });
  expect(await act(ada.client, CANCEL)).toMatchObject({
    changed: true,
    order: { status: OrderStatus.CANCELED },
  });
  expect(await act(ada.client, CANCEL)).toMatchObject({ changed: false });
  const accepted = await ada.order(espresso);
  await act(staff, ACCEPT, accepted);
  expect(await refusalOf(act(ada.client, CANCEL, accepted))).toMatchObject({
    code: "FailedPrecondition",
    reason: "ACTION_NOT_ALLOWED",
    metadata: { status: "accepted", allowed: "decline,prepare,serve" },
  });
  expect(await refusalOf(act(staff, ACCEPT, 99n))).toMatchObject({
    code: "NotFound",
    reason: "ORDER_NOT_FOUND",
  });
});

test("the kitchen's steps in their order, and what is declined has a reason", async () => {
  const { staff, espresso, locationId } = house;
  const own = await house.open();
  const { sessionId } = own;
  const ada = await own.join("Ada");
  const [first, second] = [await ada.order(espresso), await ada.order(espresso)];
  const act = (orderId: bigint, action: number, reason = "") =>
    staff.actOnOrder({ sessionId, orderId, action, reason });
  expect(await refusalOf(act(first, PREPARE))).toMatchObject({ reason: "ACTION_NOT_ALLOWED" });
  expect(await refusalOf(act(first, SERVE))).toMatchObject({
    metadata: { allowed: "accept,decline,cancel" },
  });
  expect(await refusalOf(act(first, DECLINE))).toMatchObject({ code: "InvalidArgument", fields: ["reason"] });
  const declined = await act(first, DECLINE, "no coffee left");
  expect(declined.order).toMatchObject({ status: OrderStatus.DECLINED, reason: "no coffee left" });
  expect(await act(first, DECLINE, "no coffee left")).toMatchObject({ changed: false });
  const outcomes = await Promise.all(Array.from({ length: 6 }, () => act(second, ACCEPT)));
  expect(outcomes.filter(({ changed }) => changed)).toHaveLength(1);
  expect((await act(second, SERVE)).order).toMatchObject({ status: OrderStatus.SERVED, version: 4 });
  const { session } = await staff.getSession({ sessionId });
  expect(session?.total?.amountMinor).toBe(250n);

  const queue = async (statuses: OrderStatus[]) => {
    const { orders } = await staff.listKitchenQueue({ locationId, statuses });
    return orders.filter((entry) => entry.sessionId === sessionId).map(({ order }) => order?.orderId);
  };
  expect(await queue([])).toEqual([]);
  expect(await queue([OrderStatus.SERVED, OrderStatus.DECLINED])).toEqual([first, second]);
  expect(await refusalOf(queue([OrderStatus.SHIPPED]))).toMatchObject({ code: "InvalidArgument" });
});

test("what happens to an order in LOMS is heard of", async () => {
  const table = await house.open();
  const ada = await table.join("Ada");
  const orderId = await ada.order(house.espresso);
  const token = await harness.issuer.userToken(3, ["platform"]);
  const loms = await harness.client(LomsService, token, "loms");
  await loms.cancelOrder({ orderId });
  await eventually(async () => {
    const [order] = await ordersOf(table.sessionId);
    expect(order).toMatchObject({ status: OrderStatus.CANCELED, version: 3 });
  });
  const { session } = await house.staff.getSession({ sessionId: table.sessionId });
  expect(session?.total).toBeUndefined();
  expect(await harness.sql`select from order_news`).toHaveLength(0);
});

test("while the catalogue is away nothing is ordered, and it says so", async () => {
  const table = await house.open();
  const ada = await table.join("Ada");
  harness.links.product?.refuse();
  const refused = await refusalOf(ada.order(house.espresso));
  harness.links.product?.heal();
  expect(refused.code).toBe("Unavailable");
  expect(await harness.sql`select from session_orders where session_id = ${table.sessionId}`).toHaveLength(0);
  await eventually(() => ada.order(house.espresso));
});

test("an order that LOMS could not be asked for is placed once LOMS is back, once", async () => {
  const table = await house.open();
  const ada = await table.join("Ada");
  harness.links.loms?.refuse();
  const refused = await refusalOf(ada.order(house.espresso, 1, "patience"));
  expect(refused).toMatchObject({ code: "Unavailable", reason: "ORDER_PENDING" });
  expect(await ordersOf(table.sessionId)).toEqual([]);
  // It is not known what became of it, so that nobody says that nothing is left to be done.
  expect(await refusalOf(house.staff.closeSession({ sessionId: table.sessionId }))).toMatchObject({
    code: "FailedPrecondition",
    reason: "SESSION_NOT_DONE",
  });
  harness.links.loms?.heal();
  const orders = await eventually(async () => {
    const found = await ordersOf(table.sessionId);
    expect(found).toHaveLength(1);
    return found;
  });
  expect(await ada.order(house.espresso, 1, "patience")).toBe(orders[0]?.orderId);
  expect(await inLoms(ada.guestId)).toHaveLength(1);
});

test("an order whose answer was lost is the same order", async () => {
  const table = await house.open();
  const ada = await table.join("Ada");
  const before = harness.links.loms?.repliesLost() ?? 0;
  harness.links.loms?.loseReply(20);
  const outcome = await refusalOf(ada.order(house.espresso, 1, "lost")).catch(() => undefined);
  expect(harness.links.loms?.repliesLost()).toBeGreaterThan(before);
  if (outcome !== undefined) {
    expect(outcome.code).toBe("Unavailable");
  }
  await eventually(async () => expect(await ordersOf(table.sessionId)).toHaveLength(1));
  await ada.order(house.espresso, 1, "lost");
  expect(await inLoms(ada.guestId)).toHaveLength(1);
});

test("what LOMS refuses for good is taken back, and its key can be used again", async () => {
  const table = await house.open();
  const ada = await table.join("Ada");
  const { sessionId } = table;
  const place = (note: string) =>
    ada.client.placeOrder({
      sessionId,
      lines: [{ sku: house.espresso, quantity: 1, note }],
      idempotencyKey: "again",
    });
  // LOMS takes no control characters.
  expect(await refusalOf(place("ring \u0007"))).toMatchObject({
    code: "InvalidArgument",
    reason: "INVALID_ORDER",
  });
  expect(await harness.sql`select from session_orders where session_id = ${sessionId}`).toHaveLength(0);
  expect(await place("hot")).toMatchObject({ replayed: false });
});
