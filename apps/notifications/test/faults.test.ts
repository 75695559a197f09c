import { pause } from "@ordermesh/process/wait";
import { eventually } from "@ordermesh/testkit/eventually";
import { seededRandom } from "@ordermesh/testkit/seeded-random";
import { startTcpProxy } from "@ordermesh/testkit/tcp-proxy";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ordersTopic } from "../src/events/incoming.ts";
import { createNotificationsHarness, type NotificationsHarness } from "./notifications-harness.ts";
import { type OrderEventKind, orderRecord } from "./order-records.ts";

let harness: NotificationsHarness;
beforeEach(async () => {
  harness = await createNotificationsHarness();
});
afterEach(() => harness.close());

const kinds: readonly OrderEventKind[] = ["created", "awaiting_payment", "failed", "paid", "canceled"];

/** Publishes events up to `last`, some of them more than once, as a relay does that was killed a few times. */
async function publishEvents(
  last: number,
  random: ReturnType<typeof seededRandom>,
  from = 1,
): Promise<number> {
  let published = 0;
  for (let first = from; first <= last; first += 50) {
    const records = Array.from({ length: Math.min(50, last - first + 1) }, (_, index) => {
      const eventId = first + index;
      return orderRecord({
        eventId,
        kind: random.pick(kinds),
        userId: (eventId % 7) + 1,
        orderId: (eventId % 40) + 1,
      });
    });
    await harness.producer.publish(ordersTopic.name, records);
    published += records.length;
    if (random.next() < 0.3) {
      await harness.producer.publish(ordersTopic.name, records);
      published += records.length;
    }
    await pause(random.integer(0, 20));
  }
  return published;
}

/** Every event has one notification, one inbox row and one delivery on the log. */
async function expectEachEventOnce(count: number): Promise<void> {
  await eventually(async () => {
    const [row] = await harness.sql`select count(*)::int as count from inbox`;
    expect(row).toEqual({ count });
  });
  const [totals] = await harness.sql`
    select
      (select count(*)::int from notifications) as notifications,
      (select count(distinct event_id)::int from notifications) as events,
      (select count(*)::int from deliveries where channel = 'log') as deliveries`;
  expect(totals).toEqual({ notifications: count, events: count, deliveries: count });
  await eventually(async () => {
    const [row] = await harness.sql`
      select count(*)::int as delivered, max(attempts) as attempts from deliveries where status = 'delivered'`;
    expect(row!.delivered).toBe(count);
  });
  expect(await harness.deadLetters()).toEqual([]);
}

test("a handler whose connection is cut mid batch makes one notification per event", async () => {
  const random = seededRandom("handler cut");
  const target = new URL(harness.database.url);
  const proxy = await startTcpProxy({ host: target.hostname, port: Number(target.port) });
  const url = new URL(target);
  url.port = `${proxy.port}`;
  await harness.startService({ databaseUrl: url.href });

  let terminated = 0;
  let count = 0;
  let publishing = false;
  let publishingEnded = Promise.resolve(0);
  let published = 0;
  // Whether anything is busy when it is to be cut is chance, and more events give more chances.
  while (publishing || count === 0 || ((terminated === 0 || proxy.faults() <= 5) && count < 20_000)) {
    if (!publishing) {
      published += await publishingEnded;
      publishing = true;
      publishingEnded = publishEvents(count + 2_000, random, count + 1).finally(() => {
        publishing = false;
      });
      count += 2_000;
    }
    await pause(random.integer(5, 60));
    if (random.next() < 0.5) {
      proxy.cut();
    } else {
      const rows = await harness.sql`
        select pg_terminate_backend(pid) from pg_stat_activity
        where application_name = 'notifications' and datname = current_database() and state <> 'idle'`;
      terminated += rows.length;
    }
  }
  published += await publishingEnded;
  await expectEachEventOnce(count);
  process.stdout.write(
    `published: ${published}, connections cut: ${proxy.faults()}, busy backends terminated: ${terminated}\n`,
  );
  expect(proxy.faults()).toBeGreaterThan(5);
  expect(terminated).toBeGreaterThan(0);
  await harness.close();
  await proxy.close();
});

test("members that come and go make one notification per event", async () => {
  const random = seededRandom("rebalance");
  const lasting = await harness.startService();
  let publishing = true;
  const publishingEnded = publishEvents(1_500, random).finally(() => {
    publishing = false;
  });
  let rebalances = 0;
  while (publishing || rebalances < 3) {
    const passing = await harness.startService();
    await publishEvents(50, random);
    await passing.stop();
    rebalances += 1;
  }
  await publishingEnded;
  await expectEachEventOnce(1_500);
  process.stdout.write(`members that came and went: ${rebalances}\n`);
  await lasting.stop();
});

test("deliveries of a process that was killed are made when its lease is over, and given up after the last try", async () => {
  const service = await harness.startService();
  await harness.producer.publish(ordersTopic.name, [orderRecord({ eventId: 1, kind: "paid", userId: 1 })]);
  await eventually(async () => {
    expect(await harness.sql`select from deliveries where status = 'delivered'`).toHaveLength(1);
  });
  await service.stop();
  const claimedAs = (attempts: number, claimedUntil: string) => harness.sql`
    update deliveries set status = 'pending', next_attempt_at = now(), attempts = ${attempts},
      claimed_until = now() + ${claimedUntil}::interval`;
  const settled = () =>
    eventually(async () => {
      const [row] = await harness.sql`select status, attempts, last_error, claimed_until from deliveries`;
      expect(row!.status).not.toBe("pending");
      return row;
    });

  await claimedAs(1, "-1 millisecond");
  await harness.startService();
  expect(await settled()).toEqual({ status: "delivered", attempts: 2, last_error: "", claimed_until: null });

  await claimedAs(5, "-1 millisecond");
  expect(await settled()).toMatchObject({ status: "failed", last_error: "The last try was interrupted." });

  // What another process has in hand is left to it, while others are delivered.
  await claimedAs(1, "1 hour");
  await harness.producer.publish(ordersTopic.name, [orderRecord({ eventId: 2, kind: "paid", userId: 1 })]);
  await eventually(async () => {
    expect(await harness.sql`select from deliveries where status = 'delivered'`).toHaveLength(1);
  });
  expect(await harness.sql`select attempts from deliveries where status = 'pending'`).toEqual([
    { attempts: 1 },
  ]);
});
