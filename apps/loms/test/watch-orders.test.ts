import { Code, ConnectError } from "@connectrpc/connect";
import { OrderStatus } from "@ordermesh/proto/ordermesh/loms/v1/order_pb";
import { eventually } from "@ordermesh/testkit/eventually";
import { seededRandom } from "@ordermesh/testkit/seeded-random";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type LomsHarness, startLomsHarness } from "./loms-harness.ts";

let harness: LomsHarness;

beforeAll(async () => {
  harness = await startLomsHarness();
  await harness.orders.receiveStock({
    idempotencyKey: "receive",
    receipts: [{ sku: 1, warehouseId: 1n, quantity: 100_000 }],
  });
});

afterAll(async () => {
  await harness.stop();
});

let nextKey = 0;
function createOrder(userId = 1n) {
  nextKey += 1;
  return harness.orders.createOrder({
    userId,
    idempotencyKey: `${nextKey}`,
    lines: [{ sku: 1, quantity: 1 }],
  });
}

/** Follows the stream in the background, keeping what it says, until it is stopped. */
function follow(request: { cursor?: string; userId?: bigint; orderId?: bigint } = {}) {
  const stopping = new AbortController();
  const seen: { orderId: bigint; version: number; status: OrderStatus }[] = [];
  const state = { cursor: request.cursor ?? "", resyncs: 0, started: false };
  const options = { signal: stopping.signal, timeoutMs: Number.POSITIVE_INFINITY };
  const ended = (async () => {
    for await (const { cursor, update } of harness.orders.watchOrders(request, options)) {
      state.cursor = cursor;
      state.started = true;
      if (update.case === "change") {
        const { orderId, version, status } = update.value;
        seen.push({ orderId, version, status });
      }
      state.resyncs += update.case === "resync" ? 1 : 0;
    }
  })().catch((error) => ConnectError.from(error));
  return {
    seen,
    state,
    ended,
    async stop() {
      stopping.abort();
      await ended;
    },
  };
}

test("a watcher sees every change from now on, in order", async () => {
  const watcher = follow();
  await eventually(() => expect(watcher.state.started).toBe(true));
  const { orderId } = await createOrder();
  await harness.orders.payOrder({ orderId });
  await eventually(() =>
    expect(watcher.seen).toEqual([
      { orderId, version: 1, status: OrderStatus.NEW },
      { orderId, version: 2, status: OrderStatus.AWAITING_PAYMENT },
      { orderId, version: 3, status: OrderStatus.PAID },
    ]),
  );
  await watcher.stop();
});

test("a watcher may follow one user or one order", async () => {
  const ofUser = follow({ userId: 77n });
  await eventually(() => expect(ofUser.state.started).toBe(true));
  const other = await createOrder(78n);
  const mine = await createOrder(77n);
  const ofOrder = follow({ orderId: mine.orderId });
  await eventually(() => expect(ofOrder.state.started).toBe(true));
  await harness.orders.payOrder({ orderId: other.orderId });
  await harness.orders.cancelOrder({ orderId: mine.orderId });
  await eventually(() => expect(ofUser.seen.map((change) => change.version)).toEqual([1, 2, 3]));
  await eventually(() => expect(ofOrder.seen).toMatchObject([{ orderId: mine.orderId, version: 3 }]));
  await Promise.all([ofUser.stop(), ofOrder.stop()]);
});

test("a stream that is dropped again and again has no gap and no repeat", async () => {
  const random = seededRandom("watch orders");
  const first = follow();
  await eventually(() => expect(first.state.started).toBe(true));
  let { cursor } = first.state;
  await first.stop();

  const expected = new Set<string>();
  const placing = (async () => {
    for (let index = 0; index < 150; index += 1) {
      const orders = await Promise.all([createOrder(5n), createOrder(5n), createOrder(5n)]);
      await Promise.all(orders.map(({ orderId }) => harness.orders.payOrder({ orderId })));
      for (const { orderId } of orders) {
        for (const version of [1, 2, 3]) {
          expected.add(`${orderId}/${version}`);
        }
      }
    }
  })();

  const seen: string[] = [];
  let drops = 0;
  let placed = false;
  placing.finally(() => {
    placed = true;
  });
  for (; !placed || seen.length < expected.size; drops += 1) {
    const watcher = follow({ cursor, userId: 5n });
    const wanted = random.integer(0, 40);
    await eventually(
      () => expect(watcher.state.started && (watcher.seen.length >= wanted || placed)).toBe(true),
      {
        everyMs: 1,
      },
    );
    if (placed) {
      await eventually(() => expect(seen.length + watcher.seen.length).toBeGreaterThanOrEqual(expected.size));
    }
    await watcher.stop();
    cursor = watcher.state.cursor;
    seen.push(...watcher.seen.map(({ orderId, version }) => `${orderId}/${version}`));
    expect(watcher.state.resyncs).toBe(0);
  }
  await placing;
  process.stdout.write(`watch orders: ${drops} drops, ${seen.length} changes\n`);
  expect(drops).toBeGreaterThan(5);
  expect(seen.length).toBe(new Set(seen).size);
  expect(new Set(seen)).toEqual(expected);
});

test("a cursor of another database asks to resync and goes on; a malformed one is refused", async () => {
  const watcher = follow();
  await eventually(() => expect(watcher.state.started).toBe(true));
  await watcher.stop();
  const foreign = Buffer.from(
    Buffer.from(watcher.state.cursor, "base64url")
      .toString()
      .replace(/^[0-9a-f]{8}/, "00000000"),
  ).toString("base64url");
  const resumed = follow({ cursor: foreign });
  await eventually(() => expect(resumed.state.resyncs).toBe(1));
  const { orderId } = await createOrder();
  await eventually(() => expect(resumed.seen.map((change) => change.orderId)).toContain(orderId));
  await resumed.stop();

  const refused = await follow({ cursor: "nonsense" }).ended;
  expect(refused).toMatchObject({ code: Code.InvalidArgument });
});

test("a server that goes down ends its streams with UNAVAILABLE", async () => {
  const own = await startLomsHarness();
  const stream = own.orders.watchOrders({}, { timeoutMs: Number.POSITIVE_INFINITY })[Symbol.asyncIterator]();
  await stream.next();
  const ended = stream.next().catch((error) => ConnectError.from(error).code);
  await own.stop();
  expect(await ended).toBe(Code.Unavailable);
});
