import { type Client, Code, ConnectError, createClient } from "@connectrpc/connect";
import { ErrorInfoSchema } from "@ordermesh/proto/google/rpc/error_details_pb";
import { LomsService } from "@ordermesh/proto/ordermesh/loms/v1/loms_pb";
import { createGrpcTransport } from "@ordermesh/rpc/client";
import { createMetrics } from "@ordermesh/telemetry/metrics";
import { startTracing } from "@ordermesh/telemetry/tracing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Caller, headersOf, ownerId } from "./callers.ts";
import { type SecuredMesh, startSecuredMesh } from "./secured-mesh.ts";

/* Who may act in which role on whose order: the token decides, and what a request says of its role is checked. */

let mesh: SecuredMesh;
let loms: Client<typeof LomsService>;
let close: () => void;
let nextOrder = 0;

const sku = 4711;
const as = async (caller: Caller) => ({ headers: { ...(await headersOf(mesh.issuer, caller, "loms")) } });

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
  const receipts = [{ sku, warehouseId: 1n, quantity: 1_000 }];
  await loms.receiveStock({ idempotencyKey: "stock", receipts }, await as("seller"));
});

afterAll(async () => {
  close?.();
  await mesh?.stop();
});

/** A paid order of "owner". */
async function placePaid(): Promise<bigint> {
  nextOrder += 1;
  const { orderId } = await loms.createOrder(
    { userId: ownerId, idempotencyKey: `order ${nextOrder}`, lines: [{ sku, quantity: 1 }] },
    await as("platform"),
  );
  await loms.payOrder({ orderId }, await as("platform"));
  return orderId;
}

const act = async (caller: Caller, orderId: bigint, action: string, role = "") =>
  loms.applyAction({ orderId, action, role }, await as(caller));

async function refusalOf(call: Promise<unknown>): Promise<[Code, string | undefined]> {
  const error = ConnectError.from(
    await call.then(
      () => new Error("It succeeded."),
      (thrown) => thrown,
    ),
  );
  return [error.code, error.findDetails(ErrorInfoSchema)[0]?.reason];
}

test("each acts in the role of the token, and the history says who it was", async () => {
  const orderId = await placePaid();
  await act("seller", orderId, "ship the order");
  await act("owner", orderId, "confirm reception of order", "b");
  await act("operator", orderId, "no refund request");
  const { entries } = await loms.getHistory({ orderId }, await as("owner"));
  expect(entries.slice(3).map(({ role, action }) => `${role} ${action}`)).toEqual([
    "S ship the order",
    "B confirm reception of order",
    "P no refund request",
  ]);
  expect(entries[4]?.actor).toBe(`user:${ownerId}`);
});

test("who runs the shop sees the traces of all steps, and the buyer none", async () => {
  const orderId = await placePaid();
  const shipped = await act("seller", orderId, "ship the order");
  const tracesFor = async (caller: Caller) =>
    (await loms.getHistory({ orderId }, await as(caller))).entries.map(({ traceId }) => traceId);
  const seen = await tracesFor("seller");
  expect(seen).toHaveLength(4);
  expect(seen.every((traceId) => /^[0-9a-f]{32}$/.test(traceId))).toBe(true);
  expect(seen[3]).toBe(shipped.steps[0]?.traceId);
  for (const caller of ["platform", "operator", "tables"] as const) {
    expect(await tracesFor(caller)).toEqual(seen);
  }
  expect(await tracesFor("owner")).toEqual(["", "", "", ""]);
  const received = await act("owner", orderId, "confirm reception of order");
  expect(received.steps.map(({ traceId }) => traceId)).toEqual([""]);
});

test("nobody takes a role that the token does not have, or acts beyond its own", async () => {
  const orderId = await placePaid();
  expect(await refusalOf(act("owner", orderId, "ship the order", "S"))).toEqual([
    Code.PermissionDenied,
    "ROLE_NOT_HELD",
  ]);
  expect(await refusalOf(act("owner", orderId, "ship the order"))).toEqual([
    Code.FailedPrecondition,
    "WRONG_ROLE",
  ]);
  expect(await refusalOf(act("seller", orderId, "confirm reception of order", "buyer"))).toEqual([
    Code.PermissionDenied,
    "ROLE_NOT_HELD",
  ]);
  for (const role of ["P", "a"]) {
    expect(await refusalOf(act("seller", orderId, "finished accounting", role))).toEqual([
      Code.PermissionDenied,
      "ROLE_NOT_HELD",
    ]);
  }
  expect(await refusalOf(act("payments", orderId, "ship the order", "S"))).toEqual([
    Code.PermissionDenied,
    "ROLE_NOT_HELD",
  ]);
  const { order } = await loms.getOrder({ orderId }, await as("owner"));
  expect(order).toMatchObject({ stateCode: "FP", version: 3 });
});

test("the platform may act as anybody", async () => {
  const orderId = await placePaid();
  await act("platform", orderId, "ship the order", "S");
  await act("operator", orderId, "confirm reception of order", "Buyer");
  const { order } = await loms.getOrder({ orderId }, await as("owner"));
  expect(order?.stateCode).toBe("ST");
});

test("somebody else's order is as good as none, for every call about it", async () => {
  const orderId = await placePaid();
  const missing = 999_999_999_999n;
  const stranger = await as("other buyer");
  const calls: ((id: bigint) => Promise<unknown>)[] = [
    (id) => loms.listAllowedActions({ orderId: id }, stranger),
    (id) => loms.applyAction({ orderId: id, action: "confirm reception of order" }, stranger),
    (id) => loms.explain({ orderId: id, action: "confirm reception of order" }, stranger),
    (id) => loms.getHistory({ orderId: id }, stranger),
    (id) => loms.getWorkflow({ orderId: id }, stranger),
    (id) => loms.getVoucher({ orderId: id }, stranger),
  ];
  for (const call of calls) {
    const notFound = [Code.NotFound, "ORDER_NOT_FOUND"];
    expect(await refusalOf(call(orderId))).toEqual(notFound);
    expect(await refusalOf(call(missing))).toEqual(notFound);
  }
});

test("buyers and sellers are shown their own actions, the platform everybody's", async () => {
  const orderId = await placePaid();
  const shown = async (caller: Caller, role = "") => {
    const { roles } = await loms.listAllowedActions({ orderId, role }, await as(caller));
    return roles.map((one) => one.role);
  };
  expect(await shown("owner")).toEqual(["B"]);
  expect(await shown("seller")).toEqual(["S"]);
  expect(await shown("platform")).toEqual(["P", "A", "S", "B"]);
  expect(await shown("operator", "seller")).toEqual(["S"]);
  expect(await refusalOf(shown("owner", "P"))).toEqual([Code.PermissionDenied, "ROLE_NOT_HELD"]);
});

test("timers are for operators", async () => {
  const orderId = await placePaid();
  for (const caller of ["owner", "seller", "payments"] as const) {
    const options = await as(caller);
    for (const call of [
      () => loms.listTimers({ orderId }, options),
      () => loms.runTimerNow({ orderId, timer: "delivery" }, options),
      () => loms.skipTimer({ orderId, timer: "delivery" }, options),
    ]) {
      expect((await refusalOf(call()))[0]).toBe(Code.PermissionDenied);
    }
  }
});
