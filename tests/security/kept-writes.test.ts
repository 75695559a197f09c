import { createHash, createHmac, randomBytes } from "node:crypto";
import type { DescMessage } from "@bufbuild/protobuf";
import { servicesBehind } from "@ordermesh/app-gateway/upstreams";
import { deriveKey } from "@ordermesh/sealing/sealer";
import postgres from "postgres";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { type Caller, headersOf } from "./callers.ts";
import { operator, type SecuredMesh, startSecuredMesh } from "./secured-mesh.ts";

/**
 * The gateway remembers each write that its caller names with Idempotency-Key for a day, to tell a repetition from another
 * request. It kept SHA-256 of the body. With a copy of the database one could hash all bodies that may have been sent:
 * those of a voucher code are a billion, those of a card whose last four digits are on a receipt a million. What "is
 * stored nowhere" could be found that way.
 */

const secret = randomBytes(32);

let mesh: SecuredMesh;
let database: postgres.Sql;

beforeAll(async () => {
  mesh = await startSecuredMesh({
    GATEWAY_KEY: secret.toString("base64"),
    VOUCHER_KEY: randomBytes(32).toString("base64"),
  });
  database = postgres(mesh.databaseUrls.get("gateway") ?? "", { max: 2, onnotice: () => {} });
});

afterAll(async () => {
  await database?.end();
  await mesh?.stop();
});

beforeEach(async () => {
  await database`delete from idempotency_records`;
});

async function write(path: string, caller: Caller, key: string, body: string) {
  const response = await fetch(`http://${mesh.addresses.gateway}${path}`, {
    method: "POST",
    headers: {
      ...(await headersOf(mesh.issuer, caller, "gateway")),
      "content-type": "application/json",
      "idempotency-key": key,
    },
    body,
  });
  const { status, headers } = response;
  return { status, replayed: headers.get("idempotent-replayed"), text: await response.text() };
}

/** Everything in the table that was made of a request, in hexadecimal. */
async function keptHashes(): Promise<ReadonlySet<string>> {
  const rows = await database<{ scope: Buffer; request_hash: Buffer }[]>`
    select scope, request_hash from idempotency_records`;
  return new Set(rows.flatMap((row) => [row.scope.toString("hex"), row.request_hash.toString("hex")]));
}

test("a card that somebody quoted can not be found again by trying all that there are", async () => {
  const path = "/v1/payments/999999/refunds";
  const card = (middle: number) => `424242424242${middle}`;
  const complaint = (number: string) => JSON.stringify({ reason: `Card ${number} was charged twice.` });
  const [first, second] = [
    await write(path, "seller", card(4242), complaint(card(4242))),
    await write(path, "seller", card(4242), complaint(card(4242))),
  ];
  expect([first.status, second.replayed], first.text).toEqual([404, "true"]);

  const hashes = await keptHashes();
  expect(hashes.size).toBe(2);
  const texts = Array.from({ length: 9_000 }, (_, index) => card(1_000 + index)).flatMap((number) => [
    complaint(number),
    `\0${complaint(number)}`,
    ["user:1009", "POST", path, number].join("\0"),
  ]);
  const guessed = texts.filter((text) => hashes.has(createHash("sha256").update(text).digest("hex")));
  expect(guessed).toEqual([]);

  // Who has the key as well, which is not in the database, finds both: the guesses above are the right ones.
  const key = deriveKey(secret, "idempotent writes");
  const keyed = texts.filter((text) => hashes.has(createHmac("sha256", key).update(text).digest("hex")));
  expect(keyed).toHaveLength(2);
});

test("what the contract calls secret leaves no row, whether it was asked or answered", async () => {
  const login = await write("/v1/auth/login", "seller", "login", JSON.stringify(operator));
  expect(login.text).toContain("refreshToken");
  const { refreshToken } = JSON.parse(login.text) as { readonly refreshToken: string };
  const refreshed = await write("/v1/auth/refresh", "seller", "refresh", JSON.stringify({ refreshToken }));
  expect(refreshed.text).toContain("accessToken");
  const person = JSON.stringify({ username: "somebody-new", password: "correct-horse-battery" });
  const registered = await write("/v1/auth/register", "seller", "register", person);
  expect(registered.status, registered.text).toBe(200);

  const card = { number: "4242424242424242", expiryMonth: 12, expiryYear: 2030, code: "123" };
  const made = await write("/v1/payment-methods", "owner", "card", JSON.stringify({ card }));
  expect(made.text).toContain("paymentMethodToken");
  const { paymentMethodToken } = JSON.parse(made.text) as { readonly paymentMethodToken: string };
  const payment = JSON.stringify({ paymentMethodToken });
  expect((await write("/v1/orders/999999/payments", "owner", "pay", payment)).status).toBe(404);
  expect((await write("/api/payments/pay/999999", "owner", "bill", JSON.stringify({ card }))).status).toBe(
    400,
  );

  const code = JSON.stringify({ code: "572-461-8039" });
  const validated = await write("/v1/voucher-validations", "seller", "visit", code);
  expect(validated.status, validated.text).toBe(200);

  expect(await keptHashes()).toEqual(new Set());
});

test("the contracts mark every field that is named like a secret", () => {
  const seen = new Set<DescMessage>();
  const visit = (type: DescMessage): void => {
    if (seen.has(type)) {
      return;
    }
    seen.add(type);
    for (const { message } of type.fields) {
      if (message !== undefined) {
        visit(message);
      }
    }
  };
  for (const { input, output } of Object.values(servicesBehind)
    .flat()
    .flatMap(({ methods }) => methods)) {
    visit(input);
    visit(output);
  }
  const secrets = [...seen]
    .flatMap(({ fields }) => fields)
    .filter(({ name }) => /password|secret|token/.test(name) && !name.endsWith("page_token"));
  expect(secrets.length).toBeGreaterThan(10);
  const unmarked = secrets.filter(({ proto }) => proto.options?.debugRedact !== true);
  expect(unmarked.map(String)).toEqual([]);
});
