import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { createClient } from "@connectrpc/connect";
import { createGrpcWebTransport } from "@connectrpc/connect-web";
import { credentials, loadPackageDefinition, type ServiceClientConstructor } from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import { LomsService } from "@ordermesh/proto/ordermesh/loms/v1/loms_pb";
import { OrderStatus } from "@ordermesh/proto/ordermesh/loms/v1/order_pb";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type MeshProcess, startMeshProcess } from "../harness/mesh-process.ts";

/*
 * Whoever may call us does so here as they would: each kind of client places an order and pays it, on the mesh that
 * `npm start` starts.
 */

let mesh: MeshProcess;
const sku = 1625903;
const run = promisify(execFile);
const root = fileURLToPath(new URL("../../", import.meta.url));

beforeAll(async () => {
  mesh = await startMeshProcess();
});

afterAll(async () => {
  expect(await mesh.stop()).toBe(0);
});

async function post(service: string, method: string, address: string, body: unknown) {
  const response = await fetch(`http://${address}/${service}/${method}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

test("curl: Connect JSON over HTTP/1.1, from the cart to the payment", async () => {
  const { checkout, loms } = mesh.addresses;
  const cart = "ordermesh.checkout.v1.CheckoutService";
  expect((await post(cart, "AddToCart", checkout, { userId: "501", sku, quantity: 2 })).status).toBe(200);
  const listed = await post(cart, "ListCart", checkout, { userId: 501 });
  expect(listed.body.lines).toMatchObject([{ sku, quantity: 2, name: expect.any(String) }]);
  const purchased = await post(cart, "Purchase", checkout, { userId: "501" });
  expect(purchased).toMatchObject({ status: 200, body: { status: "ORDER_STATUS_AWAITING_PAYMENT" } });
  const { orderId } = purchased.body;
  const paid = await post("ordermesh.loms.v1.LomsService", "PayOrder", loms, { orderId });
  expect(paid).toMatchObject({ status: 200, body: { version: 3, changed: true } });
});

test("buf curl: gRPC with reflection, nothing but the address known", async () => {
  const buf = async (address: string, ...args: string[]) =>
    (
      await run("npx", ["buf", "curl", "--protocol", "grpc", "--http2-prior-knowledge", ...args], {
        cwd: root,
        env: { ...process.env, NO_PROXY: "*" },
      })
    ).stdout.trim() || address;
  const url = (address: string, method: string) =>
    `http://${address}/ordermesh.loms.v1.LomsService/${method}`;
  const { loms } = mesh.addresses;
  const created = JSON.parse(
    await buf(
      loms,
      "--data",
      JSON.stringify({ userId: 502, idempotencyKey: "buf", lines: [{ sku, quantity: 1 }] }),
      url(loms, "CreateOrder"),
    ),
  );
  expect(created.status).toBe("ORDER_STATUS_AWAITING_PAYMENT");
  const paid = JSON.parse(
    await buf(loms, "--data", JSON.stringify({ orderId: created.orderId }), url(loms, "PayOrder")),
  );
  expect(paid).toMatchObject({ version: 3, changed: true });
});

test("a browser's client: gRPC-Web", async () => {
  const client = createClient(
    LomsService,
    createGrpcWebTransport({ baseUrl: `http://${mesh.addresses.loms}` }),
  );
  const { orderId } = await client.createOrder({
    userId: 503n,
    idempotencyKey: "web",
    lines: [{ sku, quantity: 1 }],
  });
  await client.payOrder({ orderId });
  expect((await client.getOrder({ orderId })).order?.status).toBe(OrderStatus.PAID);
});

test("a miniZON client, built from that system's definitions by another library", async () => {
  const load = (file: string) =>
    loadPackageDefinition(
      loadSync(file, { includeDirs: [`${root}proto/minizon`], keepCase: true, longs: String, enums: String }),
    );
  const constructorOf = (file: string, pack: string, service: string) =>
    (load(file)[pack] as Record<string, unknown>)[service] as ServiceClientConstructor;
  const open = (Constructor: ServiceClientConstructor, address: string) => {
    const client = new Constructor(address, credentials.createInsecure());
    const call = (method: string, request: unknown): Promise<Record<string, unknown>> =>
      new Promise((resolve, reject) => {
        const deadline = { deadline: Date.now() + 10_000 };
        client[method]?.(request, deadline, (error: Error | null, response: Record<string, unknown>) =>
          error === null ? resolve(response) : reject(error),
        );
      });
    return { call, close: () => client.close() };
  };
  const checkout = open(
    constructorOf("checkout_v1/checkout.proto", "checkout_v1", "CheckoutV1"),
    mesh.addresses.checkout,
  );
  const loms = open(constructorOf("loms_v1/loms.proto", "loms_v1", "LomsV1"), mesh.addresses.loms);
  try {
    await checkout.call("AddToCart", { user: 504, sku, count: 3 });
    const cart = await checkout.call("ListCart", { user: 504 });
    const [item] = cart.items as { price: number; count: number }[];
    expect(cart.total_price).toBe((item?.price ?? 0) * 3);
    const { order_id } = await checkout.call("Purchase", { user: 504 });
    expect(await loms.call("ListOrder", { order_id })).toMatchObject({
      status: "awaiting_payment",
      user: "504",
    });
    await loms.call("OrderPayed", { order_id });
    expect(await loms.call("ListOrder", { order_id })).toMatchObject({ status: "payed" });
  } finally {
    checkout.close();
    loms.close();
  }
});

test("an operator: verify prints nothing, and says what it looked at when asked", async () => {
  expect(await mesh.run("verify")).toEqual({ code: 0, output: "" });
  const verbose = await mesh.run("verify", "--verbose");
  expect(verbose.output).toMatch(/ok +I3 .*looked at/);
  const json = await mesh.run("verify", "--json");
  expect(JSON.parse(json.output)).toContainEqual(expect.objectContaining({ invariant: "I9", findings: [] }));
});

test("the demo tells its story on it", async () => {
  const { code, output } = await mesh.run("demo");
  expect(output).toMatch(/The end: 11 events, and a notification for each\./);
  expect(code).toBe(0);
});
