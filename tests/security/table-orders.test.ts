import { type Client, Code, ConnectError, createClient } from "@connectrpc/connect";
import { ErrorInfoSchema } from "@ordermesh/proto/google/rpc/error_details_pb";
import { LomsService } from "@ordermesh/proto/ordermesh/loms/v1/loms_pb";
import { OrderStatus } from "@ordermesh/proto/ordermesh/loms/v1/order_pb";
import { createGrpcTransport } from "@ordermesh/rpc/client";
import { createMetrics } from "@ordermesh/telemetry/metrics";
import { startTracing } from "@ordermesh/telemetry/tracing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type SecuredMesh, startSecuredMesh } from "./secured-mesh.ts";

/* At a table the tables service speaks for guests and staff; nobody else acts there, and it acts nowhere else. */

let mesh: SecuredMesh;
let loms: Client<typeof LomsService>;
let close: () => void;
let nextOrder = 0;

const guestId = 2n ** 52n;
const sku = 4712;
const unitPrice = { currencyCode: "EUR", amountMinor: 500n };

async function bearing(token: Promise<string>) {
  return { headers: { authorization: `Bearer ${await token}` } };
}

const asService = (name: string) => bearing(mesh.issuer.serviceToken(name, "loms"));
const asUser = (userId: bigint, role: string) => bearing(mesh.issuer.userToken(userId, [role]));
const asTables = () => asService("tables");

beforeAll(async () => {
  mesh = await startSecuredMesh();
  const opened = createGrpcTransport({
    address: mesh.addresses.loms,
    services: [LomsService],
    metrics: createMetrics({ service: "test", version: "0" }),
    tracing: await startTracing({ service: "test", version: "0", endpoint: undefined, sampleRatio: 0 }),
    defaultTimeoutMs: 10_000,
  });
  close = opened.close;
  loms = createClient(LomsService, opened.transport);
  await loms.receiveStock(
    { idempotencyKey: "stock", receipts: [{ sku, warehouseId: 1n, quantity: 1_000 }] },
    await asUser(1009n, "seller"),
  );
});

afterAll(async () => {
  close?.();
  await mesh?.stop();
});

function orderAtTable() {
  nextOrder += 1;
  return {
    userId: guestId,
    idempotencyKey: `order ${nextOrder}`,
    workflow: "table",
    table: { locationId: 1n, sessionId: 2n, guestNickname: "Ada", staffUserId: 12n },
    lines: [{ sku, quantity: 1, unitPrice }],
  };
}

function goods(userId: bigint) {
  nextOrder += 1;
  return { userId, idempotencyKey: `order ${nextOrder}`, lines: [{ sku, quantity: 1, unitPrice }] };
}

async function place(): Promise<bigint> {
  const { orderId, status } = await loms.createOrder(orderAtTable(), await asTables());
  expect(status).toBe(OrderStatus.PLACED);
  return orderId;
}

async function refusalOf(call: Promise<unknown>): Promise<[Code, string | undefined]> {
  const error = ConnectError.from(
    await call.then(
      () => new Error("It succeeded."),
      (thrown) => thrown,
    ),
  );
  return [error.code, error.findDetails(ErrorInfoSchema)[0]?.reason];
}

test("the tables service acts for staff and guests, and the history says who pressed", async () => {
  const orderId = await place();
  const act = async (role: string, action: string, actingUserId = 0n) =>
    loms.applyAction({ orderId, role, action, actingUserId }, await asTables());
  await act("S", "accept the order", 12n);
  await act("", "serve the order", 13n);
  await loms.payOrder({ orderId }, await asTables());
  const { entries } = await loms.getHistory({ orderId }, await asTables());
  expect(entries.slice(2).map(({ role, actor, stateCode }) => `${role} ${actor} ${stateCode}`)).toEqual([
    "S service:tables for user:12 AC",
    "S service:tables for user:13 SV",
    "P service:tables FP",
  ]);

  const canceled = await place();
  await loms.applyAction({ orderId: canceled, role: "B", action: "cancel order" }, await asTables());
  const again = await loms.cancelOrder({ orderId: canceled }, await asTables());
  expect(again).toMatchObject({ changed: false, version: 3 });
});

test("the platform may do the same, for whoever has to repair something", async () => {
  const platform = await asUser(1010n, "platform");
  const { orderId } = await loms.createOrder(orderAtTable(), platform);
  await loms.applyAction({ orderId, role: "S", action: "accept the order" }, platform);
  await loms.applyAction({ orderId, role: "S", action: "end the order" }, platform);
  const { order } = await loms.getOrder({ orderId }, platform);
  expect(order).toMatchObject({ stateCode: "CT", table: { sessionId: 2n, staffUserId: 12n } });
});

test("sellers see an order at a table, and have no part in it", async () => {
  const orderId = await place();
  const seller = await asUser(1009n, "seller");
  const { order } = await loms.getOrder({ orderId }, seller);
  expect(order?.stateCode).toBe("PL");
  for (const role of ["", "S"]) {
    const call = loms.applyAction({ orderId, role, action: "accept the order" }, seller);
    expect(await refusalOf(call)).toEqual([Code.PermissionDenied, "ROLE_NOT_HELD"]);
  }
  const { roles } = await loms.listAllowedActions({ orderId }, seller);
  expect(roles).toEqual([]);
  const explained = await loms.explain({ orderId, action: "accept the order" }, seller);
  expect(explained).toMatchObject({ allowed: false, reason: "WRONG_ROLE", stateCode: "PL" });
  expect(explained.text).toContain("TablesService");
});

test("buyers do not see a guest's order", async () => {
  const orderId = await place();
  const buyer = await asUser(1007n, "buyer");
  for (const call of [
    () => loms.getOrder({ orderId }, buyer),
    () => loms.cancelOrder({ orderId }, buyer),
    () => loms.applyAction({ orderId, action: "cancel order" }, buyer),
  ]) {
    expect(await refusalOf(call())).toEqual([Code.NotFound, "ORDER_NOT_FOUND"]);
  }
});

test.each(["checkout", "gateway"])("the service %s places no orders at tables", async (name) => {
  const call = loms.createOrder(orderAtTable(), await asService(name));
  expect(await refusalOf(call)).toEqual([Code.PermissionDenied, "SERVICE_NOT_ALLOWED"]);
  const { results } = await loms.batchCreateOrders({ orders: [orderAtTable()] }, await asService(name));
  expect(results[0]?.outcome.value).toMatchObject({ reason: "SERVICE_NOT_ALLOWED" });
});

test("the tables service has no power over orders elsewhere", async () => {
  const refused = loms.createOrder(goods(1007n), await asTables());
  expect(await refusalOf(refused)).toEqual([Code.PermissionDenied, "SERVICE_NOT_ALLOWED"]);
  const { orderId } = await loms.createOrder(goods(1007n), await asUser(1010n, "platform"));
  const tables = await asTables();
  for (const call of [
    () => loms.payOrder({ orderId }, tables),
    () => loms.cancelOrder({ orderId }, tables),
    () => loms.applyAction({ orderId, role: "P", action: "payment successful" }, tables),
    () => loms.applyAction({ orderId, role: "B", action: "cancel order" }, tables),
  ]) {
    expect(await refusalOf(call())).toEqual([Code.NotFound, "ORDER_NOT_FOUND"]);
  }
  const { order } = await loms.getOrder({ orderId }, tables);
  expect(order).toMatchObject({ stateCode: "WP", version: 2 });
});

test("a user acts for himself, and other services act as the platform only", async () => {
  const orderId = await place();
  const platform = await asUser(1010n, "platform");
  const forAnother = loms.applyAction(
    { orderId, role: "S", action: "accept the order", actingUserId: 12n },
    platform,
  );
  expect(await refusalOf(forAnother)).toEqual([Code.InvalidArgument, "INVALID_PARAMETERS"]);
  const asStaff = loms.applyAction(
    { orderId, role: "S", action: "accept the order" },
    await asService("payments"),
  );
  expect(await refusalOf(asStaff)).toEqual([Code.PermissionDenied, "ROLE_NOT_HELD"]);
});
