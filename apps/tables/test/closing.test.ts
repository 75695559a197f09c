import { OrderStatus } from "@ordermesh/proto/ordermesh/loms/v1/order_pb";
import { SessionState } from "@ordermesh/proto/ordermesh/tables/v1/session_pb";
import { eventually } from "@ordermesh/testkit/eventually";
import { afterAll, beforeAll, expect, test } from "vitest";
import { refusalOf } from "./refusal.ts";
import { type House, openHouse, serve } from "./table.ts";
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

const force = { force: true, reason: "they ran away" };

test("a session closes once all is served or ended, and names what is not", async () => {
  const { staff } = house;
  const table = await house.open();
  const { sessionId } = table;
  const ada = await table.join("Ada");
  const [first, second] = [await ada.order(house.espresso), await ada.order(house.pasta)];
  await serve(staff, sessionId, first);
  const refused = await refusalOf(staff.closeSession({ sessionId }));
  expect(refused).toMatchObject({ code: "FailedPrecondition", reason: "SESSION_NOT_DONE" });
  const error = await staff.closeSession({ sessionId }).catch(String);
  expect(error).toContain(`orders/${second}`);
  expect(error).not.toContain(`orders/${first} `);
  expect((await staff.getSession({ sessionId })).session?.state).toBe(SessionState.OPEN);
  await ada.client.actOnOrder({ sessionId, orderId: second, action: 5 });
  const { session, changed } = await staff.closeSession({ sessionId });
  expect(changed).toBe(true);
  expect(session).toMatchObject({ state: SessionState.CLOSED, closeReason: "", code: table.code });
  expect(session?.closedTime).toBeDefined();
  // Final: another close changes nothing, also a forced one.
  expect(await staff.closeSession({ sessionId, ...force })).toMatchObject({
    changed: false,
    session: { closeReason: "" },
  });
  for (const call of [
    () =>
      staff.placeOrder({ sessionId, lines: [{ sku: house.espresso, quantity: 1 }], idempotencyKey: "late" }),
    () => staff.rotateInvitation({ sessionId }),
    () => staff.actOnOrder({ sessionId, orderId: first, action: 1 }),
  ]) {
    expect(await refusalOf(call())).toMatchObject({ code: "FailedPrecondition", reason: "SESSION_CLOSED" });
  }
});

test("many who close at the same time all succeed, and one did it", async () => {
  const { sessionId } = await house.open();
  const closed = await Promise.all(Array.from({ length: 10 }, () => house.staff.closeSession({ sessionId })));
  expect(closed.filter(({ changed }) => changed)).toHaveLength(1);
  expect(new Set(closed.map(({ session }) => session?.version)).size).toBe(1);
});

test("a forced close needs a reason, and ends what is left to be done", async () => {
  const { staff } = house;
  const table = await house.open();
  const { sessionId } = table;
  const ada = await table.join("Ada");
  const orderIds = [
    await ada.order(house.espresso),
    await ada.order(house.pasta),
    await ada.order(house.pasta),
  ];
  const [placed = 0n, accepted = 0n, served = 0n] = orderIds;
  await staff.actOnOrder({ sessionId, orderId: accepted, action: 1 });
  await serve(staff, sessionId, served);
  expect(await refusalOf(staff.closeSession({ sessionId, force: true }))).toMatchObject({
    code: "InvalidArgument",
    fields: ["reason"],
  });
  const { session } = await staff.closeSession({ sessionId, ...force });
  expect(session).toMatchObject({ state: SessionState.CLOSED, closeReason: force.reason });
  expect(session?.orders.map(({ orderId, status, reason }) => ({ orderId, status, reason }))).toEqual([
    { orderId: placed, status: OrderStatus.CANCELED, reason: force.reason },
    { orderId: accepted, status: OrderStatus.CANCELED, reason: force.reason },
    { orderId: served, status: OrderStatus.SERVED, reason: "" },
  ]);
  expect((await refusalOf(ada.client.getSession({ sessionId }))).code).toBe("Unauthenticated");
});

test("a forced close while LOMS is away stops orders at once, and is finished later", async () => {
  const { staff } = house;
  const table = await house.open();
  const { sessionId } = table;
  const ada = await table.join("Ada");
  await ada.order(house.espresso);
  harness.links.loms?.refuse();
  expect(await refusalOf(staff.closeSession({ sessionId, ...force }))).toMatchObject({
    code: "Unavailable",
    reason: "SESSION_CLOSING",
  });
  expect((await ada.client.getSession({ sessionId })).session?.state).toBe(SessionState.CLOSING);
  expect(await refusalOf(ada.order(house.espresso))).toMatchObject({ reason: "SESSION_CLOSING" });
  harness.links.loms?.heal();
  await eventually(async () => {
    const { session } = await staff.getSession({ sessionId });
    expect(session).toMatchObject({ state: SessionState.CLOSED, closeReason: force.reason });
  });
});

test("what was being placed when the forced close came is ended as well, not lost", async () => {
  const { staff } = house;
  const table = await house.open();
  const { sessionId } = table;
  const ada = await table.join("Ada");
  harness.links.loms?.refuse();
  expect(await refusalOf(ada.order(house.espresso, 1, "pending"))).toMatchObject({ reason: "ORDER_PENDING" });
  const closing = refusalOf(staff.closeSession({ sessionId, ...force }));
  expect(await closing).toMatchObject({ reason: "SESSION_CLOSING" });
  harness.links.loms?.heal();
  const session = await eventually(async () => {
    const found = (await staff.getSession({ sessionId })).session;
    expect(found?.state).toBe(SessionState.CLOSED);
    return found;
  });
  expect(session?.orders.map(({ status }) => status)).toEqual([OrderStatus.CANCELED]);
});

test("each session's events come in the order of their versions", async () => {
  const table = await house.open("Told");
  await table.join("Ada");
  await house.staff.closeSession({ sessionId: table.sessionId });
  const changes = await harness.sql`select version from session_changes
    where session_id = ${table.sessionId} order by transaction_id, version`;
  expect(changes.map(({ version }) => version)).toEqual([1, 2, 3]);
});
