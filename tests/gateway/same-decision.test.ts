import { create, toBinary } from "@bufbuild/protobuf";
import { GetOrderRequestSchema } from "@ordermesh/proto/ordermesh/loms/v1/loms_pb";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type GatewayMesh, startGatewayMesh } from "./gateway-mesh.ts";
import { send } from "./http.ts";

let mesh: GatewayMesh;
let orderId: string;

beforeAll(async () => {
  mesh = await startGatewayMesh();
  await mesh.stockProduct(11, 1299n, 100);
  const created = await mesh.orders.createOrder({
    userId: 1001n,
    lines: [{ sku: 11, quantity: 1 }],
    idempotencyKey: "an order",
  });
  orderId = `${created.orderId}`;
});

afterAll(() => mesh?.stop());

/** Every way to the same call: REST, Connect, Connect as a GET, gRPC-Web, and past the gateway at the service's port. */
const ways = ["REST", "Connect", "Connect GET", "gRPC-Web", "direct"] as const;

const service = "/ordermesh.loms.v1.LomsService";

/** What each protocol answers for one outcome: the HTTP status, or the code of gRPC-Web. */
async function getOrder(
  way: (typeof ways)[number],
  headers: Readonly<Record<string, string>>,
): Promise<string> {
  const message = JSON.stringify({ orderId });
  const get = `${service}/GetOrder?connect=v1&encoding=json&message=${encodeURIComponent(message)}`;
  switch (way) {
    case "REST":
      return `${(await send("GET", `${mesh.url}/v1/orders/${orderId}`, { headers })).status}`;
    case "Connect":
      return `${(await send("POST", `${mesh.url}${service}/GetOrder`, { body: message, headers })).status}`;
    case "Connect GET":
      return `${(await send("GET", `${mesh.url}${get}`, { headers })).status}`;
    case "direct":
      return `${(await send("POST", `${mesh.lomsUrl}${service}/GetOrder`, { body: message, headers })).status}`;
    case "gRPC-Web": {
      const bytes = toBinary(
        GetOrderRequestSchema,
        create(GetOrderRequestSchema, { orderId: BigInt(orderId) }),
      );
      const body = Buffer.concat([Buffer.from([0, 0, 0, 0, bytes.length]), bytes]);
      const response = await fetch(`${mesh.url}${service}/GetOrder`, {
        method: "POST",
        headers: { "content-type": "application/grpc-web+proto", ...headers },
        body,
      });
      const text = await response.text();
      const status = response.headers.get("grpc-status") ?? /grpc-status: ?(\d+)/.exec(text)?.[1] ?? "none";
      return { 0: "200", 5: "404", 7: "403", 16: "401" }[status] ?? status;
    }
  }
}

describe("the decision is the same on every way (S09)", () => {
  test.each(ways)("%s", async (way) => {
    const owner = await mesh.bearer(1001);
    const stranger = await mesh.bearer(1002);
    expect(await getOrder(way, { authorization: owner })).toBe("200");
    expect(await getOrder(way, { authorization: stranger })).toBe("404");
    expect(await getOrder(way, { authorization: await mesh.bearer(5, "operator") })).toBe("200");
    expect(await getOrder(way, { authorization: await mesh.bearer(1001, "guest") })).toBe("403");
    expect(await getOrder(way, {})).toBe("401");
    expect(await getOrder(way, { authorization: "Bearer e30.e30.e30" })).toBe("401");
    // A token that one service made for another is good there only (S06).
    const token = await mesh.issuer.serviceToken("checkout", "payments");
    expect(await getOrder(way, { authorization: `Bearer ${token}` })).toBe("401");
  });

  test.each(ways)("%s takes no header for a token", async (way) => {
    const stranger = await mesh.bearer(1002);
    const spoofed = {
      "x-user-id": "1001",
      "x-forwarded-user": "1001",
      "x-forwarded-for": "127.0.0.1",
      "x-ordermesh-principal": "user:1001",
      "x-roles": "operator",
      cookie: "user_id=1001",
    };
    expect(await getOrder(way, spoofed)).toBe("401");
    expect(await getOrder(way, { ...spoofed, authorization: stranger })).toBe("404");
  });
});

test("a user who says nothing about the user is meant; somebody else is not (S03)", async () => {
  const authorization = await mesh.bearer(1001);
  const own = await send("GET", `${mesh.url}/v1/orders`, { authorization });
  expect(own.json.orders.map((order: { orderId: string }) => order.orderId)).toEqual([orderId]);
  const others = await send("GET", `${mesh.url}/v1/users/1002/orders`, { authorization });
  expect([403, 404]).toContain(others.status);
  const put = await send("PUT", `${mesh.url}/v1/cart/lines/11`, { body: { quantity: 1 }, authorization });
  expect(put.status, put.text).toBe(200);
  const cart = await send("GET", `${mesh.url}/v1/cart`, { authorization });
  expect(cart.json.lines).toMatchObject([{ sku: 11, quantity: 1 }]);
  const priced = await send("POST", `${mesh.url}/v1/orders`, {
    body: { lines: [{ sku: 11, quantity: 1, unitPrice: { currencyCode: "EUR", amountMinor: "1" } }] },
    headers: { "idempotency-key": "cheap" },
    authorization,
  });
  expect(priced.status).toBe(403);
});
