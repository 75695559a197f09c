import { Code, ConnectError } from "@connectrpc/connect";
import { ErrorInfoSchema, PreconditionFailureSchema } from "@ordermesh/proto/google/rpc/error_details_pb";
import { eventually } from "@ordermesh/testkit/eventually";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type LomsHarness, startLomsHarness } from "./loms-harness.ts";

let harness: LomsHarness;
let nextSku = 1;

beforeAll(async () => {
  harness = await startLomsHarness();
});

afterAll(async () => {
  await harness.stop();
});

async function stock(...quantities: number[]): Promise<number> {
  nextSku += 1;
  await harness.orders.receiveStock({
    idempotencyKey: `receive ${nextSku}`,
    receipts: quantities.map((quantity, index) => ({
      sku: nextSku,
      warehouseId: BigInt(index + 1),
      quantity,
    })),
  });
  return nextSku;
}

async function level(sku: number) {
  const { stockLevels } = await harness.orders.listStockLevels({ sku });
  return stockLevels.map(({ onHand, reserved, available }) => [onHand, reserved, available]);
}

let nextKey = 0;
function reserve(sku: number, quantity: number, seconds = 60n, idempotencyKey = `reserve ${nextKey++}`) {
  return harness.inventory.reserve({
    lines: [{ sku, quantity }],
    ttl: { seconds, nanos: 0 },
    idempotencyKey,
  });
}

async function reasonOf(call: Promise<unknown>): Promise<[Code, string | undefined]> {
  const error = ConnectError.from(
    await call.then(
      () => new Error("It succeeded."),
      (thrown) => thrown,
    ),
  );
  return [error.code, error.findDetails(ErrorInfoSchema)[0]?.reason];
}

test("a reservation holds units, and committing it takes them out of the warehouse", async () => {
  const sku = await stock(2, 5);
  const reserved = await reserve(sku, 4);
  expect(reserved.allocations).toMatchObject([
    { sku, warehouseId: 1n, quantity: 2 },
    { sku, warehouseId: 2n, quantity: 2 },
  ]);
  expect(await level(sku)).toEqual([
    [2, 2, 0],
    [5, 2, 3],
  ]);
  const { reservationId } = reserved;
  expect(await harness.inventory.commitReservation({ reservationId })).toMatchObject({ changed: true });
  expect(await harness.inventory.commitReservation({ reservationId })).toMatchObject({ changed: false });
  expect(await level(sku)).toEqual([
    [0, 0, 0],
    [3, 0, 3],
  ]);
  expect(await reasonOf(harness.inventory.releaseReservation({ reservationId }))).toEqual([
    Code.FailedPrecondition,
    "RESERVATION_COMMITTED",
  ]);
});

test("a released reservation gives its units back, once", async () => {
  const sku = await stock(5);
  const { reservationId } = await reserve(sku, 3);
  expect(await harness.inventory.releaseReservation({ reservationId })).toMatchObject({ changed: true });
  expect(await harness.inventory.releaseReservation({ reservationId })).toMatchObject({ changed: false });
  expect(await level(sku)).toEqual([[5, 0, 5]]);
  expect(await reasonOf(harness.inventory.commitReservation({ reservationId }))).toEqual([
    Code.FailedPrecondition,
    "RESERVATION_RELEASED",
  ]);
});

test("a reservation that nobody resolves expires, and can not be committed then", async () => {
  const sku = await stock(5);
  const { reservationId } = await reserve(sku, 3, 1n);
  expect(await level(sku)).toEqual([[5, 3, 2]]);
  await eventually(async () => expect(await level(sku)).toEqual([[5, 0, 5]]));
  expect(await reasonOf(harness.inventory.commitReservation({ reservationId }))).toEqual([
    Code.FailedPrecondition,
    "RESERVATION_EXPIRED",
  ]);
});

test("stock that is short reserves nothing and tells what there is", async () => {
  const plenty = await stock(9);
  const scarce = await stock(1);
  const error = ConnectError.from(
    await harness.inventory
      .reserve({
        lines: [
          { sku: plenty, quantity: 1 },
          { sku: scarce, quantity: 2 },
        ],
        ttl: { seconds: 60n, nanos: 0 },
        idempotencyKey: "short",
      })
      .catch((thrown) => thrown),
  );
  expect(error.code).toBe(Code.FailedPrecondition);
  expect(error.findDetails(PreconditionFailureSchema)[0]?.violations).toMatchObject([
    { subject: `sku/${scarce}`, description: "2 requested, 1 available" },
  ]);
  expect(await level(plenty)).toEqual([[9, 0, 9]]);
});

test("the same key returns the same reservation; another request with it is refused", async () => {
  const sku = await stock(9);
  const first = await reserve(sku, 2, 60n, "one intent");
  const again = await reserve(sku, 2, 60n, "one intent");
  expect(again).toMatchObject({
    reservationId: first.reservationId,
    replayed: true,
    allocations: first.allocations,
  });
  expect(await reasonOf(reserve(sku, 3, 60n, "one intent"))).toEqual([
    Code.InvalidArgument,
    "IDEMPOTENCY_KEY_REUSED",
  ]);
  expect(await level(sku)).toEqual([[9, 2, 7]]);
});

test("orders and reservations share one stock", async () => {
  const sku = await stock(5);
  await reserve(sku, 3);
  const order = await harness.orders.createOrder({
    userId: 1n,
    idempotencyKey: "o",
    lines: [{ sku, quantity: 3 }],
  });
  expect(order.shortages).toMatchObject([{ sku, requested: 3, available: 2 }]);
  const { availabilities } = await harness.inventory.getAvailability({ skus: [sku, 4_000_000, sku] });
  expect(availabilities.map(({ available, known }) => [available, known])).toEqual([
    [2n, true],
    [0n, false],
    [2n, true],
  ]);
});

test("a delivery counts once, however often it is sent", async () => {
  const sku = await stock(5);
  const delivery = { idempotencyKey: "delivery", receipts: [{ sku, warehouseId: 1n, quantity: 4 }] };
  expect((await harness.orders.receiveStock(delivery)).replayed).toBe(false);
  expect((await harness.orders.receiveStock(delivery)).replayed).toBe(true);
  expect(await level(sku)).toEqual([[9, 0, 9]]);
  const other = { ...delivery, receipts: [{ sku, warehouseId: 1n, quantity: 5 }] };
  expect(await reasonOf(harness.orders.receiveStock(other))).toEqual([
    Code.InvalidArgument,
    "IDEMPOTENCY_KEY_REUSED",
  ]);
});

test("unknown reservations are named", async () => {
  expect(await reasonOf(harness.inventory.commitReservation({ reservationId: 5n }))).toEqual([
    Code.NotFound,
    "RESERVATION_NOT_FOUND",
  ]);
});
