import { hostVerification } from "@ordermesh/ordermesh/verify/host-verification";
import { eventually } from "@ordermesh/testkit/eventually";
import { testLogger } from "@ordermesh/testkit/test-logger";
import { afterAll, beforeAll, expect, test } from "vitest";
import { send } from "./http.ts";
import { type OpenTable, openTable, startTablesMesh, type TablesMesh } from "./tables-mesh.ts";

let mesh: TablesMesh;
let table: OpenTable;

beforeAll(async () => {
  mesh = await startTablesMesh();
  table = await openTable(mesh);
});

afterAll(() => mesh?.stop());

const kept = async () => (await mesh.gatewaySql`select caller, body from idempotency_records`).length;

test("a guest joins, orders, passes the invitation on and pays over REST", async () => {
  const joins = await send("POST", `${mesh.url}/v1/session-joins`, {
    body: { code: table.code, nickname: "Ada" },
  });
  expect([joins.status, joins.json.guestToken]).toEqual([200, expect.stringMatching(/^guest_[\w-]{43}$/)]);
  const authorization = `Bearer ${joins.json.guestToken}`;
  const url = `${mesh.url}/v1/sessions/${table.sessionId}`;

  // A write that is named is done once; what is kept of it is the answer, which holds no secret.
  const before = await kept();
  const order = { lines: [{ sku: table.sku, quantity: 2 }] };
  const key = { "idempotency-key": "two espressi" };
  const first = await send("POST", `${url}/orders`, { body: order, authorization, headers: key });
  const again = await send("POST", `${url}/orders`, { body: order, authorization, headers: key });
  expect(again.headers.get("idempotent-replayed")).toBe("true");
  expect(again.json).toEqual(first.json);
  expect(await kept()).toBe(before + 1);

  const seen = await send("GET", url, { authorization });
  expect(seen.json.session).toMatchObject({ sessionId: `${table.sessionId}`, total: { amountMinor: "500" } });
  const invitation = await send("GET", `${url}/invitation`, { authorization });
  expect(invitation.json).toMatchObject({
    code: table.code,
    link: expect.stringContaining(`/t/${table.code}#`),
  });

  // Tokens, links and cards leave no row, whatever the header says.
  const named = { "idempotency-key": "a secret" };
  const body = { code: table.code, nickname: "Bob" };
  await send("POST", `${mesh.url}/v1/session-joins`, { body, authorization, headers: named });
  const card = { number: "4242424242424242", expiryMonth: 12, expiryYear: 2035, code: "123" };
  await send("POST", `${url}/payment-methods`, { body: { card }, authorization, headers: named });
  const payment = { paymentMethod: "token" };
  await send("POST", `${url}/shares/1/payments`, { body: payment, authorization, headers: named });
  const staff = `Bearer ${table.staffToken}`;
  const opened = { body: { name: "Table 9" }, authorization: staff, headers: named };
  expect(
    (await send("POST", `${mesh.url}/v1/locations/${table.locationId}/sessions`, opened)).json.link,
  ).toContain("#");
  await send("POST", `${url}/invitation/rotate`, { body: {}, authorization: staff, headers: named });
  expect(await kept()).toBe(before + 1);
});

test("staff remove a guest and a dish with DELETE, and guests remove nobody", async () => {
  const own = await openTable(mesh, 1003);
  const authorization = `Bearer ${await own.join("Eve")}`;
  const staff = `Bearer ${own.staffToken}`;
  const { json } = await send("GET", `${mesh.url}/v1/sessions/${own.sessionId}`, { authorization });
  const guest = json.session.guests.find(({ nickname }: { nickname: string }) => nickname === "Eve");
  const path = `${mesh.url}/v1/sessions/${own.sessionId}/guests/${guest.guestId}`;
  expect((await send("DELETE", path, { authorization })).status).toBe(403);
  expect((await send("DELETE", path, { authorization: staff })).status).toBe(200);
  const menu = `${mesh.url}/v1/locations/${own.locationId}`;
  const removed = await send("DELETE", `${menu}/menu-items/${own.sku}`, { authorization: staff });
  expect(removed.status).toBe(200);
  expect((await send("GET", `${menu}/menu`)).json.items).toEqual([]);
});

test("a guest's token is good for nothing else", async () => {
  const other = await openTable(mesh, 1002);
  const authorization = `Bearer ${await other.join("Ada")}`;
  const statusOf = async (path: string) =>
    (await send("GET", `${mesh.url}${path}`, { authorization })).status;
  expect(await statusOf("/v1/orders")).toBe(401);
  expect(await statusOf("/v1/payments")).toBe(401);
  expect(await statusOf(`/v1/locations/${other.locationId}/sessions`)).toBe(403);
  expect(await statusOf(`/v1/sessions/${table.sessionId}`)).toBe(404);
});

test("what waits inside of tables is told, with both of its consumers, and a verification looks at its sessions", async () => {
  const authorization = `Bearer ${await mesh.token(5, "operator")}`;
  await table.order();
  await eventually(async () => {
    const { json } = await send("GET", `${mesh.url}/v1/operations/backlogs`, { authorization });
    const [backlog] = json.backlogs.filter((one: { service: string }) => one.service === "tables");
    expect(backlog).toEqual({
      service: "tables",
      problem: "",
      backlog: {
        outbox: { depth: 0, oldestAge: "0s" },
        consumers: [
          { topic: "orders.events.v1", group: "tables", running: true, lag: "0", deadLetters: "0" },
          {
            topic: "payments.events.v1",
            group: "tables.payment-events",
            running: true,
            lag: "0",
            deadLetters: "0",
          },
        ],
        brokerProblem: "",
      },
    });
  });
  const letters = await send("GET", `${mesh.url}/v1/operations/dead-letters?service=tables`, {
    authorization,
  });
  expect(letters.json).toMatchObject({ deadLetters: [], total: 0, problems: {} });

  const verifier = await hostVerification({
    host: "127.0.0.1",
    port: 0,
    mesh: {
      addresses: { identity: "127.0.0.1:1" },
      databaseUrls: Object.fromEntries(mesh.databaseUrls),
      kafkaBrokers: mesh.kafkaBrokers.join(","),
    },
    environment: { AUTH: "off" },
    logger: testLogger(),
  });
  const gateway = await mesh.startGateway({ VERIFY_ADDRESS: `127.0.0.1:${verifier!.port}` });
  const url = `${gateway.url}/v1/operations/verification`;
  try {
    await send("POST", url, { body: {}, authorization });
    const checks = await eventually(
      async () => {
        const { verification } = (await send("GET", url, { authorization })).json;
        expect(verification).toMatchObject({ state: "VERIFICATION_STATE_FINISHED", problem: "" });
        return verification.checks as { invariant: string; findingsTotal: number; examined: string }[];
      },
      { timeoutMs: 90_000 },
    );
    const ofTables = checks.filter(({ invariant }) => invariant === "I16");
    expect(ofTables.some(({ examined }) => examined !== "0")).toBe(true);
    expect(ofTables.filter(({ findingsTotal }) => findingsTotal > 0)).toEqual([]);
  } finally {
    await gateway.stop();
    await verifier!.stop();
  }
});
