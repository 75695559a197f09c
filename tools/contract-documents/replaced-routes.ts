import type { Json } from "./scalar-schemas.ts";

/** The routes of the systems that this platform replaces. Their shapes are theirs and in no contract of ours. */

const orders = "order-processing-system";
const carts = "AngelProj";

export const replacedTags: readonly Json[] = [
  { name: orders, description: "The routes of order-processing-system, for its clients." },
  { name: carts, description: "The routes of AngelProj, for its clients." },
];

const id = { type: "string", pattern: "^[1-9][0-9]*$" };
const time = { type: "string", format: "date-time" };
const bill = {
  type: "number",
  minimum: 0,
  description: "In units of the currency, with at most two decimals.",
};
const uuid = { type: "string", format: "uuid" };

export const replacedSchemas: Readonly<Record<string, Json>> = {
  ReplacedOrder: object(
    {
      _id: id,
      createdBy: id,
      status: { type: "string", enum: ["created", "confirmed", "delivered", "cancelled", "declined"] },
      bill,
      createdAt: time,
      updatedAt: time,
    },
    "An order as order-processing-system had it.",
    ["updatedAt"],
  ),
  ReplacedPayment: object(
    {
      _id: id,
      orderId: id,
      createdBy: id,
      processed: { type: "boolean" },
      status: { type: "string", enum: ["pending", "paid", "declined"] },
      bill,
      createdAt: time,
    },
    "A payment as order-processing-system had it.",
  ),
  ReplacedCartResult: object(
    { status: { type: "string", enum: ["Success", "Failed"] }, error: { type: "string" } },
    "What AngelProj answers, also to what did not succeed.",
  ),
};

const orderExample = {
  _id: "42",
  createdBy: "1000",
  status: "created",
  bill: 62243,
  createdAt: "2026-11-21T12:00:00.000Z",
  updatedAt: "2026-11-21T12:00:00.000Z",
};

const paymentExample = {
  _id: "42",
  orderId: "42",
  createdBy: "1000",
  processed: true,
  status: "paid",
  bill: 62243,
  createdAt: "2026-11-21T12:00:00.000Z",
};

const orderId = { name: "id", in: "path", required: true, schema: id, example: "42" };

export const replacedPaths: Readonly<Record<string, Json>> = {
  "/api/orders": {
    get: operation("listReplacedOrders", orders, "The caller's orders, newest first, at most 500", {
      responses: { "200": data("ReplacedOrder", [orderExample]) },
    }),
    post: operation("createReplacedOrder", orders, "Orders a bill: one custom item for this amount", {
      parameters: [{ $ref: "#/components/parameters/IdempotencyKey" }],
      requestBody: body({ type: "object", properties: { bill } }, { bill: 62243 }),
      responses: { "201": data("ReplacedOrder", orderExample) },
    }),
  },
  "/api/orders/{id}": {
    get: operation("getReplacedOrder", orders, "One order of the caller", {
      parameters: [orderId],
      responses: { "200": data("ReplacedOrder", orderExample) },
    }),
    delete: operation(
      "cancelReplacedOrder",
      orders,
      "Cancels an order that is not delivered; what was paid goes back",
      {
        parameters: [orderId, { $ref: "#/components/parameters/IdempotencyKey" }],
        responses: { "200": data("ReplacedOrder", { ...orderExample, status: "cancelled" }) },
      },
    ),
  },
  "/api/payments": {
    get: operation("listReplacedPayments", orders, "The caller's payments, newest first, at most 500", {
      responses: { "200": data("ReplacedPayment", [paymentExample]) },
    }),
  },
  "/api/payments/{id}": {
    get: operation("getReplacedPayment", orders, "The payment of an order", {
      parameters: [orderId],
      responses: { "200": data("ReplacedPayment", paymentExample) },
    }),
  },
  "/api/payments/pay/{id}": {
    post: operation("payReplacedOrder", orders, "Pays an order with a card", {
      parameters: [orderId],
      requestBody: body(
        object(
          {
            creditCardDetails: object({
              number: { type: "string", pattern: "^[0-9 -]{12,30}$" },
              cvt: { type: ["integer", "string"] },
              expiry: { type: "string", pattern: "^[0-9]{2}/([0-9]{2}|[0-9]{4})$" },
            }),
          },
          undefined,
        ),
        { creditCardDetails: { number: "4242424242424242", cvt: 123, expiry: "12/30" } },
      ),
      responses: {
        "200": text("payment was successful"),
        "400": text("payment was declined"),
        "404": text("payment already processed or does not exist"),
      },
    }),
  },
  "/addToCart": {
    post: operation("addToCart", carts, "Adds units of a product to a client's cart", {
      requestBody: body(
        object({
          clientID: uuid,
          productID: uuid,
          quantity: { type: "integer", minimum: 1, maximum: 1_000_000 },
        }),
        {
          clientID: "5b1c1c62-4f3e-4d6c-8f0e-7d3a5d1f9a01",
          productID: "dfb1c7c9-f4a5-11ea-be85-0242ac120002",
          quantity: 1,
        },
      ),
      responses: { "200": cartResult() },
    }),
  },
  "/checkOutCart": {
    post: operation(
      "checkOutCart",
      carts,
      "Reserves, pays and orders what is in a client's cart, all or nothing",
      {
        requestBody: body(object({ clientID: uuid }), { clientID: "5b1c1c62-4f3e-4d6c-8f0e-7d3a5d1f9a01" }),
        responses: { "200": cartResult() },
      },
    ),
  },
};

function object(properties: Json, description?: string, optional: readonly string[] = []): Json {
  return {
    type: "object",
    ...(description !== undefined && { description }),
    required: Object.keys(properties).filter((name) => !optional.includes(name)),
    properties,
  };
}

function operation(operationId: string, tag: string, summary: string, rest: Json): Json {
  const responses = rest.responses as Json;
  return {
    operationId,
    tags: [tag],
    summary,
    security: [{ accessToken: [] }],
    ...rest,
    responses: {
      ...responses,
      "401": { $ref: "#/components/responses/Unauthenticated" },
      "429": { $ref: "#/components/responses/TooManyRequests" },
      default: { $ref: "#/components/responses/Problem" },
    },
  };
}

function body(schema: Json, example: Json): Json {
  return { required: true, content: { "application/json": { schema, example } } };
}

function data(schema: string, example: Json | readonly Json[]): Json {
  const ref = { $ref: `#/components/schemas/${schema}` };
  return {
    description: "What was asked for, in an envelope.",
    content: {
      "application/json": {
        schema: object({ data: Array.isArray(example) ? { type: "array", items: ref } : ref }),
        example: { data: example },
      },
    },
  };
}

function text(example: string): Json {
  return { description: example, content: { "text/plain": { schema: { type: "string" }, example } } };
}

function cartResult(): Json {
  return {
    description: "Success, or Failed with the reason.",
    content: {
      "application/json": {
        schema: { $ref: "#/components/schemas/ReplacedCartResult" },
        example: { status: "Success", error: "" },
      },
    },
  };
}
