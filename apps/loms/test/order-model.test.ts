import { Code, ConnectError } from "@connectrpc/connect";
import { ErrorInfoSchema } from "@ordermesh/proto/google/rpc/error_details_pb";
import { OrderStatus } from "@ordermesh/proto/ordermesh/loms/v1/order_pb";
import { eventually } from "@ordermesh/testkit/eventually";
import { seededRandom } from "@ordermesh/testkit/seeded-random";
import fc from "fast-check";
import postgres from "postgres";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type LomsHarness, startLomsHarness } from "./loms-harness.ts";
import { createStockModel, type Hold, type ModelLine, type StockModel } from "./stock-model.ts";
import { readStockLevels } from "./stored-orders.ts";

/*
 * Any sequence of calls, in any order and with repetitions, against a model that fits a page: what is answered, and the
 * stock after every call, are the same. Time passes when a command says so: it moves the deadline in the tables.
 */

interface ModelOrder {
  readonly id: bigint;
  readonly lines: readonly ModelLine[];
  readonly hold: Hold;
  readonly born: OrderStatus;
  status: OrderStatus;
}

interface ModelReservation {
  readonly id: bigint;
  readonly hold: Hold;
  status: "held" | "committed" | "released" | "expired";
}

interface Model {
  readonly stock: StockModel;
  readonly orders: ModelOrder[];
  readonly reservations: ModelReservation[];
}

/** A run's own SKUs and keys, so that runs share tables and nothing else. */
interface Real {
  readonly skuOf: (index: number) => number;
  readonly keyOf: (number: number) => string;
  readonly levels: () => Promise<string[]>;
}

type Command = fc.AsyncCommand<Model, Real>;

let harness: LomsHarness;
let sql: postgres.Sql;
let nextKey = 0;
/** What must have been answered at some time. */
const answers = [
  ...["received", "order accepted", "order failed", "paid", "paid again", "payment refused", "paid too late"],
  ...["canceled", "canceled again", "cancellation refused", "order expired", "expiry of what is over"],
  ...["reserved", "reservation refused", "reservation committed", "reservation released"],
  ...["committed: refused as expired", "released: refused as expired"],
];
/** How often each of them was. */
const seen: Record<string, number> = {};

beforeAll(async () => {
  harness = await startLomsHarness({ timersEveryMs: 10 });
  sql = postgres(harness.database.url, { max: 1, onnotice: () => {} });
});

afterAll(async () => {
  await sql.end();
  await harness.stop();
});

function note(answer: string): void {
  seen[answer] = (seen[answer] ?? 0) + 1;
}

/** Compares the stock after each command. */
function command(
  name: string,
  isPossible: (model: Model) => boolean,
  run: (model: Model, real: Real) => Promise<void>,
): Command {
  return {
    check: isPossible,
    async run(model, real) {
      await run(model, real);
      expect(await real.levels()).toEqual(model.stock.levels());
    },
    toString: () => name,
  };
}

/** The code and reason of a call that must fail. */
async function refusalOf(call: Promise<unknown>): Promise<[Code, string | undefined]> {
  const error = ConnectError.from(
    await call.then(
      () => new Error("It succeeded."),
      (thrown) => thrown,
    ),
  );
  return [error.code, error.findDetails(ErrorInfoSchema)[0]?.reason];
}

const skuCount = 3;
const linesOf = fc.uniqueArray(
  fc.record({ sku: fc.integer({ min: 0, max: skuCount - 1 }), quantity: fc.integer({ min: 1, max: 4 }) }),
  { selector: ({ sku }) => sku, minLength: 1, maxLength: 3 },
);
const shift = (lines: readonly ModelLine[], real: Real) =>
  lines.map(({ sku, quantity }) => ({ sku: real.skuOf(sku), quantity })).sort((a, b) => a.sku - b.sku);
const any = () => true;
const hasOrders = (model: Model) => model.orders.length > 0;
const hasReservations = (model: Model) => model.reservations.length > 0;
/** One of the last three: what is older is mostly over. */
const pick = <Item>(items: readonly Item[], number: number): Item =>
  items[items.length - 1 - (number % Math.min(items.length, 3))]!;
const number = fc.nat({ max: 2 });

const receive = fc
  .record({
    sku: fc.integer({ min: 0, max: skuCount - 1 }),
    warehouse: fc.integer({ min: 1, max: 3 }),
    quantity: fc.integer({ min: 1, max: 10 }),
  })
  .map(({ sku, warehouse, quantity }) =>
    command(`receive(${sku}, ${warehouse}, ${quantity})`, any, async ({ stock }, real) => {
      const delivery = {
        idempotencyKey: real.keyOf(nextKey++),
        receipts: [{ sku: real.skuOf(sku), warehouseId: BigInt(warehouse), quantity }],
      };
      expect((await harness.orders.receiveStock(delivery)).replayed).toBe(false);
      expect((await harness.orders.receiveStock(delivery)).replayed).toBe(true);
      stock.receive(real.skuOf(sku), warehouse, quantity);
      note("received");
    }),
  );

const create = fc.record({ lines: linesOf, repeats: fc.boolean() }).map(({ lines, repeats }) =>
  command(`create(${JSON.stringify(lines)})`, any, async ({ stock, orders }, real) => {
    const request = { userId: 1n, idempotencyKey: real.keyOf(nextKey++), lines: shift(lines, real) };
    const hold = stock.hold(request.lines);
    const born = hold === undefined ? OrderStatus.FAILED : OrderStatus.AWAITING_PAYMENT;
    const created = await harness.orders.createOrder(request);
    expect(created).toMatchObject({ status: born, replayed: false });
    orders.push({ id: created.orderId, lines: request.lines, hold: hold ?? [], born, status: born });
    note(hold === undefined ? "order failed" : "order accepted");
    if (repeats) {
      const again = await harness.orders.createOrder(request);
      expect(again).toMatchObject({ orderId: created.orderId, status: born, replayed: true });
      const other = { ...request, lines: [...request.lines, { sku: real.skuOf(skuCount), quantity: 1 }] };
      expect(await refusalOf(harness.orders.createOrder(other))).toEqual([
        Code.InvalidArgument,
        "IDEMPOTENCY_KEY_REUSED",
      ]);
    }
  }),
);

const payRefusals: Partial<Record<OrderStatus, string>> = {
  [OrderStatus.FAILED]: "ORDER_FAILED",
  [OrderStatus.CANCELED]: "ORDER_CANCELED",
};

const pay = number.map((which) =>
  command(`pay(${which})`, hasOrders, async ({ stock, orders }) => {
    const order = pick(orders, which);
    const call = harness.orders.payOrder({ orderId: order.id });
    const refusal = payRefusals[order.status];
    if (refusal !== undefined) {
      expect(await refusalOf(call)).toEqual([Code.FailedPrecondition, refusal]);
      note("payment refused");
      return;
    }
    const isFirst = order.status === OrderStatus.AWAITING_PAYMENT;
    expect(await call).toMatchObject({ version: 3, changed: isFirst });
    if (isFirst) {
      stock.commit(order.hold);
    }
    order.status = OrderStatus.PAID;
    note(isFirst ? "paid" : "paid again");
  }),
);

const cancelRefusals: Partial<Record<OrderStatus, string>> = {
  [OrderStatus.FAILED]: "ORDER_FAILED",
  [OrderStatus.PAID]: "ORDER_PAID",
};

const cancel = number.map((which) =>
  command(`cancel(${which})`, hasOrders, async ({ stock, orders }) => {
    const order = pick(orders, which);
    const call = harness.orders.cancelOrder({ orderId: order.id });
    const refusal = cancelRefusals[order.status];
    if (refusal !== undefined) {
      expect(await refusalOf(call)).toEqual([Code.FailedPrecondition, refusal]);
      note("cancellation refused");
      return;
    }
    const isFirst = order.status === OrderStatus.AWAITING_PAYMENT;
    expect(await call).toMatchObject({ version: 3, changed: isFirst });
    if (isFirst) {
      stock.release(order.hold);
    }
    order.status = OrderStatus.CANCELED;
    note(isFirst ? "canceled" : "canceled again");
  }),
);

/** The deadline of an order, or the expiry of a reservation, and its timer, are a second ago. */
async function passTime(id: bigint): Promise<void> {
  await sql.begin(async (tx) => {
    // In the order in which the service locks them, whose timers may be firing: an order before its timers, a
    // reservation after its timer.
    await tx`update orders set payment_due_at = now() - interval '1 second' where id = ${`${id}`}::bigint`;
    await tx`update timers set due_at = now() - interval '1 second' where subject_id = ${`${id}`}::bigint`;
    await tx`update reservations set expires_at = now() - interval '1 second' where id = ${`${id}`}::bigint`;
  });
}

const letOrderExpire = fc.record({ which: number, pays: fc.boolean() }).map(({ which, pays }) =>
  command(`letOrderExpire(${which}${pays ? ", and pay late" : ""})`, hasOrders, async ({ stock, orders }) => {
    const order = pick(orders, which);
    await passTime(order.id);
    if (order.status !== OrderStatus.AWAITING_PAYMENT) {
      note("expiry of what is over");
      return;
    }
    if (pays) {
      // Whether the timer was faster is left open. The order is canceled either way.
      const [code, reason] = await refusalOf(harness.orders.payOrder({ orderId: order.id }));
      expect(code).toBe(Code.FailedPrecondition);
      expect(["PAYMENT_DEADLINE_PASSED", "ORDER_CANCELED"]).toContain(reason);
    }
    await eventually(
      async () => {
        const { order: found } = await harness.orders.getOrder({ orderId: order.id });
        expect(found?.status).toBe(OrderStatus.CANCELED);
      },
      { everyMs: 5 },
    );
    stock.release(order.hold);
    order.status = OrderStatus.CANCELED;
    note(pays ? "paid too late" : "order expired");
  }),
);

const reserve = linesOf.map((lines) =>
  command(`reserve(${JSON.stringify(lines)})`, any, async ({ stock, reservations }, real) => {
    const hold = stock.hold(shift(lines, real));
    const idempotencyKey = real.keyOf(nextKey++);
    const request = { lines: shift(lines, real), ttl: { seconds: 600n, nanos: 0 }, idempotencyKey };
    if (hold === undefined) {
      const refusal = await refusalOf(harness.inventory.reserve(request));
      expect(refusal).toEqual([Code.FailedPrecondition, "INSUFFICIENT_STOCK"]);
      note("reservation refused");
      return;
    }
    const { reservationId: id, allocations } = await harness.inventory.reserve(request);
    expect(allocations.map(({ sku, warehouseId, quantity }) => [sku, warehouseId, quantity])).toEqual(
      hold.map(({ shelf, quantity }) => [shelf.sku, BigInt(shelf.warehouseId), quantity]),
    );
    reservations.push({ id, hold, status: "held" });
    note("reserved");
  }),
);

const endReservation = fc
  .record({
    which: number,
    end: fc.constantFrom("committed" as const, "released" as const),
    late: fc.boolean(),
  })
  .map(({ which, end, late }) =>
    command(`${end}(${which}${late ? ", late" : ""})`, hasReservations, async ({ stock, reservations }) => {
      const reservation = pick(reservations, which);
      const { id: reservationId, hold } = reservation;
      if (late) {
        await passTime(reservationId);
      }
      const call =
        end === "committed"
          ? harness.inventory.commitReservation({ reservationId })
          : harness.inventory.releaseReservation({ reservationId });
      if (late && reservation.status === "held") {
        stock.release(hold);
        reservation.status = "expired";
      }
      const { status } = reservation;
      if (status !== "held" && status !== end) {
        expect(await refusalOf(call)).toEqual([
          Code.FailedPrecondition,
          `RESERVATION_${status.toUpperCase()}`,
        ]);
        note(`${end}: refused as ${status}`);
        return;
      }
      expect((await call).changed).toBe(status === "held");
      if (status === "held") {
        (end === "committed" ? stock.commit : stock.release)(hold);
      }
      reservation.status = end;
      note(status === "held" ? `reservation ${end}` : `reservation ${end} again`);
    }),
  );

test("any sequence of calls leaves what the model says", async () => {
  const { seed } = seededRandom("order model");
  let runs = 0;
  const commands = [receive, create, create, pay, cancel, letOrderExpire, reserve, endReservation];
  await fc.assert(
    fc.asyncProperty(fc.commands(commands, { maxCommands: 80, size: "max" }), async (sequence) => {
      runs += 1;
      const run = runs;
      const skuOf = (index: number) => run * 10 + index;
      const stock = createStockModel();
      const receipts = [0, 1, 2].map((index) => ({ sku: skuOf(index), warehouseId: 1n, quantity: 15 }));
      await harness.orders.receiveStock({ idempotencyKey: `run ${run}`, receipts });
      for (const { sku, quantity } of receipts) {
        stock.receive(sku, 1, quantity);
      }
      await fc.asyncModelRun(
        () => ({
          model: { stock, orders: [], reservations: [] },
          real: {
            skuOf,
            keyOf: (key) => `${run}/${key}`,
            levels: () => readStockLevels(sql, skuOf(0), skuOf(10)),
          },
        }),
        sequence,
      );
    }),
    { seed, numRuns: 25, interruptAfterTimeLimit: 45_000 },
  );
  const total = Object.values(seen).reduce((sum, count) => sum + count, 0);
  process.stdout.write(`order model: ${runs} runs, ${total} commands: ${JSON.stringify(seen)}\n`);
  // Sequences in which some answer never came would say nothing about it.
  expect(Object.keys(seen)).toEqual(expect.arrayContaining(answers));
});
