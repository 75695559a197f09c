import { connect, type Socket } from "node:net";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type GatewayMesh, startGatewayMesh } from "./gateway-mesh.ts";
import { send } from "./http.ts";

let mesh: GatewayMesh;
let operator: string;

const requestTimeoutMs = 1_000;

beforeAll(async () => {
  mesh = await startGatewayMesh({ GATEWAY_REQUEST_TIMEOUT_MS: `${requestTimeoutMs}` });
  operator = await mesh.bearer(5, "operator", "platform");
  await mesh.stockProduct(11, 1299n, 1000);
});

afterAll(() => mesh?.stop());

const order = { userId: "1001", lines: [{ sku: 11, quantity: 1 }], idempotencyKey: "numbers" };
const post = (body: unknown, headers: Readonly<Record<string, string>> = {}) =>
  send("POST", `${mesh.url}/v1/orders`, { body, headers, authorization: operator });
const stillServes = async () =>
  expect((await send("GET", `${mesh.url}/v1/products/11`)).status, "the gateway no longer serves").toBe(200);

describe("sizes and shapes (S10)", () => {
  test("a body of 10 MB is refused as soon as it says so, and when it does not", async () => {
    const large = JSON.stringify({ ...order, note: "x".repeat(10_000_000) });
    const told = await post(large);
    expect(told).toMatchObject({ status: 413, json: { reason: "BODY_TOO_LARGE" } });
    const socket = await open();
    socket.write(
      "POST /v1/orders HTTP/1.1\r\nhost: gateway\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n",
    );
    for (let sent = 0; sent < 80; sent += 1) {
      socket.write(`20000\r\n${"x".repeat(0x20000)}\r\n`);
    }
    expect(await firstLine(socket)).toContain("413");
    socket.destroy();
    await stillServes();
  });

  test("so is one that is packed", async () => {
    const packed = gzipSync(Buffer.alloc(50_000_000, " "));
    const rest = await fetch(`${mesh.url}/v1/orders`, {
      method: "POST",
      headers: { "content-type": "application/json", "content-encoding": "gzip", authorization: operator },
      body: packed,
    });
    expect(rest.status).toBe(415);
    const before = process.memoryUsage().rss;
    const rpc = await fetch(`${mesh.url}/ordermesh.loms.v1.LomsService/CreateOrder`, {
      method: "POST",
      headers: { "content-type": "application/json", "content-encoding": "gzip", authorization: operator },
      body: packed,
    });
    expect(await rpc.json()).toMatchObject({ code: "resource_exhausted" });
    expect(process.memoryUsage().rss - before).toBeLessThan(64 * 1024 * 1024);
  });

  test("100,000 items and a depth of 10,000 are refused with an answer", async () => {
    const lines = Array.from({ length: 100_000 }, () => ({ sku: 11, quantity: 1 }));
    const many = await post({ ...order, lines });
    expect(many.status).toBe(400);
    expect(many.text.length).toBeLessThan(20_000);
    const deep = `{"lines":${"[".repeat(10_000)}${"]".repeat(10_000)}}`;
    expect((await post(deep)).status).toBe(400);
    expect((await post(`${'{"lines":[{"unitPrice":'.repeat(5_000)}1`)).status).toBe(400);
    await stillServes();
  });

  test("headers of a megabyte are refused", async () => {
    const socket = await open();
    socket.write(`GET /v1/products HTTP/1.1\r\nhost: gateway\r\nx-large: ${"x".repeat(1_000_000)}\r\n\r\n`);
    expect(await firstLine(socket)).toContain("431");
    socket.destroy();
    await stillServes();
  });

  test("a body that trickles in is not waited for", async () => {
    const socket = await open();
    socket.write(
      "POST /v1/orders HTTP/1.1\r\nhost: gateway\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n",
    );
    socket.write("{");
    const closed = new Promise<string>((resolve) => {
      let text = "";
      socket.on("data", (chunk) => {
        text += chunk;
      });
      socket.on("close", () => resolve(text));
    });
    expect(await closed).toMatch(/^HTTP\/1\.1 408/);
  });

  test("requests on one connection follow each other, also after one that was refused", async () => {
    const socket = await open();
    const body = "x".repeat(5_000);
    socket.write(
      `POST /nowhere HTTP/1.1\r\nhost: gateway\r\ncontent-length: ${body.length}\r\n\r\n${body}` +
        "GET /v1/products/11 HTTP/1.1\r\nhost: gateway\r\nconnection: close\r\n\r\n",
    );
    let text = "";
    socket.on("data", (chunk) => {
      text += chunk;
    });
    await new Promise((resolve) => socket.on("close", resolve));
    expect([...text.matchAll(/HTTP\/1\.1 (\d+) /g)].map(([, status]) => status)).toEqual(["404", "200"]);
  });
});

describe("numbers (S11)", () => {
  test.each<[string, unknown]>([
    ["a quantity of 0", { ...order, lines: [{ sku: 11, quantity: 0 }] }],
    ["a negative quantity", { ...order, lines: [{ sku: 11, quantity: -1 }] }],
    ["2^31", { ...order, lines: [{ sku: 11, quantity: 2 ** 31 }] }],
    ["2^32", { ...order, lines: [{ sku: 2 ** 32, quantity: 1 }] }],
    ["half a unit", { ...order, lines: [{ sku: 11, quantity: 0.5 }] }],
    ["NaN", { ...order, lines: [{ sku: 11, quantity: "NaN" }] }],
    ["a number that JSON rounds", '{"userId":9007199254740993,"lines":[{"sku":11,"quantity":1}]}'],
    ["a number that JSON rounds, in powers of ten", '{"userId":1e300,"lines":[{"sku":11,"quantity":1}]}'],
    ["a user id beyond 64 bits", { ...order, userId: "9223372036854775808" }],
    ["a price below 0", priced("-1")],
    ["a price above the limit", priced("1000000000000001")],
    ["a price with cents", priced("12.99")],
    ["two currencies", { ...order, lines: [...priced("1").lines, ...priced("1", "USD").lines] }],
    ["a field that there is not", { ...order, price: 1 }],
    ["a prototype", '{"__proto__":{"userId":"1"},"lines":[{"sku":11,"quantity":1}]}'],
    ["no object", "[]"],
    ["no JSON", "{"],
    ["bytes that are no text", "\ud800"],
  ])("%s is INVALID_ARGUMENT", async (_, body) => {
    const answer = await post(body);
    expect(answer, answer.text).toMatchObject({ status: 400, json: { code: "INVALID_ARGUMENT" } });
    expect(answer.json.detail).toBeTruthy();
  });

  test("64 bits as a text are taken as they are, and come back as they were", async () => {
    const userId = "9007199254740993";
    const created = await post({ ...order, userId });
    expect(created.status, created.text).toBe(200);
    const found = await send("GET", `${mesh.url}/v1/orders/${created.json.orderId}`, {
      authorization: operator,
    });
    expect(found.json.order.userId).toBe(userId);
    const listed = await send("GET", `${mesh.url}/v1/orders?userId=${userId}`, { authorization: operator });
    expect(listed.json.orders).toHaveLength(1);
  });

  test.each([
    "/v1/orders/0",
    "/v1/orders/-1",
    "/v1/orders/1e3",
    "/v1/orders/99999999999999999999",
    "/v1/orders/x'; drop table orders; --",
    "/v1/products/4294967296",
    "/v1/orders?pageSize=1000000000",
    "/v1/orders?statuses=NO_SUCH",
    "/v1/orders?createdFrom=yesterday",
    "/v1/orders?pageToken=AAAA",
  ])("%s is INVALID_ARGUMENT", async (path) => {
    const answer = await send("GET", `${mesh.url}${path}`, { authorization: operator });
    expect(answer, answer.text).toMatchObject({ status: 400, json: { code: "INVALID_ARGUMENT" } });
  });

  test("which field is wrong is told by its name", async () => {
    const answer = await post({ ...order, lines: [{ sku: 11, quantity: 0 }] });
    expect(answer.json.violations).toEqual([
      { field: "lines[0].quantity", description: expect.stringContaining("greater than 0") },
    ]);
  });
});

test("what cannot be read is not repeated (S20)", async () => {
  const secret = "4000056655665556";
  for (const card of [
    `{"number":${secret},"code":"123"}`,
    `{"number":"${secret}","code":{"x":"${secret}"}}`,
    `{"number":["${secret}"]}`,
    `{"number":"${secret}",,}`,
    `{"number":${secret}${secret}}`,
    `"${secret}"`,
  ]) {
    const answer = await send("POST", `${mesh.url}/v1/payment-methods`, {
      body: `{"userId":"1001","card":${card}}`,
      authorization: await mesh.bearer(1001),
    });
    expect(answer.status, answer.text).toBe(400);
    expect(answer.text).not.toContain(secret);
  }
});

function priced(amountMinor: string, currencyCode = "EUR") {
  return { ...order, lines: [{ sku: 11, quantity: 1, unitPrice: { currencyCode, amountMinor } }] };
}

function open(): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(mesh.port, "127.0.0.1", () => resolve(socket));
    socket.on("error", reject);
  });
}

function firstLine(socket: Socket): Promise<string> {
  return new Promise((resolve, reject) => {
    socket.once("data", (chunk) => resolve(`${chunk}`.split("\r\n")[0] ?? ""));
    socket.once("close", () => reject(new Error("The connection was closed without an answer.")));
  });
}
