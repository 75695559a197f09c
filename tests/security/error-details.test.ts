import postgres from "postgres";
import { afterAll, beforeAll, expect, test } from "vitest";
import { headersOf } from "./callers.ts";
import { type SecuredMesh, startSecuredMesh } from "./secured-mesh.ts";

/*
 * S21: what goes wrong inside is told to the log. Callers get a trace id to ask with, and nothing about statements, hosts,
 * files or what stands in them.
 */

let mesh: SecuredMesh;
let headers: Record<string, string>;

beforeAll(async () => {
  mesh = await startSecuredMesh();
  headers = await headersOf(mesh.issuer, "owner", "loms");
  for (const [service, table] of [
    ["loms", "orders"],
    ["payments", "payments"],
  ] as const) {
    const sql = postgres(mesh.databaseUrls.get(service) ?? "", { max: 1, onnotice: () => {} });
    await sql.unsafe(`alter table ${table} rename to hidden_from_everybody`);
    await sql.end();
  }
});

afterAll(async () => {
  await mesh?.stop();
});

const inside =
  /hidden|relation|select|does not exist|42P01|postgres|localhost|127\.0\.0\.1|:\d{4,5}\b|\.ts\b|\.js\b|\bat \w|node_modules|stack/i;

async function answerOf(app: "loms" | "payments" | "gateway", path: string, body?: object) {
  const response = await fetch(`http://${mesh.addresses[app]}${path}`, {
    method: body === undefined ? "GET" : "POST",
    headers: { "content-type": "application/json", ...headers },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const told = [...response.headers].map(([name, value]) => `${name}: ${value}`).join("\n");
  return { status: response.status, told, text: readable(await response.text()) };
}

/** With the details of Connect's errors, which are binary. */
function readable(text: string): string {
  return text.replace(/"value":"([A-Za-z0-9+/=]+)"/g, (_, value) =>
    Buffer.from(value, "base64").toString("latin1"),
  );
}

test.each([
  ["Connect at LOMS", "loms", "/ordermesh.loms.v1.LomsService/GetOrder", { orderId: 1 }],
  ["Connect at payments", "payments", "/ordermesh.payments.v1.PaymentsService/GetPayment", { orderId: 1 }],
  ["Connect at the gateway", "gateway", "/ordermesh.loms.v1.LomsService/GetOrder", { orderId: 1 }],
  ["REST", "gateway", "/v1/orders/1", undefined],
  ["REST with a list", "gateway", "/v1/payments", undefined],
] as const)("S21: an internal error over %s says nothing but a trace id", async (_, app, path, body) => {
  const { status, told, text } = await answerOf(app, path, body);
  expect(status).toBe(500);
  expect(text).toMatch(/"code":"internal"/i);
  expect(text).toMatch(/[0-9a-f]{32}/);
  expect(text).not.toMatch(inside);
  expect(told).not.toMatch(/hidden|relation|42P01|x-powered-by|^server:/im);
});

test("S21: a request that nobody understands is not read back in full", async () => {
  const { status, text } = await answerOf("gateway", "/v1/orders/1;drop%20table%20orders--");
  expect([400, 404]).toContain(status);
  expect(text).not.toMatch(/drop table|node_modules|\bat \w+ \(/i);
});
