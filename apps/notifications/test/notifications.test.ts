import { Code } from "@connectrpc/connect";
import { eventually } from "@ordermesh/testkit/eventually";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ordersTopic } from "../src/events/incoming.ts";
import {
  createNotificationsHarness,
  type NotificationsHarness,
  notificationsOf,
  type ServiceUnderTest,
} from "./notifications-harness.ts";
import { type OrderEventKind, orderRecord, recordOf } from "./order-records.ts";

let harness: NotificationsHarness;
let service: ServiceUnderTest;
beforeAll(async () => {
  harness = await createNotificationsHarness();
  service = await harness.startService();
});
afterAll(() => harness.close());

const publish = (...records: ReturnType<typeof orderRecord>[]) =>
  harness.producer.publish(ordersTopic.name, records);

describe("events become notifications", () => {
  test("one for each event, in order, with its text", async () => {
    const kinds: OrderEventKind[] = ["created", "awaiting_payment", "failed", "paid", "canceled"];
    await publish(...kinds.map((kind, index) => orderRecord({ eventId: 100 + index, kind, userId: 1 })));
    const notifications = await notificationsOf(service.client, 1n, 5);
    expect(notifications.map(({ title }) => title)).toEqual([
      "Order 4711 received",
      "Order 4711 is waiting for your payment",
      "Order 4711 could not be placed",
      "Order 4711 is paid",
      "Order 4711 was canceled",
    ]);
    expect(notifications[1]).toMatchObject({
      userId: 1n,
      orderId: 4711n,
      eventId: "101",
      eventType: "ordermesh.events.v1.OrderAwaitingPayment",
      body: [
        "Everything in your order 4711 is in stock and reserved for you.",
        "2 × Cordless drill (SKU 1002) at EUR 12.99 each: EUR 25.98",
        "Total: EUR 25.98",
        "Please pay before 21 November 2025, 12:00:00 UTC. An order that is not paid by then is canceled.",
      ].join("\n\n"),
    });
    expect(notifications[2]!.body).toContain("SKU 1002: you asked for 2, 1 is available");
    expect(notifications[4]!.body).toContain("because it was not paid in time");
    await eventually(async () => {
      const metrics = await service.metrics();
      for (const type of [
        "OrderCreated",
        "OrderAwaitingPayment",
        "OrderFailed",
        "OrderPaid",
        "OrderCanceled",
      ]) {
        expect(metrics).toMatch(
          new RegExp(`ordermesh_notifications_total\\{.*event_type="ordermesh.events.v1.${type}".*\\} 1`),
        );
      }
    });
  });

  test("events that are repeated, at once and later, make one each", async () => {
    const records = [1, 2, 3].map((index) => orderRecord({ eventId: 200 + index, kind: "paid", userId: 2 }));
    await publish(...records, ...records, records[0]!);
    await notificationsOf(service.client, 2n, 3);
    await publish(...records, orderRecord({ eventId: 299, kind: "paid", userId: 2 }));
    const notifications = await notificationsOf(service.client, 2n, 4);
    expect(notifications.map(({ eventId }) => eventId)).toEqual(["201", "202", "203", "299"]);
  });

  test("an unknown type is skipped and counted, and does not come again", async () => {
    await publish(
      recordOf(300, "ordermesh.events.v1.OrderTeleported", "4711", Buffer.from("from the future")),
      orderRecord({ eventId: 301, kind: "paid", userId: 3 }),
    );
    await notificationsOf(service.client, 3n, 1);
    expect(await service.metrics()).toMatch(/ordermesh_notifications_unknown_events_total\{.*\} 1/);
    expect(await harness.deadLetters()).toEqual([]);
  });

  test("a name that would break a line, a terminal or a page is inert", async () => {
    const name = "x\r\nBcc: a@b.c\u001b[2J\u0000<img src=x onerror=alert(1)>";
    await publish(orderRecord({ eventId: 400, kind: "paid", userId: 4, name }));
    const [notification] = await notificationsOf(service.client, 4n, 1);
    expect(notification!.body).toContain("2 × x Bcc: a@b.c [2J <img src=x onerror=alert(1)> (SKU 1002) at");
  });

  test("what is no event goes to the dead-letter topic with its reason; its neighbors are handled", async () => {
    const paid = orderRecord({ eventId: 504, kind: "paid", userId: 5 });
    const { ce_id: _id, ...withoutId } = paid.headers;
    const { ce_type: _type, ...withoutType } = paid.headers;
    await publish(
      orderRecord({ eventId: 500, kind: "created", userId: 5 }),
      { ...paid, headers: withoutId },
      { ...paid, headers: withoutType },
      recordOf(501, "ordermesh.events.v1.OrderPaid", "4711", Buffer.from("not protobuf")),
      paid,
    );
    const notifications = await notificationsOf(service.client, 5n, 2);
    expect(notifications.map(({ eventId }) => eventId)).toEqual(["500", "504"]);
    const deadLetters = await harness.deadLetters();
    expect(deadLetters.map(({ headers }) => headers.dead_letter_reason)).toEqual([
      "The header ce_id is missing or is no id.",
      "The header ce_type is missing or is no type.",
      "The value is no ordermesh.events.v1.OrderPaid.",
    ]);
    expect(`${deadLetters[2]!.value}`).toBe("not protobuf");
    expect(deadLetters[2]!.headers).toMatchObject({ ce_id: "501", dead_letter_attempts: "1" });
  });
});

describe("ListNotifications", () => {
  test("pages from the newest to the oldest, and only the user's own", async () => {
    await publish(
      ...[1, 2, 3, 4, 5].map((index) => orderRecord({ eventId: 600 + index, kind: "paid", userId: 6 })),
    );
    await notificationsOf(service.client, 6n, 5);
    const seen: string[] = [];
    let pageToken = "";
    for (const size of [2, 2, 1]) {
      const page = await service.client.listNotifications({ userId: 6n, pageSize: 2, pageToken });
      expect(page.notifications).toHaveLength(size);
      seen.push(...page.notifications.map(({ eventId }) => eventId));
      pageToken = page.nextPageToken;
      expect(pageToken === "").toBe(size === 1);
    }
    expect(seen).toEqual(["605", "604", "603", "602", "601"]);
    expect((await service.client.listNotifications({ userId: 999n })).notifications).toEqual([]);
  });

  test("of one order, in pages, whoever was told of it", async () => {
    const told = (eventId: number, orderId: number, userId = 8) =>
      orderRecord({ eventId, kind: "paid", userId, orderId });
    await publish(told(801, 81), told(802, 82), told(803, 81), told(804, 82), told(805, 81, 9));
    await notificationsOf(service.client, 8n, 4);
    await notificationsOf(service.client, 9n, 1);
    const eventsOf = async (request: { userId?: bigint; orderId: bigint; pageToken?: string }) => {
      const page = await service.client.listNotifications({ ...request, pageSize: 2 });
      return { events: page.notifications.map(({ eventId }) => eventId), next: page.nextPageToken };
    };
    const first = await eventsOf({ orderId: 81n });
    expect(first.events).toEqual(["805", "803"]);
    const second = await eventsOf({ orderId: 81n, pageToken: first.next });
    expect(second).toEqual({ events: ["801"], next: "" });
    expect(await eventsOf({ orderId: 81n, userId: 8n })).toEqual({ events: ["803", "801"], next: "" });
    expect(await eventsOf({ orderId: 81n, userId: 7n })).toEqual({ events: [], next: "" });
    expect(await eventsOf({ orderId: 83n })).toEqual({ events: [], next: "" });
    await expect(eventsOf({ orderId: 82n, pageToken: first.next })).rejects.toMatchObject({
      code: Code.InvalidArgument,
    });
  });

  test("of one order, from the index of orders, however many its user has", async () => {
    const plan = await harness.sql.begin(async (tx) => {
      await tx`set local enable_seqscan = off`;
      return await tx`explain select * from notifications
        where id < 9223372036854775807 and order_id = 81 order by id desc limit 51`;
    });
    const text = plan.map((row) => row["QUERY PLAN"]).join("\n");
    expect(text).toMatch(/using notifications_by_order/);
    expect(text).not.toMatch(/Sort/);
  });

  test("the deliveries of one order", async () => {
    const deliveriesOf = async (request: { userId?: bigint; orderId: bigint }) => {
      const { deliveries } = await service.client.listDeliveries(request);
      return deliveries.map(({ orderId, userId }) => `${orderId} to ${userId}`);
    };
    expect(await deliveriesOf({ orderId: 82n })).toEqual(["82 to 8", "82 to 8"]);
    expect(await deliveriesOf({ orderId: 81n })).toEqual(["81 to 9", "81 to 8", "81 to 8"]);
    expect(await deliveriesOf({ orderId: 81n, userId: 9n })).toEqual(["81 to 9"]);
    expect(await deliveriesOf({ orderId: 83n })).toEqual([]);
  });

  test.each([
    ["no user and no order", { userId: 0n }],
    ["a negative order", { userId: 6n, orderId: -1n }],
    ["a negative user", { userId: -1n }],
    ["a page that is too large", { userId: 6n, pageSize: 501 }],
    ["a token that is none", { userId: 6n, pageToken: "%%%" }],
    ["a token of another list", { userId: 6n, pageToken: Buffer.from('["x","1"]').toString("base64url") }],
  ])("%s is refused", async (_, request) => {
    await expect(service.client.listNotifications(request)).rejects.toMatchObject({
      code: Code.InvalidArgument,
    });
  });

  test("a token of another user's list is refused", async () => {
    const { nextPageToken } = await service.client.listNotifications({ userId: 6n, pageSize: 1 });
    await expect(
      service.client.listNotifications({ userId: 1n, pageSize: 1, pageToken: nextPageToken }),
    ).rejects.toMatchObject({ code: Code.InvalidArgument });
  });
});

describe("preferences", () => {
  const secret = "0123456789abcdef";

  test("nobody has any until they are set", async () => {
    const { preferences } = await service.client.getPreferences({ userId: 70n });
    expect(preferences).toMatchObject({ userId: 70n, emailAddress: "", webhookUrl: "", webhookSecret: "" });
  });

  test("are kept without ever showing the secret", async () => {
    const wanted = { userId: 71n, emailAddress: "a@example.com", webhookUrl: "https://example.com/hook" };
    const set = await service.client.setPreferences({ preferences: { ...wanted, webhookSecret: secret } });
    expect(set.preferences).toMatchObject({ ...wanted, webhookSecret: "" });
    const got = await service.client.getPreferences({ userId: 71n });
    expect(got.preferences).toMatchObject({ ...wanted, webhookSecret: "" });
    // What was read can be sent back.
    await service.client.setPreferences({ preferences: got.preferences });
    const [row] = await harness.sql`select webhook_secret from preferences where user_id = 71`;
    expect(row).toEqual({ webhook_secret: secret });
    await service.client.setPreferences({ preferences: { userId: 71n } });
    expect(
      await harness.sql`select email_address, webhook_secret from preferences where user_id = 71`,
    ).toEqual([{ email_address: "", webhook_secret: "" }]);
  });

  test.each([
    ["preferences.email_address", { emailAddress: "a@example.com\r\nBcc: b@example.com" }],
    ["preferences.webhook_url", { webhookUrl: "http://example.com/", webhookSecret: secret }],
    ["preferences.webhook_url", { webhookUrl: "https://169.254.169.254/", webhookSecret: secret }],
    ["preferences.webhook_url", { webhookUrl: "https://[::1]/", webhookSecret: secret }],
    ["preferences.webhook_secret", { webhookUrl: "https://example.com/" }],
  ])("%s: %j is refused and changes nothing", async (field, changes) => {
    const failing = service.client.setPreferences({ preferences: { userId: 72n, ...changes } });
    await expect(failing).rejects.toMatchObject({
      code: Code.InvalidArgument,
      message: expect.stringContaining(field),
    });
    expect(await harness.sql`select from preferences where user_id = 72`).toHaveLength(0);
  });

  test("a request without preferences is refused", async () => {
    await expect(service.client.setPreferences({})).rejects.toMatchObject({ code: Code.InvalidArgument });
  });
});

test("the inbox has the columns that libs/outbox wants", async () => {
  const columns = await harness.sql`
    select column_name, data_type, is_nullable from information_schema.columns
    where table_name = 'inbox' order by ordinal_position`;
  expect(columns).toEqual([
    { column_name: "consumer_group", data_type: "text", is_nullable: "NO" },
    { column_name: "event_id", data_type: "text", is_nullable: "NO" },
    { column_name: "handled_at", data_type: "timestamp with time zone", is_nullable: "NO" },
  ]);
});
