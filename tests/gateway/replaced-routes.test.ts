import { randomUUID } from "node:crypto";
import { eventually } from "@ordermesh/testkit/eventually";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type GatewayMesh, startGatewayMesh } from "./gateway-mesh.ts";
import { send } from "./http.ts";

const item1 = "dfb1c7c9-f4a5-11ea-be85-0242ac120002";
const item1Sku = 9_000_001;
const customItemSku = 9_000_000;

let mesh: GatewayMesh;

beforeAll(async () => {
  mesh = await startGatewayMesh();
  await mesh.stockProduct(item1Sku, 1000n, 10);
  await mesh.stockProduct(customItemSku, 0n, 1_000_000);
});

afterAll(() => mesh?.stop());

/** Calls as one user. */
async function as(userId: number) {
  const authorization = await mesh.bearer(userId);
  return (method: string, path: string, body?: unknown, headers: Readonly<Record<string, string>> = {}) =>
    send(method, `${mesh.url}${path}`, { body, authorization, headers });
}

describe("order-processing-system", () => {
  const card = (number: string) => ({ creditCardDetails: { number, cvt: 123, expiry: "12/30" } });

  test("a bill is ordered, declined, paid with another card, and listed with its payment", async () => {
    const buyer = await as(2001);
    const created = await buyer("POST", "/api/orders", { bill: 62243 });
    expect(created.status, created.text).toBe(201);
    expect(created.json.data).toMatchObject({ createdBy: "2001", status: "created", bill: 62243 });
    const { _id: id } = created.json.data;
    const declined = await buyer("POST", `/api/payments/pay/${id}`, card("4000000000000002"));
    expect([declined.status, declined.text]).toEqual([400, "payment was declined"]);
    expect((await buyer("GET", `/api/payments/${id}`)).json.data).toMatchObject({
      _id: id,
      orderId: id,
      processed: false,
      status: "declined",
      bill: 62243,
    });
    const paid = await buyer("POST", `/api/payments/pay/${id}`, card("4242 4242 4242 4242"));
    expect([paid.status, paid.text]).toEqual([200, "payment was successful"]);
    const again = await buyer("POST", `/api/payments/pay/${id}`, card("4242424242424242"));
    expect([again.status, again.text]).toEqual([404, "payment already processed or does not exist"]);
    await eventually(async () => {
      expect((await buyer("GET", `/api/orders/${id}`)).json.data.status).toBe("confirmed");
    });
    expect((await buyer("GET", "/api/orders")).json.data).toMatchObject([{ _id: id, status: "confirmed" }]);
    expect((await buyer("GET", "/api/payments")).json.data).toMatchObject([{ _id: id, status: "paid" }]);
    // Mended: there the money of a canceled order was kept.
    const canceled = await buyer("DELETE", `/api/orders/${id}`);
    expect(canceled.json.data, canceled.text).toMatchObject({ _id: id, status: "cancelled" });
    await eventually(async () => {
      const { json } = await buyer("GET", `/v1/orders/${id}/payment`);
      expect(json.payment.status).toBe("PAYMENT_STATUS_REFUNDED");
    });
  });

  test("an order is delivered by its timer, and can not be canceled then", async () => {
    const buyer = await as(2004);
    const { _id: id } = (await buyer("POST", "/api/orders", { bill: 5 })).json.data;
    await eventually(async () => {
      const paid = await buyer("POST", `/api/payments/pay/${id}`, card("4242424242424242"));
      expect(paid.status).toBe(200);
    });
    await eventually(() => mesh.orders.runTimerNow({ orderId: BigInt(id), timer: "delivery" }));
    expect((await buyer("GET", `/api/orders/${id}`)).json.data.status).toBe("delivered");
    expect((await buyer("DELETE", `/api/orders/${id}`)).status).toBe(409);
  });

  test("an order is canceled once, cannot be paid then, and is nobody else's business", async () => {
    const buyer = await as(2002);
    const { _id: id } = (await buyer("POST", "/api/orders", { bill: 12.5 })).json.data;
    const stranger = await as(2003);
    for (const [method, path] of [
      ["GET", `/api/orders/${id}`],
      ["DELETE", `/api/orders/${id}`],
      ["GET", `/api/payments/${id}`],
    ] as const) {
      expect((await stranger(method, path)).status, path).toBe(404);
    }
    expect((await stranger("POST", `/api/payments/pay/${id}`, card("4242424242424242"))).status).toBe(404);
    expect((await stranger("GET", "/api/orders")).json.data).toEqual([]);
    const canceled = await buyer("DELETE", `/api/orders/${id}`);
    expect(canceled.json.data, canceled.text).toMatchObject({ _id: id, status: "cancelled", bill: 12.5 });
    expect((await buyer("DELETE", `/api/orders/${id}`)).status).toBe(200);
    await eventually(async () => {
      const late = await buyer("POST", `/api/payments/pay/${id}`, card("4242424242424242"));
      expect([late.status, late.text]).toEqual([404, "payment already processed or does not exist"]);
    });
  });

  test("an order that the platform ends because its payment was declined is declined", async () => {
    const buyer = await as(2010);
    const { _id: id } = (await buyer("POST", "/api/orders", { bill: 7 })).json.data;
    await mesh.orders.applyAction({ orderId: BigInt(id), role: "P", action: "payment declined" });
    expect((await buyer("GET", `/api/orders/${id}`)).json.data.status).toBe("declined");
    expect((await buyer("GET", "/api/orders")).json.data).toMatchObject([{ _id: id, status: "declined" }]);
  });

  test("bills and cards that are none are refused, and nobody buys without a token", async () => {
    const buyer = await as(2004);
    for (const bill of [-1, "1", 0.001, 1e300, null, {}]) {
      expect((await buyer("POST", "/api/orders", { bill })).status, `${bill}`).toBe(400);
    }
    const free = await buyer("POST", "/api/orders", {}, { "idempotency-key": "free" });
    expect(free.json.data).toMatchObject({ bill: 0 });
    const replayed = await buyer("POST", "/api/orders", {}, { "idempotency-key": "free" });
    expect([replayed.text, replayed.headers.get("idempotent-replayed")]).toEqual([free.text, "true"]);
    const { _id: id } = (await buyer("POST", "/api/orders", { bill: 1 })).json.data;
    for (const details of [
      undefined,
      { number: 4242424242424242, cvt: 123, expiry: "12/30" },
      { number: "4242424242424241", cvt: 123, expiry: "12/30" },
      { number: "4242424242424242", cvt: 123, expiry: "12/20" },
      { number: "4242424242424242", cvt: 12345, expiry: "12/30" },
    ]) {
      const refused = await buyer("POST", `/api/payments/pay/${id}`, { creditCardDetails: details });
      expect([refused.status, refused.text]).toEqual([400, "payment could not be processed at this time"]);
    }
    expect((await buyer("GET", "/api/orders/5f43a1")).status).toBe(404);
    expect((await send("GET", `${mesh.url}/api/orders`)).status).toBe(401);
    const thatToken = await send("GET", `${mesh.url}/api/orders`, { authorization: "thisisajwttoken" });
    expect(thatToken).toMatchObject({ status: 401, json: { code: "UNAUTHENTICATED" } });
    expect(thatToken.headers.get("www-authenticate")).toMatch(/^Bearer/);
  });

  test("query strings survive", async () => {
    const buyer = await as(2005);
    for (const bill of [1, 2, 3]) {
      await buyer("POST", "/api/orders", { bill });
    }
    const first = await buyer("GET", "/api/orders?page_size=2");
    expect(first.json.data.map(({ bill }: { bill: number }) => bill)).toEqual([3, 2]);
    const second = await buyer("GET", `/api/orders?page_size=2&page_token=${first.json.nextPageToken}`);
    expect(second.json.data.map(({ bill }: { bill: number }) => bill)).toEqual([1]);
  });
});

describe("AngelProj", () => {
  const stock = async () => {
    const { stockLevels } = await mesh.orders.listStockLevels({ sku: item1Sku });
    return stockLevels.map(({ onHand, reserved }) => [onHand, reserved]);
  };

  test("units add up, and a checkout pays, takes the stock and leaves an order", async () => {
    const client = await as(3001);
    const clientID = randomUUID();
    const add = (quantity: number) => client("POST", "/addToCart", { clientID, productID: item1, quantity });
    const before = await stock();
    expect(await Promise.all([add(1), add(2)])).toMatchObject([
      { status: 200, json: { status: "Success", error: "" } },
      { status: 200, json: { status: "Success", error: "" } },
    ]);
    const tooMany = await add(10);
    expect(tooMany).toMatchObject({ status: 200, json: { status: "Failed" } });
    expect(tooMany.json.error).not.toBe("");
    const out = await client("POST", "/checkOutCart", { clientID });
    expect(out.json, out.text).toEqual({ status: "Success", error: "" });
    await eventually(async () => {
      const { orders } = await mesh.orders.listOrders({ userId: 3001n });
      expect(orders).toMatchObject([{ status: 4, lines: [{ sku: item1Sku, quantity: 3 }] }]);
      expect(await stock()).toEqual(before.map(([onHand = 0]) => [onHand - 3, 0]));
    });
    // There is nothing left in the cart, which was a success there as well.
    expect((await client("POST", "/checkOutCart", { clientID })).json.status).toBe("Success");
    expect((await mesh.orders.listOrders({ userId: 3001n })).orders).toHaveLength(1);
  });

  test("a declined payment leaves everything as it was", async () => {
    const gateway = await mesh.startGateway({ GATEWAY_CART_CARD: "4000000000000002" });
    try {
      const authorization = await mesh.bearer(3002);
      const clientID = randomUUID();
      const post = (path: string, body: object, url = gateway.url) =>
        send("POST", `${url}${path}`, { body, authorization });
      const before = await stock();
      await post("/addToCart", { clientID, productID: item1, quantity: 2 });
      const declined = await post("/checkOutCart", { clientID });
      expect(declined.json).toEqual({ status: "Failed", error: expect.stringMatching(/declined/) });
      expect(await stock()).toEqual(before);
      const cart = await send("GET", `${mesh.url}/v1/users/3002/cart`, { authorization });
      expect(cart.json.lines).toMatchObject([{ sku: item1Sku, quantity: 2 }]);
      // With a card that works the same cart is bought, once.
      const paid = await Promise.all([1, 2, 3].map(() => post("/checkOutCart", { clientID }, mesh.url)));
      expect(paid.map(({ json }) => json.status)).toEqual(["Success", "Success", "Success"]);
      await eventually(async () => {
        const { orders } = await mesh.orders.listOrders({ userId: 3002n });
        expect(orders.map(({ status }) => status)).toEqual([4, 5]);
      });
    } finally {
      await gateway.stop();
    }
  });

  test("a checkout that broke off after the purchase is gone on with", async () => {
    const client = await as(3003);
    const clientID = randomUUID();
    await client("POST", "/addToCart", { clientID, productID: item1, quantity: 1 });
    // As the gateway leaves it when it dies between the purchase and the payment.
    const cart = await client("GET", "/v1/users/3003/cart");
    await mesh.gatewaySql`
      insert into open_checkouts (client_id, cart_version) values (${clientID}, ${cart.json.cartVersion})`;
    const { orderId } = (await client("POST", "/v1/users/3003/cart/purchase", {})).json;
    const out = await client("POST", "/checkOutCart", { clientID });
    expect(out.json, out.text).toEqual({ status: "Success", error: "" });
    await eventually(async () => {
      const { orders } = await mesh.orders.listOrders({ userId: 3003n });
      expect(orders).toMatchObject([{ orderId: BigInt(orderId), status: 4 }]);
    });
  });

  test("ids that are unknown or somebody else's fail; a payload that is none is 400 as it was", async () => {
    const client = await as(3004);
    const clientID = randomUUID();
    const unknown = await client("POST", "/addToCart", { clientID, productID: randomUUID(), quantity: 1 });
    expect(unknown).toMatchObject({
      status: 200,
      json: { status: "Failed", error: expect.stringMatching(/^No items found for product/) },
    });
    const stranger = await as(3005);
    for (const [path, body] of [
      ["/addToCart", { clientID, productID: item1, quantity: 1 }],
      ["/checkOutCart", { clientID }],
    ] as const) {
      expect((await stranger("POST", path, body)).json, path).toMatchObject({ status: "Failed" });
    }
    for (const body of [
      {},
      { clientID: "x", productID: item1, quantity: 1 },
      { clientID, productID: item1 },
      { clientID, productID: item1, quantity: 0 },
      { clientID, productID: item1, quantity: -2 },
      { clientID, productID: item1, quantity: 1.5 },
    ]) {
      const refused = await client("POST", "/addToCart", body);
      expect([refused.status, refused.json]).toEqual([
        400,
        { statusCode: 400, error: "Bad Request", message: "Invalid request payload input" },
      ]);
    }
    expect((await send("POST", `${mesh.url}/checkOutCart`, { body: { clientID } })).status).toBe(401);
  });
});
