import {
  Channel,
  type Delivery,
  DeliveryStatus,
} from "@ordermesh/proto/ordermesh/notifications/v1/notifications_pb";
import { eventually } from "@ordermesh/testkit/eventually";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createEmailChannel } from "../src/channels/email.ts";
import { ordersTopic } from "../src/events/incoming.ts";
import { type MailServer, startMailServer } from "./mail-server.ts";
import {
  createNotificationsHarness,
  type NotificationsHarness,
  notificationsOf,
  type ServiceUnderTest,
} from "./notifications-harness.ts";
import { orderRecord } from "./order-records.ts";

let harness: NotificationsHarness;
let mailServer: MailServer;
let service: ServiceUnderTest;
beforeAll(async () => {
  harness = await createNotificationsHarness();
  mailServer = await startMailServer();
  const url = `smtp://shop:right@127.0.0.1:${mailServer.port}`;
  service = await harness.startService({ smtp: { url, from: "Ordermesh <orders@shop.example>" } });
});
afterAll(async () => {
  await harness.close();
  await mailServer.close();
});

let lastUserId = 0;

async function notifyByMail(emailAddress: string, name?: string): Promise<bigint> {
  lastUserId += 1;
  const userId = lastUserId;
  await service.client.setPreferences({ preferences: { userId: BigInt(userId), emailAddress } });
  const record = orderRecord({ eventId: 100 + userId, kind: "awaiting_payment", userId, name });
  await harness.producer.publish(ordersTopic.name, [record]);
  return BigInt(userId);
}

async function settledDelivery(userId: bigint): Promise<Delivery> {
  return await eventually(async () => {
    const { deliveries } = await service.client.listDeliveries({ userId });
    const delivery = deliveries.find(({ channel }) => channel === Channel.EMAIL);
    expect(delivery?.nextAttemptTime, delivery?.lastError).toBeUndefined();
    expect(delivery).toBeDefined();
    return delivery!;
  });
}

const mailsTo = (address: string) => mailServer.mails.filter(({ to }) => to.includes(address));

test("a mail is plain text from the shop to the buyer alone", async () => {
  const userId = await notifyByMail("buyer@example.com");
  const delivery = await settledDelivery(userId);
  expect(delivery).toMatchObject({ status: DeliveryStatus.DELIVERED, attempts: 1 });
  const [notification] = await notificationsOf(service.client, userId, 1);
  const [mail, ...others] = mailsTo("buyer@example.com");
  expect(others).toEqual([]);
  expect(mail).toMatchObject({ from: "orders@shop.example", to: ["buyer@example.com"] });
  expect(Object.fromEntries(mail!.headers)).toMatchObject({
    from: "Ordermesh <orders@shop.example>",
    to: "buyer@example.com",
    subject: "Order 4711 is waiting for your payment",
    "content-type": "text/plain; charset=utf-8",
    "auto-submitted": "auto-generated",
    "ordermesh-event-id": notification!.eventId,
    "ordermesh-delivery-id": `${delivery.deliveryId}`,
  });
  expect(mail!.text).toBe(notification!.body);
});

test("a name can not add headers, recipients or markup", async () => {
  const name =
    "x\r\nBcc: all@example.com\r\n\r\n<script>alert(1)</script>\r\n.\r\nRCPT TO:<evil@example.com>";
  await settledDelivery(await notifyByMail("victim@example.com", name));
  const [mail] = mailsTo("victim@example.com");
  expect(mail!.to).toEqual(["victim@example.com"]);
  expect(mail!.headers.has("bcc")).toBe(false);
  expect(mail!.headers.get("content-type")).toMatch(/^text\/plain/);
  expect(mail!.text).toContain("2 × x Bcc: all@example.com <script>alert(1)</script> . RCPT TO:");
  expect(mailsTo("evil@example.com")).toEqual([]);
});

test("a server that is busy is asked again, with the same message", async () => {
  let refusals = 0;
  mailServer.refuse = (address) => {
    refusals += address === "later@example.com" ? 1 : 0;
    return address === "later@example.com" && refusals <= 2 ? 451 : undefined;
  };
  const userId = await notifyByMail("later@example.com");
  expect(await settledDelivery(userId)).toMatchObject({ status: DeliveryStatus.DELIVERED, attempts: 3 });
  expect(mailsTo("later@example.com")).toHaveLength(1);
});

test("a mailbox that does not exist is not asked again", async () => {
  mailServer.refuse = (address) => (address === "gone@example.com" ? 550 : undefined);
  const userId = await notifyByMail("gone@example.com");
  expect(await settledDelivery(userId)).toMatchObject({
    status: DeliveryStatus.FAILED,
    attempts: 1,
    lastError: "The mail server answered 550.",
  });
});

test("a user without an address gets no mail", async () => {
  const userId = await notifyByMail("");
  await notificationsOf(service.client, userId, 1);
  const { deliveries } = await service.client.listDeliveries({ userId });
  expect(deliveries.map(({ channel }) => channel)).toEqual([Channel.LOG]);
});

test("an error never holds the password, though the server repeats it", async () => {
  const notification = {
    id: 1n,
    eventId: "1",
    eventType: "t",
    userId: 7n,
    orderId: 17n,
    title: "t",
    body: "b",
    createdAt: new Date(),
  };
  const channel = createEmailChannel({
    smtpUrl: `smtp://shop:wrong-password@127.0.0.1:${mailServer.port}`,
    from: "orders@shop.example",
    connectionsMax: 1,
    timeoutMs: 2_000,
  });
  const result = await channel.deliver({
    id: 1n,
    attempt: 1,
    notification,
    traceparent: "",
    emailAddress: "buyer@example.com",
    webhookUrl: "",
    webhookSecret: "",
    smsDisabled: false,
    textMessage: undefined,
  });
  channel.close();
  expect(result).toEqual({ kind: "failed", error: "The mail server answered 535.", final: false });
});

test.each(["", "mail.example.com:25", "http://mail.example.com", "smtp://"])(
  "%j is no mail server",
  (smtpUrl) => {
    const create = () =>
      createEmailChannel({ smtpUrl, from: "a@b.example", connectionsMax: 1, timeoutMs: 1_000 });
    expect(create).toThrow("SMTP_URL must be like smtp://user:password@mail.example.com:587.");
  },
);
