import { pause } from "@ordermesh/process/wait";
import { freshDatabase } from "@ordermesh/testkit/fresh-database";
import { type OwnBroker, startOwnBroker } from "@ordermesh/testkit/own-broker";
import postgres from "postgres";
import { expect, onTestFinished, test } from "vitest";
import { hasApacheKafka, startApacheKafka } from "../harness/apache-kafka.ts";
import { type FaultRun, faultRun } from "../harness/fault-run.ts";
import { startLomsReplicas } from "../harness/loms-replicas.ts";
import { createNotificationsGroup } from "../harness/notifications-group.ts";
import { expectEachNotifiedOnce } from "../harness/notified.ts";
import { receiveStock, startOrderLoad } from "../harness/order-load.ts";

/*
 * F16: processes of notifications join their consumer group and are killed, over and over, while events come in. The
 * group moves partitions from one to another all the time, also away from members that are at work on them. Each event
 * still has one effect, and those of one order come in its order.
 */

const skus = Array.from({ length: 20 }, (_, index) => index + 1);
const rounds = { short: 3, whole: 3, long: 60 };
const onDevkafka = faultRun("rebalance storm on devkafka", rounds);
const onApacheKafka = faultRun("rebalance storm on Apache Kafka", rounds);

test(
  "a storm of rebalances loses nothing and repeats no effect, on devkafka",
  {
    timeout: onDevkafka.timeoutMs(30_000),
  },
  () => storm(onDevkafka, startOwnBroker),
);

test.skipIf(!hasApacheKafka("rebalance storm"))(
  "a storm of rebalances loses nothing and repeats no effect, on Apache Kafka",
  { timeout: onApacheKafka.timeoutMs(30_000) },
  () => storm(onApacheKafka, () => startApacheKafka(1)),
);

async function storm(run: FaultRun, startBroker: () => Promise<OwnBroker>): Promise<void> {
  const { random } = run;
  const broker = await startBroker();
  const loms = await startLomsReplicas(1, {}, broker);
  onTestFinished(loms.stop);
  const database = await freshDatabase();
  onTestFinished(database.drop);
  const group = createNotificationsGroup(database.url, broker.brokers);
  onTestFinished(group.stop);
  await Promise.all([group.join(), group.join()]);

  await receiveStock(loms.orders, skus, 1_000_000);
  const pauseMs = () => random.integer(0, 100);
  const load = startOrderLoad({ orders: loms.orders, random, skus, workers: 5, pauseMs });
  onTestFinished(load.abandon);
  for (let change = 0; change < run.rounds; change += 1) {
    await load.untilMoreTurns(random.integer(20, 100));
    if (change % 2 === 0) {
      // Not waited for, so that what comes next hits the group while it makes room.
      group.join().catch(() => {});
    } else {
      await group.removeOne(random, change % 6 === 5 ? "leaving" : "killed");
    }
    await pause(run.isLong ? random.integer(0, 5_000) : 0);
  }
  await load.stop();
  const handled = await count(database.url, "inbox");
  await group.settle();

  const events = await count(loms.database.url, "order_history");
  await expectEachNotifiedOnce(database.url, events);
  run.report({
    joins: group.joins(),
    kills: group.kills(),
    leaves: group.leaves(),
    events,
    "of them handled during the storm": handled,
  });
  expect(group.joins()).toBeGreaterThan(2);
  expect(group.kills()).toBeGreaterThan(0);
  await loms.expectVerifyClean(database.url);
}

async function count(databaseUrl: string, table: string): Promise<number> {
  const sql = postgres(databaseUrl, { max: 1, onnotice: () => {} });
  try {
    const [row] = await sql<{ count: number }[]>`select count(*)::int from ${sql(table)}`;
    return row?.count ?? 0;
  } finally {
    await sql.end({ timeout: 5 });
  }
}
