import { connect } from "node:http2";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createConnectTransport, createGrpcWebTransport } from "@connectrpc/connect-node";
import { RetryInfoSchema } from "@ordermesh/proto/google/rpc/error_details_pb";
import { LomsService } from "@ordermesh/proto/ordermesh/loms/v1/loms_pb";
import { ProductService } from "@ordermesh/proto/ordermesh/product/v1/product_pb";
import { eventually } from "@ordermesh/testkit/eventually";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type GatewayMesh, startGatewayMesh } from "./gateway-mesh.ts";
import { send } from "./http.ts";

const shop = "https://shop.example.com";

let mesh: GatewayMesh;

beforeAll(async () => {
  mesh = await startGatewayMesh({ GATEWAY_ALLOWED_ORIGINS: `${shop},http://localhost:5173` });
  await mesh.stockProduct(11, 1299n, 100);
});

afterAll(() => mesh?.stop());

describe("what is not there", () => {
  test.each([
    ["GET", "/nowhere", 404, "ROUTE_NOT_FOUND"],
    ["GET", "/v1/orders/", 404, "ROUTE_NOT_FOUND"],
    ["POST", "/ordermesh.loms.v1.LomsService/NoSuch", 404, "ROUTE_NOT_FOUND"],
    ["GET", "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo", 404, "ROUTE_NOT_FOUND"],
    ["GET", "/v1/products/%zz", 400, "MALFORMED_PATH"],
    ["PATCH", "/v1/orders", 405, "METHOD_NOT_ALLOWED"],
    ["GET", "/addToCart", 405, "METHOD_NOT_ALLOWED"],
    ["GET", "/ordermesh.checkout.v1.CheckoutService/Purchase", 405, "METHOD_NOT_ALLOWED"],
  ])("%s %s is %i as a problem document", async (method, path, status, reason) => {
    const answer = await send(method, `${mesh.url}${path}`);
    expect(answer).toMatchObject({ status, json: { type: "about:blank", status, reason } });
    expect(answer.headers.get("content-type")).toBe("application/problem+json");
    expect(answer.headers.has("allow")).toBe(status === 405);
  });

  test("the methods that are there are told", async () => {
    const wrong = await send("DELETE", `${mesh.url}/v1/orders`);
    expect(wrong.headers.get("allow")).toBe("GET, HEAD, OPTIONS, POST");
    const options = await send("OPTIONS", `${mesh.url}/v1/orders`);
    expect([options.status, options.headers.get("allow")]).toEqual([204, "GET, HEAD, OPTIONS, POST"]);
    expect((await send("HEAD", `${mesh.url}/v1/products/11`)).status).toBe(200);
  });
});

test("an error of a service keeps its code, reason and details, and tells nothing of the inside", async () => {
  const missing = await send("GET", `${mesh.url}/v1/products/999`);
  expect(missing).toMatchObject({
    status: 404,
    json: { title: "Not Found", code: "NOT_FOUND", reason: "SKU_NOT_FOUND", metadata: { sku: "999" } },
  });
  expect(missing.json.traceId).toMatch(/^[0-9a-f]{32}$/);
  const buyer = await mesh.bearer(1001);
  const tooMany = await send("PUT", `${mesh.url}/v1/users/1001/cart/lines/11`, {
    body: { quantity: 101 },
    authorization: buyer,
  });
  expect(tooMany).toMatchObject({ status: 409, json: { code: "FAILED_PRECONDITION" } });
  expect(tooMany.json.preconditions).toHaveLength(1);
  const away = await send("GET", `${mesh.url}/v1/auth/me`, { authorization: buyer });
  expect(away).toMatchObject({
    status: 503,
    json: { reason: "UPSTREAM_UNAVAILABLE", metadata: { upstream: "identity" }, retryAfterSeconds: 1 },
  });
  expect(away.headers.get("retry-after")).toBe("1");
  expect(away.text).not.toContain("127.0.0.1");
});

test("a service that does not answer is 504 by the deadline, over each protocol", async () => {
  const authorization = await mesh.bearer(5, "operator");
  mesh.lomsLink.silence();
  try {
    const headers = { "connect-timeout-ms": "300" };
    const rest = await send("GET", `${mesh.url}/v1/orders/1`, { headers, authorization });
    expect(rest).toMatchObject({ status: 504, json: { code: "DEADLINE_EXCEEDED" } });
    const rpc = await send("POST", `${mesh.url}/ordermesh.loms.v1.LomsService/GetOrder`, {
      body: { orderId: "1" },
      headers,
      authorization,
    });
    expect(rpc.json).toMatchObject({ code: "deadline_exceeded" });
  } finally {
    mesh.lomsLink.heal();
  }
});

describe("pages of other origins (S22)", () => {
  const preflight = (origin: string, path = "/v1/orders") =>
    send("OPTIONS", `${mesh.url}${path}`, {
      headers: {
        origin,
        "access-control-request-method": "POST",
        "access-control-request-headers": "authorization",
      },
    });

  test("an allowed origin may call and read", async () => {
    const asked = await preflight(shop);
    expect(asked.status).toBe(204);
    expect(asked.headers.get("access-control-allow-origin")).toBe(shop);
    expect(asked.headers.get("access-control-allow-headers")).toMatch(/Authorization.*Idempotency-Key/);
    expect(asked.headers.get("access-control-allow-credentials")).toBeNull();
    const read = await send("GET", `${mesh.url}/v1/products/11`, { headers: { origin: shop } });
    expect(read.headers.get("access-control-allow-origin")).toBe(shop);
    expect(read.headers.get("access-control-expose-headers")).toMatch(/Retry-After/);
    expect(read.headers.get("vary")).toContain("Origin");
  });

  test.each([
    "https://shop.example.com.evil.example",
    "https://evil-shop.example.com",
    "http://shop.example.com",
    "https://shop.example.com:8443",
    "null",
  ])("%s may not", async (origin) => {
    const asked = await preflight(origin);
    expect(asked).toMatchObject({ status: 403, json: { reason: "ORIGIN_NOT_ALLOWED" } });
    expect(asked.headers.get("access-control-allow-origin")).toBeNull();
    const rpc = await preflight(origin, "/ordermesh.loms.v1.LomsService/ListOrders");
    expect(rpc.headers.get("access-control-allow-origin")).toBeNull();
  });

  test("a form cannot write, and a GET has no side effects", async () => {
    const form = await send("POST", `${mesh.url}/v1/reservations`, {
      body: "lines=1",
      headers: { "content-type": "application/x-www-form-urlencoded" },
    });
    expect(form).toMatchObject({ status: 415, json: { reason: "NOT_JSON" } });
    const purchase = `${mesh.url}/ordermesh.checkout.v1.CheckoutService/Purchase?connect=v1&encoding=json&message=%7B%7D`;
    expect((await send("GET", purchase)).status).toBe(405);
    const message = encodeURIComponent(JSON.stringify({ sku: 11 }));
    const read = `${mesh.url}/ordermesh.product.v1.ProductService/GetProduct?connect=v1&encoding=json&message=${message}`;
    expect((await send("GET", read)).json).toMatchObject({ product: { sku: 11 } });
  });
});

test("every answer tells browsers not to guess, to frame or to keep it", async () => {
  for (const path of ["/v1/products/11", "/nowhere", "/openapi.json", "/readyz"]) {
    const { headers } = await send("GET", `${mesh.url}${path}`);
    expect(headers.get("x-content-type-options"), path).toBe("nosniff");
    expect(headers.get("content-security-policy"), path).toContain("frame-ancestors 'none'");
    expect(headers.get("x-powered-by")).toBeNull();
    expect(headers.get("server")).toBeNull();
  }
});

test("Connect and gRPC-Web pass with their errors; HTTP/2 and with it gRPC do not (S09)", async () => {
  const transports = [
    createConnectTransport({ baseUrl: mesh.url, httpVersion: "1.1", useBinaryFormat: true }),
    createGrpcWebTransport({ baseUrl: mesh.url, httpVersion: "1.1" }),
  ];
  for (const transport of transports) {
    const products = createClient(ProductService, transport);
    expect((await products.getProduct({ sku: 11 })).product?.sku).toBe(11);
    const missing = await products
      .getProduct({ sku: 999 })
      .catch((error: unknown) => ConnectError.from(error));
    expect(missing).toMatchObject({ code: Code.NotFound });
    const orders = createClient(LomsService, transport);
    const headers = { authorization: await mesh.bearer(5, "operator") };
    expect((await orders.listStockLevels({ sku: 11 }, { headers })).stockLevels).toHaveLength(1);
  }
  const session = connect(mesh.url);
  const told = await new Promise((resolve) => {
    session.on("goaway", (code, _, data) => resolve({ code, text: Buffer.from(data ?? []).toString() }));
    session.on("error", () => undefined);
  });
  session.destroy();
  expect(told).toMatchObject({ code: 0xd, text: expect.stringMatching(/HTTP\/1\.1/) });
});

describe("limits (S23)", () => {
  test("a user and an address have each a budget, and are told when there is more", async () => {
    const gateway = await mesh.startGateway({
      GATEWAY_USER_REQUESTS_PER_SECOND: "1",
      GATEWAY_USER_REQUESTS_BURST: "3",
    });
    try {
      const ask = (authorization: string) => send("GET", `${gateway.url}/v1/products/11`, { authorization });
      // A new token of the same user is the same user; another user is not. At once, because budgets fill up again.
      const tokens = await Promise.all([1001, 1001, 1002].map((user) => mesh.bearer(user)));
      const [one = "", renewed = "", other = ""] = tokens;
      const [limited, unrelated] = await Promise.all([
        Promise.all([one, renewed, one, renewed, one, renewed].map(ask)),
        Promise.all([other, other, other, other].map(ask)),
      ]);
      expect(tally(limited.map(({ status }) => status))).toEqual({ 200: 3, 429: 3 });
      expect(tally(unrelated.map(({ status }) => status))).toEqual({ 200: 3, 429: 1 });
      const last = limited.find(({ status }) => status === 429)!;
      expect(last.headers.get("retry-after")).toBe("1");
      expect(last.json).toMatchObject({
        code: "RESOURCE_EXHAUSTED",
        reason: "RATE_LIMITED",
        retryAfterSeconds: 1,
      });
      expect(last.headers.get("ratelimit-policy")).toBe('"address";q=400;w=2, "user";q=3;w=3');
      expect(last.headers.get("ratelimit")).toMatch(/^"address";r=\d+;t=1, "user";r=0;t=3$/);
      // A subject that nobody vouches for is nobody's budget.
      expect(
        (await send("GET", `${gateway.url}/v1/products/11`, { authorization: "Bearer e30.e30.e30" })).status,
      ).toBe(200);

      const headers = { authorization: one };
      for (const create of [createConnectTransport, createGrpcWebTransport]) {
        const products = createClient(ProductService, create({ baseUrl: gateway.url, httpVersion: "1.1" }));
        const refused = await eventually(async () => {
          const error = await products.getProduct({ sku: 11 }, { headers }).then(
            () => undefined,
            (reason: unknown) => ConnectError.from(reason),
          );
          expect(error?.code).toBe(Code.ResourceExhausted);
          return error;
        });
        expect(refused?.findDetails(RetryInfoSchema)).toHaveLength(1);
      }
      const transport = createConnectTransport({ baseUrl: gateway.url, httpVersion: "1.1" });
      const orders = createClient(LomsService, transport);
      await eventually(async () => {
        const watching = orders.watchOrders({}, { headers })[Symbol.asyncIterator]();
        await expect(watching.next()).rejects.toMatchObject({ code: Code.ResourceExhausted });
      });
    } finally {
      await gateway.stop();
    }
  });

  test("tries at passwords have a budget of their own, by address; X-Forwarded-For does not get around it", async () => {
    const gateway = await mesh.startGateway({ GATEWAY_CREDENTIAL_REQUESTS_BURST: "3" });
    try {
      const tries = Array.from({ length: 5 }, async (_, count) => {
        const headers = { "x-forwarded-for": `203.0.113.${count}`, forwarded: `for=203.0.113.${count}` };
        const path = count % 2 === 0 ? "/v1/auth/login" : "/ordermesh.identity.v1.IdentityService/Login";
        const body = { username: "buyer", password: "wrong" };
        return (await send("POST", `${gateway.url}${path}`, { body, headers })).status;
      });
      // At once, because the budget fills up again.
      expect(tally(await Promise.all(tries))).toEqual({ 503: 3, 429: 2 });
    } finally {
      await gateway.stop();
    }
  });

  test("behind a trusted proxy the client's address counts, the one that the proxy wrote", async () => {
    const gateway = await mesh.startGateway({
      GATEWAY_TRUSTED_PROXIES: "127.0.0.0/8",
      GATEWAY_CREDENTIAL_REQUESTS_BURST: "1",
    });
    try {
      const login = async (forwarded: string) =>
        (
          await send("POST", `${gateway.url}/v1/auth/login`, {
            body: { username: "buyer", password: "wrong" },
            headers: { "x-forwarded-for": forwarded },
          })
        ).status;
      const [another, ...oneClient] = await Promise.all([
        login("203.0.113.2"),
        login("203.0.113.1"),
        login("203.0.113.1"),
        // What a client writes itself stands before what the proxy adds.
        login("198.51.100.7, 203.0.113.1"),
      ]);
      expect(another).toBe(503);
      expect(tally(oneClient)).toEqual({ 503: 1, 429: 2 });
    } finally {
      await gateway.stop();
    }
  });

  test("two gateways that share a limit let through no more than it", async () => {
    const environment = {
      GATEWAY_REPLICAS: "2",
      GATEWAY_USER_REQUESTS_PER_SECOND: "1",
      GATEWAY_USER_REQUESTS_BURST: "10",
    };
    const gateways = [await mesh.startGateway(environment), await mesh.startGateway(environment)];
    try {
      const authorization = await mesh.bearer(1003);
      const startedAt = performance.now();
      const statuses = [];
      for (let count = 0; count < 30; count += 1) {
        const gateway = gateways[count % 2]!;
        statuses.push((await send("GET", `${gateway.url}/v1/products/11`, { authorization })).status);
      }
      const refilled = Math.ceil((performance.now() - startedAt) / 1000);
      const passed = statuses.filter((status) => status === 200).length;
      expect(passed).toBeGreaterThanOrEqual(10);
      expect(passed).toBeLessThanOrEqual(10 + refilled);
      expect(statuses).toContain(429);
    } finally {
      await Promise.all(gateways.map((gateway) => gateway.stop()));
    }
  });
});

/** How often each status was answered. */
function tally(statuses: readonly number[]): Record<number, number> {
  const counts: Record<number, number> = {};
  for (const status of statuses) {
    counts[status] = (counts[status] ?? 0) + 1;
  }
  return counts;
}
