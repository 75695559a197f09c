import { createHmac } from "node:crypto";
import {
  Channel,
  type Delivery,
  DeliveryStatus,
} from "@ordermesh/proto/ordermesh/notifications/v1/notifications_pb";
import { eventually } from "@ordermesh/testkit/eventually";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ordersTopic } from "../src/events/incoming.ts";
import {
  createNotificationsHarness,
  type NotificationsHarness,
  type ServiceUnderTest,
} from "./notifications-harness.ts";
import { orderRecord } from "./order-records.ts";
import { startWebhookReceiver, type WebhookReceiver } from "./webhook-receiver.ts";

const secret = "a secret of some length";

let harness: NotificationsHarness;
let receiver: WebhookReceiver;
let service: ServiceUnderTest;
beforeAll(async () => {
  harness = await createNotificationsHarness();
  receiver = await startWebhookReceiver();
  service = await harness.startService({
    webhookAllowPrivate: true,
    webhookAllowHttp: true,
    webhookTimeoutMs: 300,
  });
});
afterAll(async () => {
  await harness.close();
  await receiver.close();
});

let lastUserId = 0;

/** A new user whose webhook is a path of the receiver, and an event about an order of his. */
async function notifyOn(path: string): Promise<bigint> {
  lastUserId += 1;
  const userId = lastUserId;
  const webhookUrl = `http://127.0.0.1:${receiver.port}${path}`;
  await service.client.setPreferences({
    preferences: { userId: BigInt(userId), webhookUrl, webhookSecret: secret },
  });
  await harness.producer.publish(ordersTopic.name, [
    orderRecord({ eventId: 1_000 + userId, kind: "paid", userId }),
  ]);
  return BigInt(userId);
}

async function webhookDelivery(userId: bigint, isOver: (delivery: Delivery) => boolean): Promise<Delivery> {
  return await eventually(async () => {
    const { deliveries } = await service.client.listDeliveries({ userId });
    const delivery = deliveries.find(({ channel }) => channel === Channel.WEBHOOK);
    expect(delivery).toBeDefined();
    expect(isOver(delivery!), `try ${delivery!.attempts}: ${delivery!.lastError}`).toBe(true);
    return delivery!;
  });
}

const settled = ({ status }: Delivery) => status !== DeliveryStatus.PENDING;

describe("a delivery", () => {
  test("is JSON that its receiver can check", async () => {
    const userId = await notifyOn("/orders");
    const delivery = await webhookDelivery(userId, settled);
    expect(delivery).toMatchObject({ status: DeliveryStatus.DELIVERED, attempts: 1, lastError: "" });
    expect(delivery.nextAttemptTime).toBeUndefined();

    const [call, ...others] = receiver.callsOf("/orders");
    expect(others).toEqual([]);
    const [, time, signature] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(
      `${call!.headers["ordermesh-signature"]}`,
    )!;
    expect(signature).toBe(createHmac("sha256", secret).update(`${time}.${call!.body}`).digest("hex"));
    expect(Math.abs(Number(time) - Date.now() / 1000)).toBeLessThan(60);
    expect(call!.headers).toMatchObject({
      "content-type": "application/json",
      "ordermesh-event-id": `${1_000n + userId}`,
      "ordermesh-delivery-id": `${delivery.deliveryId}`,
    });
    expect(JSON.parse(call!.body)).toMatchObject({
      notificationId: `${delivery.notificationId}`,
      userId: `${userId}`,
      orderId: "4711",
      eventType: "ordermesh.events.v1.OrderPaid",
      title: "Order 4711 is paid",
    });
  });

  test("is tried again until it succeeds, with the same delivery id", async () => {
    receiver.answer("/late", (response, call) => response.writeHead(call < 3 ? 503 : 200).end());
    const userId = await notifyOn("/late");
    const delivery = await webhookDelivery(userId, settled);
    expect(delivery).toMatchObject({ status: DeliveryStatus.DELIVERED, attempts: 3, lastError: "" });
    const ids = receiver.callsOf("/late").map(({ headers }) => headers["ordermesh-delivery-id"]);
    expect(ids).toEqual(Array(3).fill(`${delivery.deliveryId}`));
  });

  test("has failed after five tries, with what the last one answered", async () => {
    receiver.answer("/broken", (response) => response.writeHead(500).end("secret internals"));
    const userId = await notifyOn("/broken");
    const delivery = await webhookDelivery(userId, settled);
    expect(delivery).toMatchObject({
      status: DeliveryStatus.FAILED,
      attempts: 5,
      lastError: "The receiver answered 500.",
    });
    expect(delivery.nextAttemptTime).toBeUndefined();
    expect(receiver.callsOf("/broken")).toHaveLength(5);
    await eventually(async () => {
      const metrics = await service.metrics();
      expect(metrics).toMatch(/ordermesh_deliveries_total\{.*channel="webhook",outcome="failed".*\} \d/);
      expect(metrics).toMatch(/ordermesh_deliveries_total\{.*channel="webhook",outcome="retried".*\} \d/);
      expect(metrics).toMatch(/ordermesh_deliveries_total\{.*channel="webhook",outcome="delivered".*\} \d/);
      expect(metrics).toMatch(/ordermesh_deliveries_total\{.*channel="log",outcome="delivered".*\} \d/);
    });
  });

  test("does not follow a redirect", async () => {
    const location = `http://127.0.0.1:${receiver.port}/elsewhere`;
    receiver.answer("/moved", (response) => response.writeHead(307, { location }).end());
    const userId = await notifyOn("/moved");
    const delivery = await webhookDelivery(userId, ({ attempts }) => attempts > 1);
    expect(delivery.lastError).toBe("The receiver answered 307; redirects are not followed.");
    expect(receiver.callsOf("/elsewhere")).toEqual([]);
  });

  test("does not wait for a receiver that is silent, nor for one that never stops talking", async () => {
    receiver.answer("/silent", () => {});
    receiver.answer("/endless", (response) => {
      response.writeHead(200);
      const talk = () => {
        if (!response.destroyed) {
          response.write("x".repeat(16 * 1024), talk);
        }
      };
      talk();
    });
    const [silent, endless] = [await notifyOn("/silent"), await notifyOn("/endless")];
    expect(await webhookDelivery(endless, settled)).toMatchObject({
      status: DeliveryStatus.DELIVERED,
      attempts: 1,
    });
    const delivery = await webhookDelivery(silent, ({ attempts }) => attempts > 1);
    expect(delivery.lastError).toBe("The receiver did not answer within 300 ms.");
  });

  test("to a receiver that is not there says so", async () => {
    const userId = 900n;
    await service.client.setPreferences({
      preferences: { userId, webhookUrl: "http://127.0.0.1:1/", webhookSecret: secret },
    });
    await harness.producer.publish(ordersTopic.name, [
      orderRecord({ eventId: 1_900, kind: "paid", userId: 900 }),
    ]);
    const delivery = await webhookDelivery(userId, settled);
    expect(delivery).toMatchObject({ status: DeliveryStatus.FAILED, attempts: 5 });
    expect(delivery.lastError).toBe("The receiver could not be reached (ECONNREFUSED).");
  });

  test("follows the preferences: to a new address, or nowhere", async () => {
    receiver.answer("/old", (response) => response.writeHead(500).end());
    const moved = await notifyOn("/old");
    await webhookDelivery(moved, ({ attempts }) => attempts > 0);
    const webhookUrl = `http://127.0.0.1:${receiver.port}/new`;
    await service.client.setPreferences({ preferences: { userId: moved, webhookUrl } });
    expect(await webhookDelivery(moved, settled)).toMatchObject({ status: DeliveryStatus.DELIVERED });
    expect(receiver.callsOf("/new")).toHaveLength(1);

    const removed = await notifyOn("/old");
    await webhookDelivery(removed, ({ attempts }) => attempts > 0);
    await service.client.setPreferences({ preferences: { userId: removed } });
    const delivery = await webhookDelivery(removed, settled);
    expect(delivery.status).toBe(DeliveryStatus.FAILED);
    expect(delivery.lastError).toBe("The webhook was removed from the preferences.");
  });
});

test("a receiver that hangs holds up its own user only", async () => {
  receiver.answer("/hangs", () => {});
  const webhookUrl = `http://127.0.0.1:${receiver.port}/hangs`;
  await service.client.setPreferences({ preferences: { userId: 950n, webhookUrl, webhookSecret: secret } });
  const backlog = Array.from({ length: 200 }, (_, index) =>
    orderRecord({ eventId: 5_000 + index, kind: "paid", userId: 950 }),
  );
  await harness.producer.publish(ordersTopic.name, backlog);
  await eventually(() => expect(receiver.callsOf("/hangs").length).toBeGreaterThan(0));
  const quick = await notifyOn("/quick");
  expect(await webhookDelivery(quick, settled)).toMatchObject({ status: DeliveryStatus.DELIVERED });
  const [row] = await harness.sql`
    select count(*)::int as waiting from deliveries where user_id = 950 and channel = 'webhook' and attempts = 0`;
  expect(row!.waiting).toBeGreaterThan(100);
});

test("ListDeliveries pages over the log of all channels, and refuses what is malformed", async () => {
  const { deliveries, nextPageToken } = await service.client.listDeliveries({ userId: 1n, pageSize: 1 });
  expect(deliveries).toHaveLength(1);
  const second = await service.client.listDeliveries({ userId: 1n, pageSize: 1, pageToken: nextPageToken });
  expect(second.nextPageToken).toBe("");
  expect([...deliveries, ...second.deliveries].map(({ channel }) => channel).sort()).toEqual([
    Channel.LOG,
    Channel.WEBHOOK,
  ]);
  await expect(service.client.listDeliveries({ userId: 1n, pageToken: "x" })).rejects.toThrow("page_token");
});
