import { eventually } from "@ordermesh/testkit/eventually";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type GatewayMesh, startGatewayMesh } from "./gateway-mesh.ts";
import { send } from "./http.ts";

let mesh: GatewayMesh;
let operator: string;

beforeAll(async () => {
  mesh = await startGatewayMesh();
  operator = await mesh.bearer(5, "operator", "platform");
  await mesh.stockProduct(11, 1299n, 1000);
});

afterAll(() => mesh?.stop());

const order = { userId: "1001", lines: [{ sku: 11, quantity: 1 }] };

function create(key: string, options: { body?: unknown; authorization?: string; url?: string } = {}) {
  const { body = order, authorization = operator, url = mesh.url } = options;
  return send("POST", `${url}/v1/orders`, { body, authorization, headers: { "idempotency-key": key } });
}

const increase = (key: string, authorization: string, quantity = 1) =>
  send("POST", `${mesh.url}/v1/users/1001/cart/lines/11/increase`, {
    body: { quantity },
    authorization,
    headers: { "idempotency-key": key },
  });

test("the same key and body is done once and answered twice; another body is 422", async () => {
  const first = await create("one");
  expect(first.status, first.text).toBe(200);
  expect(first.headers.get("idempotent-replayed")).toBeNull();
  const again = await create("one");
  expect(again.headers.get("idempotent-replayed")).toBe("true");
  expect([again.status, again.text]).toEqual([first.status, first.text]);
  const other = await create("one", { body: { ...order, lines: [{ sku: 11, quantity: 2 }] } });
  expect(other).toMatchObject({ status: 422, json: { reason: "IDEMPOTENCY_KEY_REUSED" } });

  // On another gateway and with another token it is the same caller.
  const another = await mesh.startGateway();
  try {
    const authorization = await mesh.bearer(5, "operator", "platform");
    const elsewhere = await create("one", { url: another.url, authorization });
    expect(elsewhere.headers.get("idempotent-replayed")).toBe("true");
    expect(elsewhere.text).toBe(first.text);
  } finally {
    await another.stop();
  }
});

test("a call that adds each time adds once under one key; keys of others, methods and paths are others", async () => {
  const buyer = await mesh.bearer(1001);
  const both = [await increase("add", buyer), await increase("add", buyer)];
  expect(both.map(({ json }) => json.quantity)).toEqual([1, 1]);
  expect((await increase("another", buyer)).json.quantity).toBe(2);
  // Somebody else with the same key (S12): its own write, not a replay of the first one's answer.
  const platform = await increase("add", await mesh.bearer(4, "platform"));
  expect(platform.headers.get("idempotent-replayed")).toBeNull();
  expect(platform.json.quantity).toBe(3);
});

test("a refusal that a repetition cannot change is kept, one that it can is not", async () => {
  const buyer = await mesh.bearer(1001);
  const gone = () =>
    send("POST", `${mesh.url}/v1/orders/999999/cancel`, {
      body: {},
      authorization: buyer,
      headers: { "idempotency-key": "gone" },
    });
  expect((await gone()).status).toBe(404);
  expect((await gone()).headers.get("idempotent-replayed")).toBe("true");

  const invalid = await create("mistake", { body: { ...order, lines: [] } });
  expect(invalid.status).toBe(400);
  expect((await create("mistake")).status).toBe(200);

  mesh.lomsLink.refuse();
  const away = await create("later");
  mesh.lomsLink.heal();
  expect(away.status, away.text).toBe(503);
  await eventually(async () => {
    const retried = await create("later");
    expect(retried.status, retried.text).toBe(200);
  });
});

test("while the first is under way the second is told to wait", async () => {
  mesh.lomsLink.silence();
  const first = create("slow");
  try {
    await eventually(async () => {
      const [row] =
        await mesh.gatewaySql`select count(*)::int as claims from idempotency_records where status is null`;
      expect(row?.claims).toBe(1);
    });
    const second = await create("slow");
    expect(second).toMatchObject({ status: 409, json: { reason: "IDEMPOTENCY_KEY_IN_PROGRESS" } });
    expect(Number(second.headers.get("retry-after"))).toBeGreaterThan(0);
    expect((await create("slow", { body: { ...order, userId: "1002" } })).status).toBe(422);
  } finally {
    mesh.lomsLink.heal();
  }
  // Its connection was cut; the client of the gateway tries again by itself, as creating is idempotent.
  const answer = await first;
  expect([200, 503], answer.text).toContain(answer.status);
});

test("an attempt whose gateway has died is taken over when its claim ends", async () => {
  const first = await create("crash");
  await mesh.gatewaySql`
    update idempotency_records set status = null, content_type = null, body = null,
      claimed_until = now() - interval '1 second'
    where body = ${first.text}`;
  const taken = await create("crash");
  expect(taken.status).toBe(200);
  // The service knew the key as well, so that it was still done once.
  expect(taken.json).toMatchObject({ orderId: first.json.orderId, replayed: true });
});

test("fifty at once under one key are one", async () => {
  const answers = await Promise.all(Array.from({ length: 50 }, () => create("crowd")));
  const statuses = answers.map(({ status }) => status);
  expect(new Set(statuses)).toEqual(new Set(statuses.includes(409) ? [200, 409] : [200]));
  const done = answers.filter(({ status }) => status === 200);
  expect(new Set(done.map(({ json }) => json.orderId)).size).toBe(1);
  expect(done.filter(({ headers }) => !headers.has("idempotent-replayed"))).toHaveLength(1);
});

test("keys have a length, and passwords and cards are remembered nowhere", async () => {
  expect((await create("k".repeat(255))).status).toBe(200);
  expect(await create("k".repeat(256))).toMatchObject({
    status: 400,
    json: { reason: "MALFORMED_IDEMPOTENCY_KEY" },
  });
  expect((await create("k".repeat(10_000))).status).toBe(400);
  const [before] = await mesh.gatewaySql`select count(*)::int as records from idempotency_records`;
  const buyer = await mesh.bearer(1001);
  const card = { number: "4242424242424242", expiryMonth: 12, expiryYear: 2030, code: "123" };
  const made = await send("POST", `${mesh.url}/v1/payment-methods`, {
    body: { userId: "1001", card },
    authorization: buyer,
    headers: { "idempotency-key": "card" },
  });
  expect(made.status, made.text).toBe(200);
  await send("POST", `${mesh.url}/v1/auth/login`, {
    body: { username: "buyer", password: "secret" },
    authorization: buyer,
    headers: { "idempotency-key": "login" },
  });
  const [after] = await mesh.gatewaySql`select count(*)::int as records from idempotency_records`;
  expect(after?.records).toBe(before?.records);
});

test("without a key of its own a gateway refuses to remember, and does nothing", async () => {
  const keyless = await mesh.startGateway({ GATEWAY_KEY: "" });
  try {
    const refused = await create("keyless", { url: keyless.url });
    expect(refused).toMatchObject({
      status: 409,
      json: {
        code: "FAILED_PRECONDITION",
        reason: "IDEMPOTENCY_KEYS_NOT_CONFIGURED",
        detail: expect.stringContaining("GATEWAY_KEY"),
      },
    });
    // Nobody has made the order: under the same key it is new.
    expect((await create("keyless")).json.replayed).toBe(false);
    const unnamed = await send("POST", `${keyless.url}/v1/orders`, {
      body: { ...order, idempotencyKey: "in the body" },
      authorization: operator,
    });
    expect(unnamed.status, unnamed.text).toBe(200);
  } finally {
    await keyless.stop();
  }
});

test("what has expired is removed in batches, and its key is free", async () => {
  const first = await create("old");
  await mesh.gatewaySql`update idempotency_records set expires_at = now() - interval '1 second' where body = ${first.text}`;
  await mesh.gatewaySql`
    insert into idempotency_records (scope, caller, request_hash, claim, claimed_until, expires_at)
    select sha256(n::text::bytea), 'user:1', sha256('x'), gen_random_uuid(), now(), now() - interval '1 day'
    from generate_series(1, 2500) n`;
  // A gateway that starts begins with it.
  const another = await mesh.startGateway();
  try {
    await eventually(async () => {
      const [row] = await mesh.gatewaySql`
        select count(*)::int as expired from idempotency_records where expires_at <= now()`;
      expect(row?.expired).toBe(0);
    });
    const again = await create("old");
    expect(again.headers.get("idempotent-replayed")).toBeNull();
    expect(again.json).toMatchObject({ orderId: first.json.orderId });
  } finally {
    await another.stop();
  }
});
