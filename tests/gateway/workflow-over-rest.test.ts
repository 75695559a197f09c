import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type GatewayMesh, startGatewayMesh } from "./gateway-mesh.ts";
import { type HttpAnswer, send } from "./http.ts";

/* Each route of the workflow calls, by those who may call it, and by somebody who may not. */

let mesh: GatewayMesh;

const sku = 11;
const buyerId = 1001;
const unitPrice = { currencyCode: "EUR", amountMinor: 1299n };

const tokens = {
  buyer: () => mesh.bearer(buyerId),
  stranger: () => mesh.bearer(1002),
  seller: () => mesh.bearer(77, "seller"),
  platform: () => mesh.bearer(5, "platform"),
  operator: () => mesh.bearer(6, "operator"),
  nobody: async () => undefined,
};
type Caller = keyof typeof tokens;

beforeAll(async () => {
  mesh = await startGatewayMesh();
  await mesh.stockProduct(sku, 1299n, 1_000);
});

afterAll(() => mesh?.stop());

let keys = 0;

async function as(caller: Caller, method: "GET" | "POST", path: string, body?: object): Promise<HttpAnswer> {
  const authorization = await tokens[caller]();
  keys += 1;
  return await send(method, `${mesh.url}${path}`, {
    ...(body !== undefined && { body }),
    ...(authorization !== undefined && { authorization }),
    headers: { "idempotency-key": `rest ${keys}` },
  });
}

/** What is answered to somebody who asks for something good. */
async function good(caller: Caller, method: "GET" | "POST", path: string, body?: object) {
  const { status, json, text } = await as(caller, method, path, body);
  expect(status, text).toBe(200);
  return json;
}

/** Status and reason of a refusal, which is a problem document. */
async function refusal(caller: Caller, method: "GET" | "POST", path: string, body?: object) {
  const { status, json, text, headers } = await as(caller, method, path, body);
  expect(headers.get("content-type"), text).toContain("application/problem+json");
  expect(json.status).toBe(status);
  return `${status} ${json.reason ?? json.code}`;
}

const strangers = [
  ["stranger", "404 ORDER_NOT_FOUND"],
  ["nobody", "401 TOKEN_MISSING"],
] as const;

async function place(more: Parameters<GatewayMesh["orders"]["createOrder"]>[0] = {}): Promise<string> {
  keys += 1;
  const { orderId } = await mesh.orders.createOrder({
    userId: BigInt(buyerId),
    idempotencyKey: `order ${keys}`,
    lines: [{ sku, quantity: 1, unitPrice }],
    ...more,
  });
  return `${orderId}`;
}

async function placePaid(): Promise<string> {
  const id = await place();
  await good("platform", "POST", `/v1/orders/${id}/actions`, { action: "payment successful" });
  return id;
}

test("allowed actions are listed for the caller's role, and for the platform in any", async () => {
  const path = `/v1/orders/${await place()}/actions`;
  const waiting = { version: 2, status: "ORDER_STATUS_AWAITING_PAYMENT", stateCode: "WP" };
  expect(await good("buyer", "GET", path)).toMatchObject({
    ...waiting,
    roles: [{ role: "B", actions: ["cancel order", "make payment"] }],
  });
  expect((await good("seller", "GET", path)).roles).toMatchObject([
    { role: "S", actions: ["change shipping fee"] },
  ]);
  expect((await good("platform", "GET", `${path}?role=s`)).roles).toMatchObject([{ role: "S" }]);
  expect((await good("platform", "GET", path)).roles.map(({ role }: { role: string }) => role)).toEqual(
    expect.arrayContaining(["P", "S", "B"]),
  );
  expect(await refusal("seller", "GET", `${path}?role=P`)).toBe("403 ROLE_NOT_HELD");
  expect(await refusal("buyer", "GET", `${path}?role=U`)).toBe("400 UNKNOWN_ROLE");
  for (const [caller, expected] of strangers) {
    expect(await refusal(caller, "GET", path)).toBe(expected);
  }
});

test("actions are applied in the caller's role, with version and parameters", async () => {
  const id = await placePaid();
  const path = `/v1/orders/${id}/actions`;
  const ship = { action: "ship the order", parameters: { carrier: "DHL", trackingNumber: "JD1" } };
  expect(await refusal("buyer", "POST", path, ship)).toBe("409 WRONG_ROLE");
  expect(await refusal("buyer", "POST", path, { ...ship, role: "S" })).toBe("403 ROLE_NOT_HELD");
  expect(await refusal("seller", "POST", path, { ...ship, action: "Ship the order" })).toBe(
    "400 UNKNOWN_ACTION",
  );
  expect(await refusal("seller", "POST", path, { ...ship, expectedVersion: 2 })).toBe("409 VERSION_MISMATCH");
  for (const [caller, expected] of strangers) {
    expect(await refusal(caller, "POST", path, ship)).toBe(expected);
  }
  expect(await good("seller", "POST", path, { ...ship, expectedVersion: 3 })).toMatchObject({
    version: 4,
    status: "ORDER_STATUS_SHIPPED",
    stateCode: "FS",
    event: "order_shipped",
    steps: [{ version: 4, role: "S", actor: "user:77", action: "ship the order" }],
    replayed: false,
  });
  const refund = { action: "request refund", itemSku: sku, parameters: { reason: "a scratch" } };
  expect((await good("buyer", "POST", path, refund)).item).toMatchObject({
    stateCode: "WR",
    refunds: [{ stateCode: "WSR", reason: "a scratch", amount: { amountMinor: "1299" } }],
  });
});

test("an explanation says who may, what stands in the way, and until when", async () => {
  const id = await placePaid();
  const path = (action: string) => `/v1/orders/${id}/explanation?action=${encodeURIComponent(action)}`;
  expect(await good("buyer", "GET", `${path("request refund")}&itemSku=${sku}`)).toMatchObject({
    allowed: true,
  });
  expect(await good("buyer", "GET", path("ship the order"))).toMatchObject({
    allowed: false,
    reason: "WRONG_ROLE",
    stateCode: "FP",
    role: "B",
    whoMay: ["S"],
  });
  expect(await good("seller", "GET", path("finished accounting"))).toMatchObject({
    allowed: false,
    reason: "WRONG_STATE",
  });
  expect(await good("seller", "GET", `${path("ship the order")}&role=X`)).toMatchObject({
    allowed: false,
    reason: "UNKNOWN_ROLE",
  });
  for (const [caller, expected] of strangers) {
    expect(await refusal(caller, "GET", path("ship the order"))).toBe(expected);
  }
});

test("the history comes in pages, also to the buyer, and to nobody else's buyer", async () => {
  const path = `/v1/orders/${await placePaid()}/history`;
  const first = await good("buyer", "GET", `${path}?page_size=2`);
  expect(first.entries).toMatchObject([{ version: 1 }, { version: 2, stateCode: "WP" }]);
  expect(first.nextAfterVersion).toBe(2);
  const rest = await good("seller", "GET", `${path}?after_version=2`);
  expect(rest).toMatchObject({
    entries: [{ version: 3, stateCode: "FP", role: "P", actor: "user:5", action: "payment successful" }],
    nextAfterVersion: 0,
  });
  for (const [caller, expected] of strangers) {
    expect(await refusal(caller, "GET", path)).toBe(expected);
  }
});

test("a workflow is shown by its name, and of an order with the way that it took", async () => {
  const byName = await good("buyer", "GET", "/v1/workflows/service");
  expect(byName.workflow).toMatchObject({ name: "service", version: 1 });
  expect(JSON.stringify(byName)).toContain("stateDiagram-v2");
  expect(await refusal("buyer", "GET", "/v1/workflows/nosuch")).toBe("404 WORKFLOW_NOT_FOUND");
  expect(await refusal("nobody", "GET", "/v1/workflows/service")).toBe("401 TOKEN_MISSING");
  const path = `/v1/orders/${await placePaid()}/workflow`;
  const ofOrder = await good("buyer", "GET", path);
  expect(ofOrder.workflow).toMatchObject({ name: "product", version: 1 });
  expect(ofOrder).not.toEqual(await good("buyer", "GET", "/v1/workflows/product"));
  for (const [caller, expected] of strangers) {
    expect(await refusal(caller, "GET", path)).toBe(expected);
  }
});

test("timers are listed, run and skipped by platform and operator, and by nobody else", async () => {
  const id = await placePaid();
  await good("seller", "POST", `/v1/orders/${id}/actions`, { action: "ship the order" });
  const run = `/v1/orders/${id}/timers/enable_extending/run`;
  const skip = `/v1/orders/${id}/timers/auto_ack_shipping/skip`;
  for (const caller of ["buyer", "seller", "stranger"] as const) {
    expect(await refusal(caller, "GET", "/v1/timers")).toBe("403 CALL_NOT_ALLOWED");
    expect(await refusal(caller, "POST", run, {})).toBe("403 CALL_NOT_ALLOWED");
    expect(await refusal(caller, "POST", skip, { reason: "why not" })).toBe("403 CALL_NOT_ALLOWED");
  }
  const ofOrder = async () =>
    (await good("operator", "GET", `/v1/timers?order_id=${id}`)).timers.map(
      ({ timer, live }: { timer: string; live: boolean }) => `${timer} ${live}`,
    );
  expect(await ofOrder()).toEqual(["enable_extending true", "auto_ack_shipping true"]);
  const ofAll = await good("operator", "GET", "/v1/timers?timers=auto_ack_shipping&page_size=1");
  expect(ofAll.timers).toMatchObject([{ timer: "auto_ack_shipping", action: "auto ack reception of order" }]);
  expect(await refusal("operator", "GET", "/v1/timers?timers=lunch")).toBe("400 UNKNOWN_TIMER");

  expect(await good("operator", "POST", run, {})).toMatchObject({
    stateCode: "FS",
    steps: [{ role: "P", actor: "user:6", action: "allow extending" }],
  });
  expect(await good("platform", "POST", skip, { reason: "in doubt" })).toMatchObject({
    timer: { orderId: id, timer: "auto_ack_shipping" },
  });
  expect(await ofOrder()).toEqual([]);
  expect(await refusal("platform", "POST", skip, { reason: "in doubt" })).toBe("404 TIMER_NOT_FOUND");
  const unpaid = `/v1/orders/${await place()}/timers/payment_deadline`;
  expect(await refusal("platform", "POST", `${unpaid}/skip`, {})).toBe("409 TIMER_NOT_SKIPPABLE");
  expect(await good("operator", "POST", `${unpaid}/run`, {})).toMatchObject({ stateCode: "CT" });
});

test("a voucher's code is used by a seller, once, and by no buyer", async () => {
  const id = await place({
    workflow: "service",
    voucher: {
      serviceTimes: 2,
      unitPrice,
      validUntilTime: timestampFromDate(new Date(Date.now() + 86_400_000)),
      mobile: "+4915112345678",
    },
  });
  await good("platform", "POST", `/v1/orders/${id}/actions`, { action: "payment successful" });
  const { codes } = await good("buyer", "GET", `/v1/orders/${id}/voucher`);
  const path = "/v1/voucher-validations";
  const body = { code: codes[0].code, sku };
  expect(body.code).toMatch(/^\d{10}$/);
  for (const [caller, expected] of [
    ["buyer", "403 CALL_NOT_ALLOWED"],
    ["nobody", "401 TOKEN_MISSING"],
  ] as const) {
    expect(await refusal(caller, "POST", path, body)).toBe(expected);
  }
  expect(await good("seller", "POST", path, body)).toMatchObject({
    result: "VOUCHER_VALIDATION_VALIDATED",
    message: "Validated Successfully!",
    orderId: id,
    unused: 1,
  });
  expect(await good("seller", "POST", path, body)).toMatchObject({ message: "Already used!" });
});
