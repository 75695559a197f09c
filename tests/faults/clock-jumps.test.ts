import { randomBytes } from "node:crypto";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Timestamp, timestampDate, timestampFromDate, timestampMs } from "@bufbuild/protobuf/wkt";
import { type Client, Code, ConnectError } from "@connectrpc/connect";
import { LomsService } from "@ordermesh/proto/ordermesh/loms/v1/loms_pb";
import { CancelReason, OrderStatus } from "@ordermesh/proto/ordermesh/loms/v1/order_pb";
import { VoucherValidation } from "@ordermesh/proto/ordermesh/loms/v1/voucher_pb";
import { PaymentsService } from "@ordermesh/proto/ordermesh/payments/v1/payments_pb";
import { eventually } from "@ordermesh/testkit/eventually";
import { freshDatabase } from "@ordermesh/testkit/fresh-database";
import { kafkaBrokers } from "@ordermesh/testkit/infrastructure";
import postgres from "postgres";
import { expect, onTestFinished, test } from "vitest";
import { openGrpcClient } from "../harness/grpc-client.ts";
import { startInstallation } from "../harness/installation.ts";
import { startServiceProcess } from "../harness/service-process.ts";

/*
 * F30: LOMS runs with a clock that is weeks off, and jumps over to weeks off in the other direction while timers wait. The
 * clock that decides is the database's: nothing fires before its time or not at all, and no voucher is taken or refused
 * for what the process believes.
 */

const dayMs = 24 * 60 * 60_000;
const offMs = 40 * dayMs;
const windowMs = 600_000;
const waits = { reception: 15 * dayMs, extensionOpens: 7 * dayMs, extension: 3 * dayMs, refunds: 7 * dayMs };
const sku = 1;

interface Shop {
  readonly orders: Client<typeof LomsService>;
  readonly sql: postgres.Sql;
}

let keys = 0;

async function place({ orders }: Shop, more: Parameters<Shop["orders"]["createOrder"]>[0] = {}) {
  keys += 1;
  return await orders.createOrder({
    userId: 1n,
    idempotencyKey: `clock ${keys}`,
    lines: [{ sku, quantity: 1, unitPrice: { currencyCode: "EUR", amountMinor: 1_000n } }],
    ...more,
  });
}

function act({ orders }: Shop, orderId: bigint, role: string, action: string, itemSku = 0) {
  return orders.applyAction({ orderId, role, action, itemSku });
}

async function databaseMs({ sql }: Shop): Promise<number> {
  const [row] = await sql<{ now: Date }[]>`select clock_timestamp() as now`;
  return row?.now.getTime() ?? 0;
}

function ms(time: Timestamp | undefined): number {
  return time === undefined ? Number.NaN : timestampMs(time);
}

/** When the timers of an order fire, by name; 0 for one that stands still. */
async function dueTimes({ orders }: Shop, orderId: bigint): Promise<Record<string, number>> {
  const { timers } = await orders.listTimers({ orderId });
  return Object.fromEntries(timers.map(({ timer, dueTime }) => [timer, dueTime ? ms(dueTime) : 0]));
}

async function lastStep({ orders }: Shop, orderId: bigint) {
  const { entries } = await orders.getHistory({ orderId });
  const last = entries.at(-1);
  return { status: last?.status, cancelReason: last?.cancelReason, atMs: ms(last?.changedTime) };
}

/** Orders that wait for long, and when each of their timers is to fire. */
async function startWaits(shop: Shop): Promise<ReadonlyMap<bigint, Record<string, number>>> {
  const beforeMs = await databaseMs(shop);
  const unpaid = await place(shop);
  const { order } = await shop.orders.getOrder({ orderId: unpaid.orderId });
  expect(ms(order?.createdTime)).toBeGreaterThanOrEqual(Math.floor(beforeMs));
  expect(ms(order?.createdTime)).toBeLessThanOrEqual(await databaseMs(shop));

  const { orderId: shipped } = await place(shop);
  await act(shop, shipped, "P", "payment successful");
  await act(shop, shipped, "S", "ship the order");
  const { atMs: shippedMs } = await lastStep(shop, shipped);
  const { orderId: extended } = await place(shop);
  await act(shop, extended, "P", "payment successful");
  await act(shop, extended, "S", "ship the order");
  const { atMs: extendedMs } = await lastStep(shop, extended);
  await shop.orders.runTimerNow({ orderId: extended, timer: "enable_extending" });
  await act(shop, extended, "B", "extend auto acking reception of order");

  return new Map<bigint, Record<string, number>>([
    [unpaid.orderId, { payment_deadline: ms(order?.createdTime) + windowMs }],
    [
      shipped,
      { enable_extending: shippedMs + waits.extensionOpens, auto_ack_shipping: shippedMs + waits.reception },
    ],
    [extended, { auto_ack_shipping: extendedMs + waits.reception + waits.extension }],
  ]);
}

/** A timer that stood still goes on with what was left of it: it is put off by as long as that, and no more. */
async function expectHeldAndResumed(shop: Shop): Promise<void> {
  const unitPrice = { currencyCode: "EUR", amountMinor: 1_000n };
  const { orderId } = await place(shop, {
    lines: [sku, sku + 1].map((each) => ({ sku: each, quantity: 1, unitPrice })),
  });
  await act(shop, orderId, "P", "payment successful");
  await act(shop, orderId, "S", "ship the order");
  await act(shop, orderId, "B", "confirm reception of order");
  const { atMs: receivedMs } = await lastStep(shop, orderId);
  await act(shop, orderId, "B", "request refund", sku);
  const { atMs: heldMs } = await lastStep(shop, orderId);
  expect(await dueTimes(shop, orderId)).toMatchObject({ no_refund_request: 0 });
  await act(shop, orderId, "B", "cancel refund request", sku);
  const { atMs: resumedMs } = await lastStep(shop, orderId);
  const { no_refund_request: due = 0 } = await dueTimes(shop, orderId);
  // What is left of a timer is kept in milliseconds.
  expect(Math.abs(due - (receivedMs + waits.refunds + resumedMs - heldMs))).toBeLessThanOrEqual(2);
}

async function expectStillWaiting(shop: Shop, waiting: ReadonlyMap<bigint, Record<string, number>>) {
  for (const [orderId, due] of waiting) {
    expect(await dueTimes(shop, orderId)).toEqual(due);
  }
}

/** What is due soon fires, and not before its time. */
async function expectSoonFires(shop: Shop): Promise<void> {
  const late = await place(shop, { paymentWindow: { seconds: 1n, nanos: 0 } });
  const { orderId: simple } = await place(shop, { workflow: "simple" });
  await act(shop, simple, "P", "payment successful");
  const { atMs: paidMs } = await lastStep(shop, simple);
  const expiresMs = (await databaseMs(shop)) + 5_000;
  const voucher = await placeVoucher(shop, expiresMs);
  await act(shop, voucher, "P", "payment successful");
  await eventually(
    async () => {
      const ended = await Promise.all([late.orderId, simple, voucher].map((id) => lastStep(shop, id)));
      expect(ended).toMatchObject([
        { status: OrderStatus.CANCELED, cancelReason: CancelReason.PAYMENT_DEADLINE },
        { status: OrderStatus.DELIVERED },
        { status: OrderStatus.COMPLETED },
      ]);
      const [canceled, delivered, expired] = ended.map(({ atMs }) => atMs);
      expect(canceled).toBeGreaterThanOrEqual(ms(late.paymentDueTime));
      expect(delivered).toBeGreaterThanOrEqual(paidMs + 100);
      expect(expired).toBeGreaterThanOrEqual(Math.floor(expiresMs));
    },
    { timeoutMs: 60_000 },
  );
}

async function placeVoucher(shop: Shop, validUntilMs: number): Promise<bigint> {
  const { orderId } = await place(shop, {
    workflow: "service",
    voucher: {
      serviceTimes: 2,
      unitPrice: { currencyCode: "EUR", amountMinor: 500n },
      validUntilTime: timestampFromDate(new Date(validUntilMs)),
      mobile: "+4915112345678",
    },
  });
  return orderId;
}

async function expectVouchersByTheDatabase(shop: Shop): Promise<void> {
  const nowMs = await databaseMs(shop);
  const orderId = await placeVoucher(shop, nowMs + 60 * 60_000);
  await act(shop, orderId, "P", "payment successful");
  const { codes, terms } = await shop.orders.getVoucher({ orderId });
  const [first, second] = codes.map(({ code }) => code);
  const used = await shop.orders.validateVoucherCode({ code: first ?? "" });
  expect(used.result).toBe(VoucherValidation.VALIDATED);
  expect(await dueTimes(shop, orderId)).toEqual({ voucher_expiry: ms(terms?.validUntilTime) });

  for (const validUntilMs of [nowMs - 60 * 60_000, nowMs + 20 * 365 * dayMs + 60 * 60_000]) {
    const refused = await placeVoucher(shop, validUntilMs).catch(ConnectError.from);
    expect(refused, new Date(validUntilMs).toISOString()).toMatchObject({ code: Code.InvalidArgument });
  }
  // Expired a moment ago, before its timer has had a look.
  await shop.sql`update voucher_terms set valid_until = now() where order_id = ${`${orderId}`}`;
  const expired = await shop.orders.validateVoucherCode({ code: second ?? "" });
  expect(expired.result).toBe(VoucherValidation.ALREADY_EXPIRED);
  await shop.sql`update voucher_terms set valid_until = ${timestampDate(terms?.validUntilTime ?? timestampFromDate(new Date(0)))}
    where order_id = ${`${orderId}`}`;
}

/** The variables of a process whose clock is off, and a way to know that it is. */
async function shiftedClock(offsetsMs: readonly number[]) {
  const folder = await mkdtemp(join(tmpdir(), "ordermesh-clock-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const clockFile = join(folder, "clock");
  return {
    environment: {
      NODE_OPTIONS: `--require ${JSON.stringify(fileURLToPath(new URL("./shift-clock.cjs", import.meta.url)))}`,
      CLOCK_OFFSETS_MS: offsetsMs.join(),
      CLOCK_FILE: clockFile,
    },
    /** Waits until the process shows such a time. */
    untilOffBy: (offsetMs: number) =>
      eventually(async () => {
        const [offset, shown = ""] = (await readFile(clockFile, "utf8")).split(" ");
        expect(offset).toBe(`${offsetMs}`);
        expect(Math.abs(Date.parse(shown) - Date.now() - offsetMs)).toBeLessThan(dayMs);
      }),
  };
}

test.each([
  ["weeks ahead, then weeks behind", [offMs, -offMs]],
  ["weeks behind, then weeks ahead", [-offMs, offMs]],
])("a clock that is %s changes nothing", async (_, offsets) => {
  const clock = await shiftedClock(offsets);
  const installation = await startInstallation({
    replicas: { loms: 1, product: 0, checkout: 0, notifications: 0 },
    environment: {
      loms: {
        ...clock.environment,
        TIMERS_EVERY_MS: "20",
        PAYMENT_WINDOW_MS: `${windowMs}`,
        WORKFLOW_DELIVERY_MS: "100",
        VOUCHER_KEY: randomBytes(32).toString("base64"),
      },
    },
  });
  onTestFinished(installation.stop);
  const orders = await installation.client(LomsService, "loms");
  const sql = postgres(installation.databaseUrls.loms, { max: 1, onnotice: () => {} });
  onTestFinished(() => sql.end());
  const shop = { orders, sql };
  await orders.receiveStock({
    idempotencyKey: "receive",
    receipts: [sku, sku + 1].map((each) => ({ sku: each, warehouseId: 1n, quantity: 1_000 })),
  });

  const started: ReadonlyMap<bigint, Record<string, number>>[] = [];
  for (const offset of offsets) {
    await clock.untilOffBy(offset);
    started.push(await startWaits(shop));
    await expectHeldAndResumed(shop);
    await expectVouchersByTheDatabase(shop);
    await expectSoonFires(shop);
    for (const waiting of started) {
      await expectStillWaiting(shop, waiting);
    }
    process.kill(installation.services.loms[0]?.pid ?? 0, "SIGUSR2");
  }
  const examined = await installation.expectVerifyClean();
  expect(Object.values(examined).some((count) => count > 10)).toBe(true);
});

test.each([
  ["ahead", 3 * offMs],
  ["behind", -3 * offMs],
])(
  "cards are taken, and their tokens last, by the database's clock: a process months %s",
  async (_, offset) => {
    const clock = await shiftedClock([offset]);
    const database = await freshDatabase();
    onTestFinished(database.drop);
    const payments = await startServiceProcess("payments", {
      ...clock.environment,
      PAYMENTS_DATABASE_URL: database.url,
      KAFKA_BROKERS: kafkaBrokers().join(),
    });
    onTestFinished(async () => void (await payments.stop()));
    await clock.untilOffBy(offset);
    const { client, close } = await openGrpcClient(PaymentsService, `127.0.0.1:${payments.port}`);
    onTestFinished(close);
    const tokenise = (monthsAhead: number) => {
      const expiry = new Date(new Date().setUTCDate(1) + monthsAhead * 31 * dayMs);
      const [expiryMonth, expiryYear] = [expiry.getUTCMonth() + 1, expiry.getUTCFullYear()];
      const card = { number: "4242424242424242", expiryMonth, expiryYear, code: "123" };
      return client.createPaymentMethod({ userId: 1n, card });
    };
    const { expiresTime } = await tokenise(0);
    expect(Math.abs(ms(expiresTime) - Date.now() - dayMs)).toBeLessThan(dayMs / 2);
    await expect(tokenise(-2)).rejects.toMatchObject({ code: Code.InvalidArgument });
  },
);
