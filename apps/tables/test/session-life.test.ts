import { OrderStatus } from "@ordermesh/proto/ordermesh/loms/v1/order_pb";
import { SessionState } from "@ordermesh/proto/ordermesh/tables/v1/session_pb";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openHouse, SERVE, serve } from "./table.ts";
import { startTablesHarness, type TablesHarness } from "./tables-harness.ts";

let harness: TablesHarness;

beforeAll(async () => {
  harness = await startTablesHarness({ neighbors: ["product", "loms"] });
});
afterAll(() => harness?.stop());

test("from opening a table to closing it", async () => {
  const house = await openHouse(harness);
  const table = await house.open("Table 7");
  expect(table.link).toBe(`http://127.0.0.1:8080/t/${table.code}#${table.link.split("#")[1]}`);
  const ada = await table.join("Ada");
  const bob = await table.join("Bob");
  const first = await ada.order(house.espresso, 2);
  const second = await bob.order(house.pasta);
  const { order: third } = await house.staff.placeOrder({
    sessionId: table.sessionId,
    lines: [{ sku: house.espresso, quantity: 1, note: "decaf" }],
    note: "quickly",
    idempotencyKey: "for the table",
  });
  expect(third).toMatchObject({ staffUserId: BigInt(house.ownerId), status: OrderStatus.PLACED });

  const { session } = await ada.client.getSession({ sessionId: table.sessionId });
  expect(session).toMatchObject({
    name: "Table 7",
    state: SessionState.OPEN,
    total: { currencyCode: "EUR", amountMinor: 500n + 1_100n + 250n },
    paid: { amountMinor: 0n },
    version: 6,
  });
  expect(session?.guests.map(({ nickname, isTable }) => [nickname, isTable])).toEqual([
    ["Table 7", true],
    ["Ada", false],
    ["Bob", false],
  ]);
  expect(session?.orders.map(({ orderId }) => orderId)).toEqual([first, second, third?.orderId]);

  const queue = await house.staff.listKitchenQueue({ locationId: house.locationId });
  expect(queue.orders.map(({ order, guestNickname }) => [order?.orderId, guestNickname])).toEqual([
    [first, "Ada"],
    [second, "Bob"],
    [third?.orderId, "Table 7"],
  ]);
  for (const orderId of [first, second, third?.orderId ?? 0n]) {
    await serve(house.staff, table.sessionId, orderId);
  }
  expect(
    await house.staff.actOnOrder({ sessionId: table.sessionId, orderId: first, action: SERVE }),
  ).toMatchObject({ changed: false });
  const closed = await house.staff.closeSession({ sessionId: table.sessionId });
  expect(closed).toMatchObject({ changed: true, session: { state: SessionState.CLOSED } });
  expect(await house.staff.closeSession({ sessionId: table.sessionId })).toMatchObject({ changed: false });
});
