import { randomUUID } from "node:crypto";
import { Code, ConnectError } from "@connectrpc/connect";
import { pause } from "@ordermesh/process/wait";
import { LomsService } from "@ordermesh/proto/ordermesh/loms/v1/loms_pb";
import { OrderStatus } from "@ordermesh/proto/ordermesh/loms/v1/order_pb";
import { eventually } from "@ordermesh/testkit/eventually";
import { freshDatabase } from "@ordermesh/testkit/fresh-database";
import { startOwnBroker } from "@ordermesh/testkit/own-broker";
import { seededRandom } from "@ordermesh/testkit/seeded-random";
import { expect, test } from "vitest";
import { openGrpcClient } from "../harness/grpc-client.ts";
import { startServiceProcess } from "../harness/service-process.ts";
import { expectVerifyClean } from "../harness/verify-clean.ts";

/*
 * F01: LOMS is killed with SIGKILL at random moments while forty clients place, pay and cancel orders. Every client
 * repeats what got no answer, with the same key. Whatever was answered must be there afterwards, once.
 */

const rounds = Number(process.env.FAULT_ROUNDS ?? 4);
const workers = 40;
const skus = Array.from({ length: 20 }, (_, index) => index + 1);

test(`killed ${rounds} times under load, it loses nothing and does nothing twice`, async () => {
  const random = seededRandom("loms killed");
  const broker = await startOwnBroker();
  const database = await freshDatabase();
  const loms = await startServiceProcess("loms", {
    LOMS_DATABASE_URL: database.url,
    KAFKA_BROKERS: broker.brokers.join(","),
  });
  const { client, close } = await openGrpcClient(LomsService, `127.0.0.1:${loms.port}`);
  const stopping = new AbortController();
  const answers = new Map<bigint, OrderStatus>();
  let retries = 0;
  let replays = 0;

  /** Repeats a call until it is answered, as a client with an idempotency key may. */
  async function untilAnswered<Answer>(call: () => Promise<Answer>): Promise<Answer> {
    for (;;) {
      try {
        return await call();
      } catch (error) {
        const { code } = ConnectError.from(error);
        if (![Code.Unavailable, Code.DeadlineExceeded, Code.Canceled].includes(code)) {
          throw error;
        }
        retries += 1;
        await pause(20);
      }
    }
  }

  async function work(worker: number): Promise<void> {
    while (!stopping.signal.aborted) {
      const idempotencyKey = randomUUID();
      const lines = [{ sku: random.pick(skus), quantity: random.integer(1, 3) }];
      const created = await untilAnswered(() =>
        client.createOrder({ userId: BigInt(worker + 1), idempotencyKey, lines }),
      );
      replays += created.replayed ? 1 : 0;
      answers.set(created.orderId, created.status);
      if (created.status === OrderStatus.AWAITING_PAYMENT) {
        const pays = random.next() < 0.5;
        await untilAnswered<unknown>(() =>
          pays
            ? client.payOrder({ orderId: created.orderId })
            : client.cancelOrder({ orderId: created.orderId }),
        );
        answers.set(created.orderId, pays ? OrderStatus.PAID : OrderStatus.CANCELED);
      }
    }
  }

  try {
    await client.receiveStock({
      idempotencyKey: "receive",
      receipts: skus.flatMap((sku) =>
        [220n, 221n].map((warehouseId) => ({ sku, warehouseId, quantity: 2_000 })),
      ),
    });
    const working = Promise.all(Array.from({ length: workers }, (_, worker) => work(worker)));
    for (let round = 0; round < rounds; round += 1) {
      const answered = answers.size + random.integer(50, 400);
      await eventually(() => expect(answers.size).toBeGreaterThan(answered), { everyMs: 1 });
      await loms.kill();
      await loms.restart();
    }
    const answered = answers.size;
    await eventually(() => expect(answers.size).toBeGreaterThan(answered));
    stopping.abort();
    await working;
    process.stdout.write(
      `loms killed: ${rounds} kills, ${answers.size} orders answered, ${retries} retries, ${replays} replays\n`,
    );
    expect(answers.size).toBeGreaterThan(rounds * 50);
    expect(retries).toBeGreaterThan(0);

    const stored = new Map<bigint, OrderStatus>();
    for (let pageToken = "", pages = 0; pages < 10_000; pages += 1) {
      const page = await client.listOrders({ pageSize: 500, pageToken });
      for (const order of page.orders) {
        stored.set(order.orderId, order.status);
      }
      pageToken = page.nextPageToken;
      if (pageToken === "") {
        break;
      }
    }
    expect(stored).toEqual(answers);
    await expectVerifyClean({ lomsDatabaseUrl: database.url, kafkaBrokers: broker.brokers });
  } finally {
    stopping.abort();
    close();
    await loms.stop();
    await broker.remove();
    await database.drop();
  }
});
