import { randomUUID } from "node:crypto";
import type { Client } from "@connectrpc/connect";
import { CheckoutService } from "@ordermesh/proto/ordermesh/checkout/v1/checkout_pb";
import { InventoryService } from "@ordermesh/proto/ordermesh/loms/v1/inventory_pb";
import { LomsService } from "@ordermesh/proto/ordermesh/loms/v1/loms_pb";
import { ProductService } from "@ordermesh/proto/ordermesh/product/v1/product_pb";
import { startTcpProxy, type TcpProxy } from "@ordermesh/testkit/tcp-proxy";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { type FaultRun, faultRun } from "../harness/fault-run.ts";
import { openGrpcClient } from "../harness/grpc-client.ts";
import { type Installation, startInstallation } from "../harness/installation.ts";
import { startLoad } from "../harness/load.ts";
import { addProducts } from "../harness/purchase-load.ts";

/*
 * F11: what a client asked for is done, and the answer is lost on its way. The client can not know, and asks again with
 * the same key: it must get the first result, and nothing may be done twice.
 */

let installation: Installation;
let orders: Client<typeof LomsService>;
let clientLink: TcpProxy;
let checkoutLink: TcpProxy;

beforeAll(async () => {
  installation = await startInstallation({
    replicas: { notifications: 0 },
    environment: { checkout: { CACHE_TTL_MS: "1" } },
    async lomsAddress(address) {
      const target = { host: "127.0.0.1", port: Number(address.split(":")[1]) };
      clientLink = await startTcpProxy(target);
      checkoutLink = await startTcpProxy(target);
      return `127.0.0.1:${checkoutLink.port}`;
    },
  });
  orders = await installation.client(LomsService, "loms");
});

afterAll(async () => {
  await installation?.stop();
  await Promise.all([clientLink, checkoutLink].map((link) => link?.close()));
});

/** Has the link lose the answer of the next call. */
function loseNext(link: TcpProxy, { random }: FaultRun): void {
  // A few bytes may be a frame of HTTP/2's own, which is sent before the work is done; more are the answer, of which
  // there are at least 30: three frames of nine bytes each, and what is in them.
  link.loseReply(random.integer(1, 30));
}

const direct = faultRun("answers of LOMS to its clients lost", { short: 6, whole: 20, long: 1_000 });

test("what is repeated with the same key gets the first result", {
  timeout: direct.timeoutMs(1_000),
}, async () => {
  const linked = await openGrpcClient(LomsService, `127.0.0.1:${clientLink.port}`, { retries: false });
  onTestFinished(linked.close);
  const reserving = await openGrpcClient(InventoryService, `127.0.0.1:${clientLink.port}`, {
    retries: false,
  });
  onTestFinished(reserving.close);
  const inventory = reserving.client;
  let sku = 100;
  let replays = 0;

  const load = startLoad({
    workers: 1,
    async turn(_, attempt) {
      sku += 1;
      const lossy: Lossy = async (call) => {
        loseNext(clientLink, direct);
        const answer = await attempt(call);
        replays += ("replayed" in answer ? answer.replayed : !answer.changed) ? 1 : 0;
        return answer;
      };
      await lifeOf({ sku, lossy, loms: linked.client, inventory });
      const { stockLevels } = await orders.listStockLevels({ sku });
      expect(stockLevels).toMatchObject([{ onHand: 7, reserved: 0 }]);
      expect((await orders.listOrders({ userId: BigInt(sku) })).orders).toHaveLength(2);
    },
  });
  onTestFinished(load.abandon);
  while (clientLink.repliesLost() < direct.rounds) {
    await load.untilMoreTurns(1);
  }
  await load.stop();

  direct.report({
    "answers lost": clientLink.repliesLost(),
    "of work that was done": replays,
    retries: load.retries(),
    calls: load.calls(),
  });
  expect(replays).toBeGreaterThan(direct.rounds / 4);
  await installation.expectVerifyClean();
});

type Lossy = <Answer extends { replayed: boolean } | { changed: boolean }>(
  call: () => Promise<Answer>,
) => Promise<Answer>;

/** Everything that can be done to the stock of one SKU: in the end 7 of 10 units are left, and none is reserved. */
async function lifeOf(options: {
  readonly sku: number;
  readonly lossy: Lossy;
  readonly loms: Client<typeof LomsService>;
  readonly inventory: Client<typeof InventoryService>;
}): Promise<void> {
  const { sku, lossy, loms, inventory } = options;
  const receipts = [{ sku, warehouseId: 220n, quantity: 10 }];
  await lossy(() => loms.receiveStock({ idempotencyKey: `${sku}`, receipts }));
  const create = (quantity: number) =>
    lossy(() =>
      loms.createOrder({ userId: BigInt(sku), idempotencyKey: `${quantity}`, lines: [{ sku, quantity }] }),
    );
  const paid = await create(2);
  const canceled = await create(3);
  await lossy(() => loms.payOrder({ orderId: paid.orderId }));
  await lossy(() => loms.cancelOrder({ orderId: canceled.orderId }));
  const reserve = (quantity: number) => {
    const idempotencyKey = randomUUID();
    const ttl = { seconds: 3_600n, nanos: 0 };
    return lossy(() => inventory.reserve({ idempotencyKey, lines: [{ sku, quantity }], ttl }));
  };
  const committed = await reserve(1);
  const released = await reserve(4);
  await lossy(() => inventory.commitReservation({ reservationId: committed.reservationId }));
  await lossy(() => inventory.releaseReservation({ reservationId: released.reservationId }));
}

const nested = faultRun("answers of LOMS to checkout lost", { short: 6, whole: 20, long: 1_000 });

test("a purchase whose order was made and not heard of is the same order when it is repeated", {
  timeout: nested.timeoutMs(1_000),
}, async () => {
  const checkout = await installation.client(CheckoutService, "checkout", { retries: false });
  const sku = 1;
  await addProducts(await installation.client(ProductService, "product"), [sku]);
  const receipts = [{ sku, warehouseId: 220n, quantity: 1_000_000 }];
  await orders.receiveStock({ idempotencyKey: "for carts", receipts });
  let userId = 1_000_000n;
  let replays = 0;

  const load = startLoad({
    workers: 1,
    async turn(_, attempt) {
      userId += 1n;
      await attempt(() => checkout.addToCart({ userId, sku, quantity: 2 }));
      loseNext(checkoutLink, nested);
      const { orderId, replayed } = await attempt(() => checkout.purchase({ userId }));
      replays += replayed ? 1 : 0;
      expect((await orders.listOrders({ userId })).orders).toMatchObject([{ orderId }]);
      expect((await checkout.listCart({ userId })).lines).toEqual([]);
    },
  });
  onTestFinished(load.abandon);
  while (checkoutLink.repliesLost() < nested.rounds) {
    await load.untilMoreTurns(1);
  }
  await load.stop();

  nested.report({
    "answers lost": checkoutLink.repliesLost(),
    "of orders that were made": replays,
    "retries by the buyer": load.retries(),
    purchases: load.turns(),
  });
  expect(replays).toBeGreaterThan(nested.rounds / 4);
  await installation.expectVerifyClean();
});
