import { Code } from "@connectrpc/connect";
import type { WatchNotificationsResponse } from "@ordermesh/proto/ordermesh/notifications/v1/notifications_pb";
import { seededRandom } from "@ordermesh/testkit/seeded-random";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ordersTopic } from "../src/events/incoming.ts";
import {
  createNotificationsHarness,
  type NotificationsHarness,
  type ServiceUnderTest,
} from "./notifications-harness.ts";
import { orderRecord } from "./order-records.ts";

let harness: NotificationsHarness;
let replicas: [ServiceUnderTest, ServiceUnderTest];
beforeAll(async () => {
  harness = await createNotificationsHarness();
  replicas = [await harness.startService(), await harness.startService()];
});
afterAll(() => harness.close());

let lastEventId = 0;

async function publish(count: number, userId: number): Promise<string[]> {
  const records = Array.from({ length: count }, () => {
    lastEventId += 1;
    return orderRecord({ eventId: lastEventId, kind: "paid", userId, orderId: (lastEventId % 20) + 1 });
  });
  await harness.producer.publish(ordersTopic.name, records);
  return records.map(({ headers }) => headers.ce_id!);
}

function watch(replica: ServiceUnderTest, userId: bigint, cursor = "") {
  const ending = new AbortController();
  const messages = replica.client.watchNotifications(
    { userId, cursor },
    { signal: ending.signal, timeoutMs: Number.POSITIVE_INFINITY },
  );
  return { messages: messages[Symbol.asyncIterator](), end: () => ending.abort() };
}

async function next(
  messages: AsyncIterator<WatchNotificationsResponse>,
): Promise<WatchNotificationsResponse> {
  const { value, done } = await messages.next();
  if (done === true) {
    throw new Error("The stream ended.");
  }
  return value;
}

async function takeIds(
  messages: AsyncIterator<WatchNotificationsResponse>,
  count: number,
): Promise<string[]> {
  const ids: string[] = [];
  while (ids.length < count) {
    const { notification } = await next(messages);
    ids.push(...(notification === undefined ? [] : [notification.eventId]));
  }
  return ids;
}

test("each replica tells a user's notifications as they are made, whichever replica makes them", async () => {
  const watchers = [...replicas.map((replica) => watch(replica, 1n)), watch(replicas[0], 2n)];
  for (const { messages } of watchers) {
    expect((await next(messages)).notification).toBeUndefined();
  }
  const [first, other] = [await publish(20, 1), await publish(20, 2)];
  for (const [index, ids] of [first, first, other].entries()) {
    expect((await takeIds(watchers[index]!.messages, 20)).sort()).toEqual([...ids].sort());
    watchers[index]!.end();
  }
});

test("a stream that is dropped again and again, over replicas, has no gap and no repeat", async () => {
  const random = seededRandom("watch notifications");
  const { messages, end } = watch(replicas[0], 3n);
  let { cursor } = await next(messages);
  end();
  const published = publish(150, 3).then(async (ids) => [...ids, ...(await publish(150, 3))]);
  const seen: string[] = [];
  let drops = 0;
  for (; seen.length < 300 && drops < 1_000; drops += 1) {
    const watcher = watch(random.pick(replicas), 3n, cursor);
    for (let left = random.integer(1, 15); left > 0 && seen.length < 300; left -= 1) {
      const message = await next(watcher.messages);
      cursor = message.cursor;
      seen.push(...(message.notification === undefined ? [] : [message.notification.eventId]));
    }
    watcher.end();
  }
  process.stdout.write(`notifications: ${seen.length}, drops: ${drops}\n`);
  expect(drops).toBeGreaterThan(20);
  expect(new Set(seen).size).toBe(300);
  expect([...seen].sort()).toEqual((await published).sort());
  const order = await harness.sql<{ event_id: string }[]>`
    select event_id from notifications where user_id = 3 order by transaction_id, id`;
  expect(seen).toEqual(order.map(({ event_id }) => event_id));
});

test("a cursor that is none is refused, and so is one of another database", async () => {
  await expect(next(watch(replicas[0], 4n, "x").messages)).rejects.toMatchObject({
    code: Code.InvalidArgument,
  });
  const elsewhere = Buffer.from("00000000-0000-4000-8000-000000000000.5.5.0").toString("base64url");
  await expect(next(watch(replicas[0], 4n, elsewhere).messages)).rejects.toMatchObject({
    code: Code.FailedPrecondition,
    message: expect.stringContaining("watch again without a cursor"),
  });
});

test("a replica that goes down ends its streams with UNAVAILABLE, and the other one resumes them", async () => {
  const leaving = await harness.startService();
  const watcher = watch(leaving, 5n);
  const { cursor } = await next(watcher.messages);
  const ended = expect(next(watcher.messages)).rejects.toMatchObject({ code: Code.Unavailable });
  await leaving.stop();
  await ended;
  const ids = await publish(3, 5);
  const resumed = watch(replicas[1], 5n, cursor);
  expect((await takeIds(resumed.messages, 3)).sort()).toEqual(ids.sort());
  resumed.end();
});
