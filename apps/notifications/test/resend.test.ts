import { Code } from "@connectrpc/connect";
import { Channel, DeliveryStatus } from "@ordermesh/proto/ordermesh/notifications/v1/notifications_pb";
import { eventually } from "@ordermesh/testkit/eventually";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ordersTopic } from "../src/events/incoming.ts";
import {
  createNotificationsHarness,
  type NotificationsHarness,
  type ServiceUnderTest,
} from "./notifications-harness.ts";
import { orderRecord } from "./order-records.ts";
import { startWebhookReceiver, type WebhookReceiver } from "./webhook-receiver.ts";

let harness: NotificationsHarness;
let receiver: WebhookReceiver;
let service: ServiceUnderTest;

beforeAll(async () => {
  harness = await createNotificationsHarness();
  receiver = await startWebhookReceiver();
  service = await harness.startService({
    webhookAllowPrivate: true,
    webhookAllowHttp: true,
    webhookTimeoutMs: 2_000,
  });
});

afterAll(async () => {
  await harness?.close();
  await receiver?.close();
});

async function notify(userId: number): Promise<void> {
  await service.client.setPreferences({
    preferences: {
      userId: BigInt(userId),
      webhookUrl: `http://127.0.0.1:${receiver.port}/user-${userId}?token=hidden`,
      webhookSecret: "a secret of some length",
    },
  });
  await harness.producer.publish(ordersTopic.name, [
    orderRecord({ eventId: 5_000 + userId, kind: "paid", userId }),
  ]);
}

const webhooks = async (status = DeliveryStatus.UNSPECIFIED) =>
  (await service.client.listDeliveries({ channel: Channel.WEBHOOK, status })).deliveries;
const webhookOf = (userId: bigint, status: DeliveryStatus) =>
  eventually(async () => {
    const found = (await webhooks(status)).find((delivery) => delivery.userId === userId);
    expect(found, `the webhook of user ${userId}`).toBeDefined();
    return found!;
  });

test("operators see the deliveries of all users, by state and channel, with where they go", async () => {
  receiver.answer("/user-1?token=hidden", (response, call) =>
    response.writeHead(call <= 5 ? 503 : 204).end(),
  );
  await notify(1);
  await notify(2);
  const failed = await webhookOf(1n, DeliveryStatus.FAILED);
  await webhookOf(2n, DeliveryStatus.DELIVERED);
  expect(failed).toMatchObject({
    attempts: 5,
    attemptsMax: 5,
    lastError: expect.stringContaining("503"),
    target: `http://127.0.0.1:${receiver.port}/user-1`,
    title: expect.stringMatching(/./),
  });
  expect((await webhooks(DeliveryStatus.FAILED)).map(({ userId }) => userId)).toEqual([1n]);
  const { deliveries } = await service.client.listDeliveries({});
  expect(new Set(deliveries.map(({ userId }) => userId))).toEqual(new Set([1n, 2n]));
  const first = await service.client.listDeliveries({ pageSize: 1 });
  const changed = service.client.listDeliveries({ channel: Channel.LOG, pageToken: first.nextPageToken });
  await expect(changed).rejects.toThrow("page_token");
});

test("what has failed is delivered when it is sent again, and so is what had arrived", async () => {
  const failed = await webhookOf(1n, DeliveryStatus.FAILED);
  const { delivery } = await service.client.resendDelivery({ deliveryId: failed.deliveryId });
  expect(delivery).toMatchObject({
    deliveryId: failed.deliveryId,
    status: DeliveryStatus.PENDING,
    attempts: 0,
  });
  expect(await webhookOf(1n, DeliveryStatus.DELIVERED)).toMatchObject({ attempts: 1, lastError: "" });
  const arrived = await webhookOf(2n, DeliveryStatus.DELIVERED);
  await service.client.resendDelivery({ deliveryId: arrived.deliveryId });
  const calls = await eventually(() => {
    const found = receiver.callsOf("/user-2?token=hidden");
    expect(found).toHaveLength(2);
    return found;
  });
  expect(JSON.parse(calls[1]!.body).notificationId).toBe(JSON.parse(calls[0]!.body).notificationId);
});

test("one that is being tried is left alone, and there is none that is not there", async () => {
  let release = () => {};
  receiver.answer("/user-3?token=hidden", (response) => {
    release = () => response.writeHead(204).end();
  });
  await notify(3);
  await eventually(() => expect(receiver.callsOf("/user-3?token=hidden")).toHaveLength(1));
  const inHand = await webhookOf(3n, DeliveryStatus.PENDING);
  await expect(service.client.resendDelivery({ deliveryId: inHand.deliveryId })).rejects.toMatchObject({
    code: Code.FailedPrecondition,
  });
  release();
  await webhookOf(3n, DeliveryStatus.DELIVERED);
  await expect(service.client.resendDelivery({ deliveryId: 999_999n })).rejects.toMatchObject({
    code: Code.NotFound,
  });
});
