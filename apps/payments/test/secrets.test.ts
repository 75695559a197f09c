import { gzipSync } from "node:zlib";
import { createKafkaClient } from "@ordermesh/kafka/client";
import { createProducer } from "@ordermesh/kafka/producer";
import { readToEnd } from "@ordermesh/kafka/read-to-end";
import { deadLetterTopic, ensureTopics } from "@ordermesh/kafka/topics";
import { eventually } from "@ordermesh/testkit/eventually";
import { type FreshDatabase, freshDatabase } from "@ordermesh/testkit/fresh-database";
import { type OwnBroker, startOwnBroker } from "@ordermesh/testkit/own-broker";
import { testLogger } from "@ordermesh/testkit/test-logger";
import postgres from "postgres";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ordersGroup, ordersTopic } from "../src/events/incoming.ts";
import { paymentsTopic } from "../src/events/outgoing.ts";
import { cards, code, findSecrets } from "./card-hunt.ts";
import { orderRecord } from "./order-records.ts";
import { type PaymentsProcess, startPaymentsProcess } from "./payments-process.ts";

/*
 * S20: after cards were used in every way, also wrongly, their numbers and codes are in no log, table, record or answer.
 * The service runs as its own process with the most talkative log, so that all that it writes is looked at.
 */

let database: FreshDatabase;
let broker: OwnBroker;
let payments: PaymentsProcess;
const answers: string[] = [];
const tokens: string[] = [];

beforeAll(async () => {
  database = await freshDatabase();
  broker = await startOwnBroker();
  payments = await startPaymentsProcess({
    PAYMENTS_DATABASE_URL: database.url,
    KAFKA_BROKERS: broker.brokers.join(","),
    LOG_LEVEL: "debug",
    PROVIDER_TIMEOUT_MS: "300",
    PAYMENTS_RECOVERY_AFTER_MS: "400",
  });
  await useCards();
});

afterAll(async () => {
  await payments?.stop();
  await broker?.remove();
  await database?.drop();
});

async function call(
  method: string,
  body: string | Uint8Array<ArrayBuffer>,
  headers: Readonly<Record<string, string>> = {},
): Promise<Record<string, unknown>> {
  const response = await fetch(`http://${payments.address}/ordermesh.payments.v1.PaymentsService/${method}`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
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
const create = (card: unknown) => call("CreatePaymentMethod", JSON.stringify({ userId: "1", card }));

async function useCards(): Promise<void> {
  const kafka = createKafkaClient({ brokers: broker.brokers, clientId: "test", logger: testLogger() });
  await ensureTopics(kafka, [ordersTopic], AbortSignal.timeout(20_000));
  const producer = createProducer(kafka);
  for (const [index, number] of [cards.good, cards.declined, cards.silent].entries()) {
    const orderId = BigInt(index + 1);
    await producer.publish(ordersTopic.name, [orderRecord({ orderId, kind: "awaiting_payment" })]);
    const { paymentMethodToken } = await create(cardOf(number.replace(/(\d{4})(?=\d)/g, "$1 ")));
    tokens.push(String(paymentMethodToken));
    await eventually(async () => {
      const { outcome } = await call(
        "Pay",
        JSON.stringify({ orderId: `${orderId}`, paymentMethodToken, idempotencyKey: `pay ${orderId}` }),
      );
      expect(outcome).toBe(index === 1 ? "PAY_OUTCOME_DECLINED" : "PAY_OUTCOME_CAPTURED");
    });
  }
  // A card where something else belongs.
  await call("Pay", JSON.stringify({ orderId: "1", paymentMethodToken: cards.good, idempotencyKey: "odd" }));
  await producer.publish(ordersTopic.name, [orderRecord({ orderId: 9n, kind: "awaiting_payment" })]);
  await producer.close();
  for (const wrong of [
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
    await create(wrong);
  }
  await call(
    "CreatePaymentMethod",
    `{"userId":"${cards.good}","card":{"number":"${cards.good}","code":"${code}"`,
  );
  await call(`CreatePaymentMethod?number=${cards.good}&code=${code}`, "{}");
  await call(cards.good, "{}");
  const broken = JSON.stringify({ card: cardOf(Number(cards.good)) });
  await call("CreatePaymentMethod", new Uint8Array(gzipSync(broken)), { "content-encoding": "gzip" });
  for (const compressed of [false, true]) {
    const message = compressed ? gzipSync(broken) : Buffer.from(broken);
    const frame = Buffer.concat([Buffer.from([compressed ? 1 : 0, 0, 0, 0, message.length]), message]);
    const headers = { "content-type": "application/grpc-web+json", "grpc-encoding": "gzip" };
    await call("CreatePaymentMethod", new Uint8Array(frame), headers);
  }
}

test("the cards were really used", () => {
  expect(tokens).toHaveLength(3);
  expect(answers.filter((answer) => answer.includes("invalid_argument")).length).toBeGreaterThanOrEqual(8);
  expect(findSecrets("self test", "4242 4242 4242 4242, 9317")).toHaveLength(2);
});

test("no answer repeats a card", () => {
  expect(answers.flatMap((answer) => findSecrets(answer.slice(0, 300), answer))).toEqual([]);
});

test("no line of the log has a card or a token", () => {
  const lines = payments.output().split("\n");
  expect(lines.length).toBeGreaterThan(10);
  expect(lines.flatMap((line) => findSecrets(line.slice(0, 300), line))).toEqual([]);
  expect(lines.filter((line) => tokens.some((token) => line.includes(token)))).toEqual([]);
});

test("no table has a card, and a token is only in the provider's own", async () => {
  const sql = postgres(database.url, { max: 1, onnotice: () => {} });
  try {
    const tables = await sql<{ name: string }[]>`
      select table_name as name from information_schema.tables where table_schema = 'public'`;
    expect(tables.length).toBeGreaterThan(10);
    let rowCount = 0;
    for (const { name } of tables) {
      const rows = await sql.unsafe(`select t::text as row from ${name} t`);
      rowCount += rows.length;
      for (const { row } of rows) {
        expect(findSecrets(name, row)).toEqual([]);
        expect(name !== "sandbox_methods" && tokens.some((token) => row.includes(token)), name).toBe(false);
      }
    }
    expect(rowCount).toBeGreaterThan(15);
  } finally {
    await sql.end();
  }
});

test("no record of a topic has a card or a token", async () => {
  const kafka = createKafkaClient({ brokers: broker.brokers, clientId: "test", logger: testLogger() });
  let recordCount = 0;
  for (const topic of [paymentsTopic.name, deadLetterTopic(ordersTopic.name, ordersGroup)]) {
    await readToEnd({
      client: kafka,
      topic,
      timeoutMs: 20_000,
      onRecords(records) {
        for (const record of records) {
          recordCount += 1;
          const text = `${record.key} ${JSON.stringify(record.headers)} ${Buffer.from(record.value).toString("latin1")}`;
          expect(findSecrets(topic, text)).toEqual([]);
          expect(tokens.some((token) => text.includes(token))).toBe(false);
        }
      },
    });
  }
  expect(recordCount).toBeGreaterThanOrEqual(3);
});
