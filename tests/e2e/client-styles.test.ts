import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { createClient } from "@connectrpc/connect";
import { createGrpcWebTransport } from "@connectrpc/connect-web";
import { credentials, loadPackageDefinition, type ServiceClientConstructor } from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import { CheckoutService } from "@ordermesh/proto/ordermesh/checkout/v1/checkout_pb";
import { LomsService } from "@ordermesh/proto/ordermesh/loms/v1/loms_pb";
import { OrderStatus } from "@ordermesh/proto/ordermesh/loms/v1/order_pb";
import { PaymentsService, PayOutcome } from "@ordermesh/proto/ordermesh/payments/v1/payments_pb";
import { eventually } from "@ordermesh/testkit/eventually";
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

async function post(address: string, path: string, token: string, body: unknown) {
  const response = await fetch(`http://${address}/${path}`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
    body: JSON.stringify(body),
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

const card = { number: "4242424242424242", expiryMonth: 12, expiryYear: 2030, code: "123" };

test("curl: Connect JSON over HTTP/1.1 at the services, from the cart to the payment", async () => {
  const { checkout, payments, loms } = mesh.addresses;
  const token = await mesh.token("buyer");
  const cart = "ordermesh.checkout.v1.CheckoutService";
  expect((await post(checkout, `${cart}/AddToCart`, token, { sku, quantity: 2 })).status).toBe(200);
  const listed = await post(checkout, `${cart}/ListCart`, token, {});
  expect(listed.body.lines).toMatchObject([{ sku, quantity: 2, name: expect.any(String) }]);
  const purchased = await post(checkout, `${cart}/Purchase`, token, {});
  expect(purchased).toMatchObject({ status: 200, body: { status: "ORDER_STATUS_AWAITING_PAYMENT" } });
  const { orderId } = purchased.body;

  const desk = "ordermesh.payments.v1.PaymentsService";
  const method = await post(payments, `${desk}/CreatePaymentMethod`, token, { card });
  const { paymentMethodToken } = method.body;
  const paid = await eventually(async () => {
    const answer = await post(payments, `${desk}/Pay`, token, {
      orderId,
      paymentMethodToken,
      idempotencyKey: `curl/${orderId}`,
    });
    expect(answer.status).toBe(200);
    return answer;
  });
  expect(paid.body).toMatchObject({ outcome: "PAY_OUTCOME_CAPTURED" });
  await eventually(async () => {
    const { body } = await post(loms, "ordermesh.loms.v1.LomsService/GetOrder", token, { orderId });
    expect(body.order).toMatchObject({ status: "ORDER_STATUS_PAID", userId: "1" });
  });
});

test("curl without a token: what is public, and what to do for the rest", async () => {
  const { product, checkout, gateway } = mesh.addresses;
  const list = await fetch(`http://${gateway}/v1/products?page_size=1`);
  expect(list.status).toBe(200);
  const one = await post(product, "ordermesh.product.v1.ProductService/GetProduct", "", { sku });
  expect(one).toMatchObject({ status: 200, body: { product: { sku } } });
  const refused = await fetch(`http://${checkout}/ordermesh.checkout.v1.CheckoutService/ListCart`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: "{}",
  });
  expect(refused.status).toBe(401);
  expect(await refused.json()).toMatchObject({
    code: "unauthenticated",
    message: expect.stringMatching(/authorization: Bearer/),
  });
});

test("two locations with menus are there, and the waiter works at one of them", async () => {
  const { tables } = mesh.addresses;
  const service = "ordermesh.tables.v1.LocationsService";
  const near = { position: { latitude: 48.1362, longitude: 11.5763 } };
  const { body } = await post(tables, `${service}/FindNearbyLocations`, "", near);
  expect(body.locations).toMatchObject([
    { location: { name: "Lindenhof", ownerUserId: "3", currencyCode: "EUR" } },
    { location: { name: "Harbor Kitchen", ownerUserId: "3" }, distanceMeters: expect.any(Number) },
  ]);
  const [lindenhof, harbor] = (body.locations as { location: { locationId: string } }[]).map(
    ({ location }) => location.locationId,
  );
  for (const locationId of [lindenhof, harbor]) {
    const menu = await post(tables, `${service}/ListMenu`, "", { locationId });
    expect(menu.body.items).toHaveLength(8);
    const vegan = await post(tables, `${service}/ListMenu`, "", { locationId, tag: "Vegan" });
    expect((vegan.body.items as unknown[]).length).toBeGreaterThan(0);
  }
  const waiter = await mesh.token("waiter");
  const staff = await post(tables, `${service}/GetLocationStaff`, waiter, { locationId: lindenhof });
  expect(staff.body).toEqual({ ownerUserId: "3", userIds: ["6"] });
  expect((await post(tables, `${service}/GetLocationStaff`, waiter, { locationId: harbor })).status).toBe(
    404,
  );
});

test("buf curl: gRPC with reflection, nothing but the address and a token known", async () => {
  const token = await mesh.token("platform");
  const buf = async (address: string, ...args: string[]) =>
    (
      await run(
        "npx",
        [
          "buf",
          "curl",
          "--protocol",
          "grpc",
          "--http2-prior-knowledge",
          "-H",
          `authorization: Bearer ${token}`,
          ...args,
        ],
        { cwd: root, env: { ...process.env, NO_PROXY: "*" } },
      )
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

test("a browser's client: gRPC-Web, everything from one origin", async () => {
  const token = await mesh.token("buyer2");
  const transport = createGrpcWebTransport({
    baseUrl: `http://${mesh.addresses.gateway}`,
    interceptors: [
      (next) => async (request) => {
        request.header.set("authorization", `Bearer ${token}`);
        return await next(request);
      },
    ],
  });
  const cart = createClient(CheckoutService, transport);
  await cart.addToCart({ sku, quantity: 1 });
  const { orderId } = await cart.purchase({});
  const payments = createClient(PaymentsService, transport);
  const { paymentMethodToken } = await payments.createPaymentMethod({ card });
  const { outcome } = await eventually(() =>
    payments.pay({ orderId, paymentMethodToken, idempotencyKey: `web/${orderId}` }),
  );
  expect(outcome).toBe(PayOutcome.CAPTURED);
  const orders = createClient(LomsService, transport);
  await eventually(async () => {
    expect((await orders.getOrder({ orderId })).order?.status).toBe(OrderStatus.PAID);
  });
});

test("a miniZON client, built from that system's definitions by another library, without a token", async () => {
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
  expect(JSON.parse(json.output)).toContainEqual(expect.objectContaining({ invariant: "I7", findings: [] }));
  expect((await mesh.run("seed")).output).toBe(
    "0 products added, 0 stock levels filled, 0 locations and 0 menu items added\n",
  );
});

test("the demo tells its story on it", async () => {
  const { code, output } = await mesh.run("demo");
  expect(output).toMatch(/The end: 28 events of orders, 25 notifications, and 9 events of payments\./);
  expect(output).toMatch(/Ben's screen: order \d+ is PREPARING/);
  expect(output).toMatch(/are paid, and so are all orders[\s\S]*Ben's screen: goodbye/);
  expect(code).toBe(0);
  const { output: checked } = await mesh.run("verify", "--verbose");
  expect(checked).not.toContain("FAIL");
  expect(checked).toMatch(/ok +I16 each order of a session .* \([1-9]\d* looked at\)/);
});
