import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { gzipSync } from "node:zlib";
import { findFreePort } from "@ordermesh/embedded/port";
import { createKafkaClient } from "@ordermesh/kafka/client";
import { readToEnd } from "@ordermesh/kafka/read-to-end";
import { ShareState } from "@ordermesh/proto/ordermesh/tables/v1/session_pb";
import { TablesService } from "@ordermesh/proto/ordermesh/tables/v1/tables_pb";
import { builtProgram } from "@ordermesh/testkit/built-program";
import { eventually } from "@ordermesh/testkit/eventually";
import { testLogger } from "@ordermesh/testkit/test-logger";
import { afterAll, beforeAll, expect, test } from "vitest";
import { cards, code, findSecrets } from "../../apps/payments/test/card-hunt.ts";
import { evenly, type PayingHouse, startPayingHouse } from "../../apps/tables/test/bill-table.ts";

/*
 * S20 for guests, who give their cards to tables: after cards were used in every way, also wrongly, their numbers and
 * codes are in no log, table, record or answer of tables. It runs as its own process with the most talkative log.
 */

let paying: PayingHouse;
let child: ChildProcess;
let output = "";
let address = "";
const answers: string[] = [];
const tokens: string[] = [];
let paid = 0;

beforeAll(async () => {
  paying = await startPayingHouse({ environment: { LOG_LEVEL: "debug" } });
  await startTables();
  await useCards();
});

afterAll(async () => {
  if (child?.exitCode === null) {
    const exited = once(child, "exit");
    child.kill("SIGTERM");
    await exited;
  }
  await paying?.stop();
});

async function startTables(): Promise<void> {
  const port = await findFreePort();
  child = spawn(process.execPath, builtProgram("tables"), {
    env: { PATH: process.env.PATH, ...paying.harness.tablesEnvironment, TABLES_PORT: `${port}` },
    stdio: ["ignore", "pipe", "pipe"],
  });
  for (const stream of [child.stdout!, child.stderr!]) {
    stream.on("data", (chunk: Buffer) => {
      output += chunk.toString();
    });
  }
  address = `127.0.0.1:${port}`;
  await eventually(
    async () => {
      const response = await fetch(`http://${address}/readyz`).catch(() => undefined);
      if (response?.status !== 200) {
        throw new Error(`It is not ready: ${output}`);
      }
    },
    { timeoutMs: 60_000, everyMs: 100 },
  );
}

async function call(
  guestToken: string,
  method: string,
  body: string | Uint8Array<ArrayBuffer>,
  headers: Readonly<Record<string, string>> = {},
): Promise<Record<string, unknown>> {
  const response = await fetch(`http://${address}/ordermesh.tables.v1.TablesService/${method}`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${guestToken}`, ...headers },
    body,
  });
  const text = await response.text();
  answers.push(text);
  return text.startsWith("{") ? JSON.parse(text) : {};
}

const cardOf = (number: unknown, more: object = {}) => ({
  number,
  expiryMonth: 12,
  expiryYear: new Date().getUTCFullYear() + 1,
  code,
  ...more,
});

async function useCards(): Promise<void> {
  const table = await paying.seat({ pastas: 1 });
  const [guest] = table.guests;
  const sessionId = `${table.sessionId}`;
  const { shares } = await table.bill(evenly(4));
  const numbers = [cards.good, cards.declined, cards.silent];
  for (const [index, number] of numbers.entries()) {
    const card = cardOf(number.replace(/(\d{4})(?=\d)/g, "$1 "));
    const made = await call(guest!.token, "CreateGuestPaymentMethod", JSON.stringify({ sessionId, card }));
    const { paymentMethodToken: paymentMethod } = made.paymentMethod as { paymentMethodToken: string };
    tokens.push(paymentMethod);
    const { shareId } = shares[index]!;
    const request = { sessionId, shareId: `${shareId}`, paymentMethod, idempotencyKey: `pay ${index}` };
    await call(guest!.token, "PayShare", JSON.stringify(request));
    if (number !== cards.declined) {
      await table.untilShare(shareId, ShareState.PAID);
      paid += 1;
    }
  }
  // A card where a token belongs.
  const odd = {
    sessionId,
    shareId: `${shares[3]!.shareId}`,
    paymentMethod: cards.good,
    idempotencyKey: "odd",
  };
  await call(guest!.token, "PayShare", JSON.stringify(odd));
  for (const card of [
    cardOf(cards.mistyped),
    cardOf(cards.good, { expiryYear: 2020 }),
    cardOf(Number(cards.good)),
    cardOf(cards.good, { code: Number(code) }),
    cardOf([cards.good]),
    cardOf(cards.good, { code: `${code}${code}` }),
    cardOf(cards.good, { [cards.good]: code }),
    cardOf(cards.good, { expiryMonth: cards.good }),
    cards.good,
  ]) {
    await call(guest!.token, "CreateGuestPaymentMethod", JSON.stringify({ sessionId, card }));
  }
  await call(guest!.token, "CreateGuestPaymentMethod", `{"card":{"number":"${cards.good}","code":"${code}"`);
  await call(guest!.token, `CreateGuestPaymentMethod?number=${cards.good}&code=${code}`, "{}");
  const whole = JSON.stringify({ sessionId, card: cardOf(cards.good) });
  // Nobody's token, and somebody's who is not at this table.
  await call("guest_", "CreateGuestPaymentMethod", whole);
  await call((await paying.seat({})).guests[0]!.token, "CreateGuestPaymentMethod", whole);
  const broken = new Uint8Array(gzipSync(JSON.stringify({ sessionId, card: cardOf(Number(cards.good)) })));
  await call(guest!.token, "CreateGuestPaymentMethod", broken, { "content-encoding": "gzip" });
  // Payments is away just then.
  const link = paying.harness.links.payments!;
  link.refuse();
  await call(guest!.token, "CreateGuestPaymentMethod", whole);
  link.heal();
  const grpc = await paying.harness.client(TablesService, guest!.token, { address });
  await grpc
    .createGuestPaymentMethod({ sessionId: table.sessionId, card: cardOf(cards.mistyped) as never })
    .catch((error: unknown) => answers.push(`${error}`));
}

test("the cards were really used", () => {
  expect(paid).toBe(2);
  expect(tokens).toHaveLength(3);
  expect(answers.filter((answer) => answer.includes("invalid_argument")).length).toBeGreaterThanOrEqual(8);
  expect(findSecrets("self test", "4242 4242 4242 4242, 9317")).toHaveLength(2);
});

test("no answer repeats a card", () => {
  expect(answers.flatMap((answer) => findSecrets(answer.slice(0, 300), answer))).toEqual([]);
});

test("no line of the log has a card or a token", () => {
  const lines = output.split("\n");
  expect(lines.length).toBeGreaterThan(10);
  expect(lines.flatMap((line) => findSecrets(line.slice(0, 300), line))).toEqual([]);
  expect(lines.filter((line) => tokens.some((token) => line.includes(token)))).toEqual([]);
});

test("no table of tables has a card or a token", async () => {
  const { sql } = paying.harness;
  const tables = await sql<{ name: string }[]>`
    select table_name as name from information_schema.tables where table_schema = 'public'`;
  expect(tables.length).toBeGreaterThan(10);
  let rowCount = 0;
  for (const { name } of tables) {
    const rows = await sql.unsafe(`select t::text as row from ${name} t`);
    rowCount += rows.length;
    for (const { row } of rows) {
      expect(findSecrets(name, row)).toEqual([]);
      expect(
        tokens.some((token) => row.includes(token)),
        name,
      ).toBe(false);
    }
  }
  expect(rowCount).toBeGreaterThan(20);
});

test("no record of a topic has a card or a token", async () => {
  const { brokers } = paying.harness;
  const client = createKafkaClient({ brokers, clientId: "test", logger: testLogger() });
  let recordCount = 0;
  for (const topic of [
    "tables.events.v1",
    "payments.events.v1",
    "payments.events.v1.tables.payment-events.dead-letter",
  ]) {
    await readToEnd({
      client,
      topic,
      timeoutMs: 20_000,
      onRecords(records) {
        for (const { key, headers, value } of records) {
          recordCount += 1;
          const text = `${key} ${JSON.stringify(headers)} ${Buffer.from(value).toString("latin1")}`;
          expect(findSecrets(topic, text)).toEqual([]);
          expect(tokens.some((token) => text.includes(token))).toBe(false);
        }
      },
    });
  }
  expect(recordCount).toBeGreaterThanOrEqual(5);
});
