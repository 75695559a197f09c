import { LomsService } from "@ordermesh/proto/ordermesh/loms/v1/loms_pb";
import { eventually } from "@ordermesh/testkit/eventually";
import postgres from "postgres";
import { expect, onTestFinished } from "vitest";
import type { FaultRun } from "./fault-run.ts";
import { openGrpcClient } from "./grpc-client.ts";
import type { LomsReplicas } from "./loms-replicas.ts";
import { startNotificationsReplicas } from "./notifications-replicas.ts";
import { expectEachNotifiedOnce } from "./notified.ts";
import { expectAllStored, receiveStock, startOrderLoad } from "./order-load.ts";
import { readOrderSightings } from "./order-sightings.ts";

const skus = Array.from({ length: 20 }, (_, index) => index + 1);

/**
 * Breaks and heals the broker in rounds while buyers place, pay and cancel orders, each call once and never repeated:
 * the first that fails, fails the test. Afterwards every event is on the topic, first seen in the order of its order's
 * changes, and has had one effect.
 *
 * @param options.breakBroker does damage, and returns what mends it.
 * @returns what was seen, for the report of the test.
 */
export async function placeOrdersThroughBrokerFaults(options: {
  readonly run: FaultRun;
  readonly loms: LomsReplicas;
  readonly replicas: number;
  readonly breakBroker: (round: number) => Promise<() => Promise<void>>;
}): Promise<Record<string, number>> {
  const { run, loms, breakBroker } = options;
  const { database, broker } = loms;
  const addresses = loms.replicas.map(({ address }) => `127.0.0.1:${address.port}`);
  const { client: orders, close } = await openGrpcClient(LomsService, addresses.join(","), {
    retries: false,
  });
  onTestFinished(close);
  const sql = postgres(database.url, { max: 1, onnotice: () => {} });
  onTestFinished(() => sql.end({ timeout: 5 }));
  const notifications = await startNotificationsReplicas(options.replicas, broker.brokers);
  onTestFinished(notifications.stop);

  await receiveStock(orders, skus, 1_000_000);
  const { random } = run;
  const pauseMs = () => random.integer(0, 100);
  const load = startOrderLoad({ orders, random, skus, workers: 10, retriesMax: 0, pauseMs });
  onTestFinished(load.abandon);
  let waitingMax = 0;
  for (let round = 0; round < run.rounds; round += 1) {
    await load.untilMoreTurns(random.integer(20, 100));
    const mend = await breakBroker(round);
    await load.untilMoreTurns(random.integer(50, 100));
    waitingMax = Math.max(waitingMax, await countWaiting(sql));
    await mend();
    await untilRelayed(sql, await newestWaiting(sql));
  }
  await load.untilMoreTurns(20);
  await load.stop();
  await untilRelayed(sql, await newestWaiting(sql));

  const [history] = await sql<{ rows: number }[]>`select count(*)::int as rows from order_history`;
  const { events, repeats, outOfOrder } = await readOrderSightings(broker.brokers);
  expect(outOfOrder).toEqual([]);
  expect(events).toBe(history?.rows);
  await expectEachNotifiedOnce(notifications.databaseUrl, events);
  await expectAllStored(orders, load);
  await loms.expectVerifyClean(notifications.databaseUrl);
  return {
    orders: load.answers.size,
    calls: load.calls(),
    "ms the slowest call": load.slowestMs(),
    events,
    "events sent again": repeats,
    "events that waited at most": waitingMax,
  };
}

async function countWaiting(sql: postgres.Sql): Promise<number> {
  const [row] = await sql<{ count: number }[]>`select count(*)::int from outbox`;
  return row?.count ?? 0;
}

async function newestWaiting(sql: postgres.Sql): Promise<string> {
  const [row] = await sql<{ id: string }[]>`select coalesce(max(id), 0)::text as id from outbox`;
  return row?.id ?? "0";
}

/** Waits until everything that was in the outbox by then has left it. */
async function untilRelayed(sql: postgres.Sql, newestId: string): Promise<void> {
  await eventually(
    async () => expect(await sql`select id from outbox where id <= ${newestId}::bigint limit 1`).toEqual([]),
    { timeoutMs: 60_000, everyMs: 50 },
  );
}
