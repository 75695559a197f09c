import { openPipelinedSession, type PipelinedSession } from "@ordermesh/postgres/pipelined-session";
import { type FreshDatabase, freshDatabase } from "@ordermesh/testkit/fresh-database";
import postgres from "postgres";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type ChangeOutcome, type ChangeSettings, changeOrders } from "../src/change-orders.ts";
import { createOrders } from "../src/create-orders.ts";
import type { CancelReason, OrderStatus } from "../src/domain/order.ts";
import { type OrderCommand, orderCommands, takeCommand } from "../src/domain/order-command.ts";
import { draftOrder } from "../src/domain/order-draft.ts";
import { receiveStock } from "../src/stock.ts";
import { durationProfiles } from "../src/workflows/durations.ts";
import { product } from "../src/workflows/product.ts";
import { codeOfStatus, statusOfCode } from "../src/workflows/states.ts";
import { readStockLevels, readStoredOrders } from "./stored-orders.ts";

/*
 * Every status with every command, before and after the deadline, through PostgreSQL: what is answered, what each table
 * says afterwards, and what is told. The table of moves says what must come of it.
 */

interface Beginning {
  readonly status: OrderStatus;
  readonly cancelReason?: CancelReason;
  readonly isPastDeadline: boolean;
}

/** What is known of an order after some commands. */
interface Expectation {
  status: OrderStatus;
  cancelReason: CancelReason | undefined;
  version: number;
}

let fresh: FreshDatabase;
let session: PipelinedSession;
let sql: postgres.Sql;
let nextId = 1n;

const settings: ChangeSettings = { durations: durationProfiles.production, voucherKey: undefined };
const quantity = 3;
const received = 10_000;

beforeAll(async () => {
  fresh = await freshDatabase({ migrations: new URL("../migrations/", import.meta.url) });
  session = openPipelinedSession({ url: fresh.url, applicationName: "test", timeoutMs: 10_000 });
  sql = postgres(fresh.url, { max: 1, onnotice: () => {} });
  const receipt = { sku: 1, warehouseId: 1n, quantity: received };
  await session.transaction((tx) => receiveStock(tx, [receipt], "receive"));
});

afterAll(async () => {
  await sql.end();
  await session.close();
  await fresh.drop();
});

const stored: readonly Omit<Beginning, "isPastDeadline">[] = [
  { status: "awaiting_payment" },
  { status: "failed" },
  { status: "paid" },
  { status: "canceled", cancelReason: "requested" },
  { status: "canceled", cancelReason: "payment_deadline" },
];
const beginnings: readonly Beginning[] = stored.flatMap((beginning) =>
  [false, true].map((isPastDeadline) => ({ ...beginning, isPastDeadline })),
);

function change(orderIds: readonly bigint[], command: OrderCommand): Promise<ChangeOutcome[]> {
  const changes = orderIds.map((orderId) => ({ orderId, command, traceparent: "" }));
  return session.transaction((tx) => changeOrders(tx, changes, settings));
}

/** Moves the deadline of orders to the past. */
async function passDeadline(ids: readonly bigint[]): Promise<void> {
  await sql`update orders set payment_due_at = now() - interval '1 second' where id = any(${ids.map(String)}::bigint[])`;
}

/** An order for each beginning, brought there by the commands themselves. */
async function createOrdersFor(wanted: readonly Beginning[]): Promise<bigint[]> {
  const ids = wanted.map(() => nextId++);
  const orders = wanted.map(({ status }, index) => {
    const wantedQuantity = status === "failed" ? received + 1 : quantity;
    const line = { sku: 1, quantity: wantedQuantity, name: "", unitPrice: undefined };
    const request = {
      userId: 1n,
      idempotencyKey: `${ids[index]}`,
      lines: [line],
      paymentWindowMs: undefined,
    };
    return { draft: draftOrder(request, 600_000), traceparent: "" };
  });
  await session.transaction((tx) => createOrders(tx, orders, ids));
  const those = (belongs: (beginning: Beginning) => boolean) =>
    ids.filter((_, index) => belongs(wanted[index]!));
  await change(
    those(({ status }) => status === "paid"),
    "pay",
  );
  await change(
    those(({ cancelReason }) => cancelReason === "requested"),
    "cancel",
  );
  const late = those(({ cancelReason }) => cancelReason === "payment_deadline");
  await passDeadline(late);
  await change(late, "expire");
  await passDeadline(those(({ isPastDeadline }) => isPastDeadline));
  return ids;
}

/** The order as its workflow sees it. */
function snapshotOf({ status, version }: Expectation, isPastDeadline: boolean) {
  return {
    state: codeOfStatus(status),
    since: version,
    version,
    flags: [],
    capturedMinor: 0,
    items: [{ sku: 1, lineTotalMinor: 0, state: status === "paid" ? "FP" : "" }],
    facts: { stockIsReserved: status !== "failed", paymentIsInTime: !isPastDeadline },
  };
}

/** What the table of moves makes of one command, and what the caller must be told. */
function expectCommand(
  order: Expectation,
  command: OrderCommand,
  isPastDeadline: boolean,
  outcome: ChangeOutcome,
) {
  const decision = takeCommand(product, snapshotOf(order, isPastDeadline), command);
  if (decision.kind === "applied") {
    const [move] = decision.outcome.moves;
    expect(decision.outcome.moves).toHaveLength(1);
    order.status = statusOfCode(move!.orderState);
    order.cancelReason = move!.reason;
    order.version += 1;
  }
  const refusal =
    decision.kind === "refused" ? decision.reason : decision.kind === "applied" && decision.refusal;
  if (refusal) {
    expect(outcome.kind === "refused" && outcome.failure).toMatchObject({
      kind: "failed_precondition",
      details: { reason: refusal },
    });
  } else {
    const changed = decision.kind === "applied";
    expect(outcome).toEqual({ kind: "done", version: order.version, changed, workflow: "product" });
  }
}

function expectationOf({ status, cancelReason }: Beginning): Expectation {
  const isFinal = status === "paid" || status === "canceled";
  return { status, cancelReason, version: isFinal ? 3 : 2 };
}

/** All tables agree with what is expected of an order, and with each other. */
async function expectStored(ids: readonly bigint[], expected: readonly Expectation[]): Promise<void> {
  const found = await readStoredOrders(sql, ids);
  for (const [index, { status, cancelReason, version }] of expected.entries()) {
    const resolution =
      cancelReason === "payment_deadline" ? "expired" : status === "paid" ? "committed" : "released";
    const isOver = version === 3;
    const hasFailed = status === "failed";
    const lines = hasFailed ? `1 x ${received + 1}` : `1 x ${quantity}`;
    const lastEvent =
      status === "paid"
        ? `OrderPaid 3 ${lines}`
        : `OrderCanceled 3 ${lines} (${cancelReason?.toUpperCase()})`;
    const birth = hasFailed ? "failed" : "awaiting_payment";
    expect(found.get(`${ids[index]}`)).toMatchObject({
      status,
      version,
      cancelReason: cancelReason ?? null,
      history: [
        "1 new",
        `2 ${birth}`,
        ...(isOver ? [["3", status, cancelReason].filter(Boolean).join(" ")] : []),
      ],
      ledger: hasFailed
        ? []
        : [`1/1 x ${quantity} reserved`, ...(isOver ? [`1/1 x ${quantity} ${resolution}`] : [])],
      events: [
        `OrderCreated 1 ${lines}`,
        hasFailed ? expect.stringContaining("OrderFailed 2") : `OrderAwaitingPayment 2 ${lines}`,
        ...(isOver ? [lastEvent] : []),
      ],
    });
  }
}

/** The stock level follows from the orders. */
async function expectLevel(): Promise<void> {
  const [row] = await sql<{ paid: number; waiting: number }[]>`
    select count(*) filter (where status = 'paid')::int as paid,
      count(*) filter (where status = 'awaiting_payment')::int as waiting from orders`;
  const onHand = received - quantity * row!.paid;
  expect(await readStockLevels(sql, 1, 2)).toEqual([`1/1: ${onHand}, ${quantity * row!.waiting}`]);
}

const cells = beginnings.flatMap((beginning) => orderCommands.map((command) => ({ beginning, command })));

test.each(
  cells.map((cell) => ({
    ...cell,
    name: [cell.beginning.status, cell.beginning.cancelReason].join(" ").trim(),
  })),
)("$command on $name, past its deadline: $beginning.isPastDeadline", async ({ beginning, command }) => {
  const ids = await createOrdersFor([beginning]);
  const [outcome] = await change(ids, command);
  const expected = expectationOf(beginning);
  expectCommand(expected, command, beginning.isPastDeadline, outcome!);
  await expectStored(ids, [expected]);
  await expectLevel();
});

test("one and two commands on orders of every status, all in one batch", async () => {
  const commandLists = orderCommands.flatMap((first) => [
    [first],
    ...orderCommands.map((second) => [first, second]),
  ]);
  const wanted = beginnings.flatMap((beginning) => commandLists.map((commands) => ({ beginning, commands })));
  const ids = await createOrdersFor(wanted.map(({ beginning }) => beginning));
  // All first commands arrive before all second ones, as they would from two waves of callers.
  const changes = [0, 1].flatMap((turn) =>
    wanted.flatMap(({ commands }, index) => {
      const command = commands[turn];
      return command === undefined ? [] : [{ orderId: ids[index]!, command, index }];
    }),
  );
  const outcomes = await session.transaction((tx) =>
    changeOrders(
      tx,
      changes.map(({ orderId, command }) => ({ orderId, command, traceparent: "" })),
      settings,
    ),
  );
  const expected = wanted.map(({ beginning }) => expectationOf(beginning));
  for (const [position, { command, index }] of changes.entries()) {
    expectCommand(expected[index]!, command, wanted[index]!.beginning.isPastDeadline, outcomes[position]!);
  }
  expect(new Set(outcomes.map((outcome) => outcome.kind))).toEqual(new Set(["done", "refused"]));
  await expectStored(ids, expected);
  await expectLevel();
});

test("no order is stored as new, and none that does not exist is changed", async () => {
  const insert = sql`insert into orders (id, user_id, status, version, created_at, payment_due_at)
    values (${`${nextId++}`}, 1, 'new', 1, now(), now())`;
  await expect(insert).rejects.toThrow(/violates check constraint/);
  for (const command of orderCommands) {
    const [outcome] = await change([987_654_321n], command);
    expect(outcome?.kind === "refused" && outcome.failure.kind).toBe("not_found");
  }
});
