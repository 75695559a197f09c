import { eventually } from "@ordermesh/testkit/eventually";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type GatewayMesh, startGatewayMesh } from "./gateway-mesh.ts";
import { send } from "./http.ts";

let mesh: GatewayMesh;
let buyer: string;

const userId = 1001;
const mine = `/v1/users/${userId}`;

beforeAll(async () => {
  mesh = await startGatewayMesh();
  buyer = await mesh.bearer(userId);
  await mesh.stockProduct(11, 1299n, 100);
});

afterAll(() => mesh?.stop());

test("a buyer shops over REST: cart, purchase, a declined card, another card, refund", async () => {
  const { url } = mesh;
  const added = await send("PUT", `${url}${mine}/cart/lines/11`, {
    body: { quantity: 2 },
    authorization: buyer,
  });
  expect(added.status, added.text).toBe(200);
  expect(added.json).toEqual({ cartVersion: "1" });

  const cart = await send("GET", `${url}${mine}/cart`, { authorization: buyer });
  expect(cart.json).toEqual({
    lines: [
      {
        sku: 11,
        quantity: 2,
        name: "Product 11",
        price: { currencyCode: "EUR", amountMinor: "1299" },
        unavailable: false,
      },
    ],
    total: { currencyCode: "EUR", amountMinor: "2598" },
    cartVersion: "1",
  });

  const purchased = await send("POST", `${url}${mine}/cart/purchase`, { body: {}, authorization: buyer });
  expect(purchased.status, purchased.text).toBe(200);
  expect(purchased.json).toMatchObject({ status: "ORDER_STATUS_AWAITING_PAYMENT", replayed: false });
  const { orderId } = purchased.json;

  const tokenOf = async (number: string) => {
    const card = { number, expiryMonth: 12, expiryYear: 2030, code: "123" };
    const made = await send("POST", `${url}/v1/payment-methods`, {
      body: { userId: `${userId}`, card },
      authorization: buyer,
    });
    expect(made.status, made.text).toBe(200);
    return made.json.paymentMethodToken;
  };
  const pay = async (number: string, key: string) =>
    send("POST", `${url}/v1/orders/${orderId}/payments`, {
      body: { paymentMethodToken: await tokenOf(number) },
      headers: { "idempotency-key": key },
      authorization: buyer,
    });
  await eventually(async () => {
    const payment = await send("GET", `${url}/v1/orders/${orderId}/payment`, { authorization: buyer });
    expect(payment.status).toBe(200);
  });
  const declined = await pay("4000000000000002", "first card");
  expect(declined.json).toMatchObject({ outcome: "PAY_OUTCOME_DECLINED", declineCode: "card_declined" });
  const captured = await pay("4242424242424242", "second card");
  expect(captured.json, captured.text).toMatchObject({ outcome: "PAY_OUTCOME_CAPTURED" });

  await eventually(async () => {
    const order = await send("GET", `${url}/v1/orders/${orderId}`, { authorization: buyer });
    expect(order.json.order.status).toBe("ORDER_STATUS_PAID");
  });
  const { paymentId } = captured.json.payment;
  const refunded = await send("POST", `${url}/v1/payments/${paymentId}/refunds`, {
    body: { reason: "broken" },
    headers: { "idempotency-key": "refund" },
    authorization: await mesh.bearer(4, "platform"),
  });
  expect(refunded.json, refunded.text).toMatchObject({ payment: { status: "PAYMENT_STATUS_REFUNDED" } });
});

test("what is repeated, an enum, a time or 64 bits goes into a query, under either name", async () => {
  const { url } = mesh;
  const list = (query: string) => send("GET", `${url}${mine}/orders?${query}`, { authorization: buyer });
  const paid = await list(
    "statuses=ORDER_STATUS_PAID&statuses=5&page_size=1&createdFrom=2020-01-01T00:00:00Z",
  );
  expect(paid.status, paid.text).toBe(200);
  expect(paid.json.orders).toHaveLength(1);
  expect((await list("created_before=2020-01-01T00:00:00Z")).json.orders).toEqual([]);
  expect(await list("nosuch=1")).toMatchObject({
    status: 400,
    json: { code: "INVALID_ARGUMENT", violations: [{ field: "nosuch" }] },
  });
  expect((await list("pageSize=1&pageSize=2")).status).toBe(400);
  expect((await list(`userId=${userId}`)).status).toBe(200);
  expect((await list("userId=1002")).status).toBe(400);
});

test("a body may be one field of the request, with another part of it in the path", async () => {
  const seller = await mesh.bearer(3, "seller");
  const body = {
    name: "Copper Kettle",
    kind: "PRODUCT_KIND_PHYSICAL",
    price: { currencyCode: "EUR", amountMinor: 5 },
  };
  const put = await send("PUT", `${mesh.url}/v1/products/77`, { body, authorization: seller });
  expect(put.json, put.text).toMatchObject({ product: { sku: 77, name: "Copper Kettle" } });
  const contradicting = { ...body, sku: 78 };
  expect(
    (await send("PUT", `${mesh.url}/v1/products/77`, { body: contradicting, authorization: seller })).status,
  ).toBe(400);
  const search = await send("GET", `${mesh.url}/v1/products?query=copper%20kett`);
  expect(search.json.products).toMatchObject([{ sku: 77 }]);
  const batch = await send("GET", `${mesh.url}/v1/product-batches?skus=77&skus=11&skus=99`);
  expect(batch.json).toMatchObject({ products: [{ sku: 11 }, { sku: 77 }], missingSkus: [99] });
});
