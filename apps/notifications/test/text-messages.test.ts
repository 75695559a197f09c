import { randomBytes } from "node:crypto";
import { Failure } from "@ordermesh/failure/failure";
import {
  Channel,
  type Delivery,
  DeliveryStatus,
} from "@ordermesh/proto/ordermesh/notifications/v1/notifications_pb";
import { createVoucherCodeSealer } from "@ordermesh/sealing/voucher-code-sealer";
import { eventually } from "@ordermesh/testkit/eventually";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { TextMessage } from "../src/channels/text-message-provider.ts";
import { ordersTopic } from "../src/events/incoming.ts";
import {
  createNotificationsHarness,
  type NotificationsHarness,
  notificationsOf,
  type ServiceUnderTest,
} from "./notifications-harness.ts";
import { startNotificationsProcess } from "./notifications-process.ts";
import { orderRecord, paidVoucherRecord } from "./order-records.ts";

const voucherSecret = randomBytes(32);
const sealer = createVoucherCodeSealer(voucherSecret);
const code = "5724618039";
const mobile = "+4915112345678";

let harness: NotificationsHarness;
let service: ServiceUnderTest;
/** Whoever sends text messages, which is not ours to test: what it got, and how it takes the next ones. */
const provider = { got: [] as TextMessage[], fail: (): void | Promise<void> => {} };

beforeAll(async () => {
  harness = await createNotificationsHarness();
  service = await harness.startService(
    { voucherSecret },
    {
      async sendTextMessage(message) {
        provider.got.push(message);
        await provider.fail();
      },
    },
  );
});
afterAll(() => harness.close());

let lastId = 0;

/** A new user's order was paid, and comes with a voucher. */
async function payVoucher(changes: Partial<Parameters<typeof paidVoucherRecord>[0]> = {}) {
  lastId += 1;
  const orderId = 100 + lastId;
  const sealedFirstCode = sealer.seal(code, { orderId: BigInt(orderId), number: 1 });
  const record = { eventId: lastId, userId: lastId, orderId, codes: 1, mobile, sealedFirstCode, ...changes };
  await harness.producer.publish(ordersTopic.name, [paidVoucherRecord(record)]);
  await notificationsOf(service.client, BigInt(record.userId), 1);
  return { ...record, userId: BigInt(record.userId) };
}

async function smsDeliveries(userId: bigint): Promise<Delivery[]> {
  const { deliveries } = await service.client.listDeliveries({ userId });
  return deliveries.filter(({ channel }) => channel === Channel.SMS);
}

async function settled(userId: bigint): Promise<Delivery> {
  return await eventually(async () => {
    const [delivery, ...others] = await smsDeliveries(userId);
    expect(others).toEqual([]);
    expect(delivery?.status).not.toBe(DeliveryStatus.PENDING);
    return delivery!;
  });
}

describe("a paid voucher", () => {
  test("sends its first code to the phone of the order, word for word", async () => {
    const before = provider.got.length;
    const { userId } = await payVoucher({ codes: 5 });
    expect(await settled(userId)).toMatchObject({ status: DeliveryStatus.DELIVERED, attempts: 1 });
    const [message, ...others] = provider.got.slice(before);
    expect(others).toEqual([]);
    expect(message).toMatchObject({
      to: mobile,
      text:
        "Your purchase Hair cut,its consumption code is:5724618039  valid until 2026-01-31 22:59 UTC" +
        ", other 4 consumption codes can be viewed on your online profile",
    });
    expect(message!.maskedText).toBe(message!.text.replace(code, "**********"));
  });

  test("of one code says nothing of others", async () => {
    const { userId } = await payVoucher({ codes: 1 });
    await settled(userId);
    expect(provider.got.at(-1)!.text).toBe(
      "Your purchase Hair cut,its consumption code is:5724618039  valid until 2026-01-31 22:59 UTC",
    );
  });

  test("tells its code nowhere else: in no list, table or dead letter", async () => {
    const { userId } = await payVoucher();
    await settled(userId);
    const { notifications } = await service.client.listNotifications({ userId });
    expect(notifications[0]!.body).toContain("Your code is valid until");
    for (const table of ["notifications", "deliveries", "text_messages", "preferences", "inbox"]) {
      const rows = await harness.sql.unsafe(`select to_jsonb(t)::text as text from ${table} t`);
      expect(rows.length, table).toBeGreaterThan(table === "preferences" ? -1 : 0);
      expect(
        rows.filter(({ text }) => `${text}`.includes(code)),
        table,
      ).toEqual([]);
      const hex = Buffer.from(code).toString("hex");
      expect(
        rows.filter(({ text }) => `${text}`.includes(hex)),
        table,
      ).toEqual([]);
    }
  });

  test("whose event comes twice sends one text", async () => {
    const before = provider.got.length;
    const paid = await payVoucher();
    const again = paidVoucherRecord({ ...paid, userId: Number(paid.userId) });
    await harness.producer.publish(ordersTopic.name, [
      again,
      orderRecord({ eventId: 5_000, kind: "created", userId: Number(paid.userId) }),
    ]);
    await notificationsOf(service.client, paid.userId, 2);
    await settled(paid.userId);
    expect(provider.got.length).toBe(before + 1);
  });

  test("without a phone number, and any other order, sends none", async () => {
    const { userId } = await payVoucher({ mobile: "" });
    await eventually(async () => {
      const { deliveries } = await service.client.listDeliveries({ userId });
      expect(deliveries.map(({ channel }) => channel)).toEqual([Channel.LOG]);
    });
  });

  test.each([
    ["a number that is none", { mobile: "0151 12345678" }],
    ["no codes", { codes: 0 }],
  ])("with %s is a dead letter", async (_, changes) => {
    const count = (await harness.deadLetters()).length;
    lastId += 1;
    const sealedFirstCode = sealer.seal(code, { orderId: BigInt(lastId), number: 1 });
    const record = { eventId: lastId, userId: lastId, orderId: lastId, codes: 1, mobile, sealedFirstCode };
    await harness.producer.publish(ordersTopic.name, [paidVoucherRecord({ ...record, ...changes })]);
    await eventually(async () => expect(await harness.deadLetters()).toHaveLength(count + 1));
  });
});

describe("whoever wants no text messages", () => {
  test("gets none, and says so in the preferences", async () => {
    const userId = 900n;
    await service.client.setPreferences({ preferences: { userId, smsDisabled: true } });
    expect((await service.client.getPreferences({ userId })).preferences).toMatchObject({
      smsDisabled: true,
    });
    const before = provider.got.length;
    await payVoucher({ userId: 900 });
    await eventually(async () => {
      const { deliveries } = await service.client.listDeliveries({ userId });
      expect(deliveries.map(({ channel }) => channel)).toEqual([Channel.LOG]);
    });
    expect(provider.got.length).toBe(before);
    await service.client.setPreferences({ preferences: { userId } });
    expect((await service.client.getPreferences({ userId })).preferences).toMatchObject({
      smsDisabled: false,
    });
  });

  test("may say so while one is tried", async () => {
    let saidSo = () => {};
    const wait = new Promise<void>((resolve) => {
      saidSo = resolve;
    });
    provider.fail = () =>
      wait.then(() => {
        throw new Error("away");
      });
    const { userId } = await payVoucher();
    await eventually(async () => expect((await smsDeliveries(userId))[0]?.attempts).toBe(1));
    await service.client.setPreferences({ preferences: { userId, smsDisabled: true } });
    saidSo();
    const delivery = await settled(userId);
    provider.fail = () => {};
    expect(delivery).toMatchObject({
      status: DeliveryStatus.FAILED,
      attempts: 2,
      lastError: "Text messages were turned off in the preferences.",
    });
  });
});

describe("a provider that", () => {
  test("is away is asked again, with the same reference", async () => {
    const before = provider.got.length;
    provider.fail = () => {
      if (provider.got.length - before < 3) {
        throw new Error(`can not send ${code} to ${mobile}`);
      }
    };
    const { userId } = await payVoucher();
    const delivery = await settled(userId);
    provider.fail = () => {};
    expect(delivery).toMatchObject({ status: DeliveryStatus.DELIVERED, attempts: 3, lastError: "" });
    const references = provider.got.slice(before).map(({ reference }) => reference);
    expect(references).toEqual(Array(3).fill(`delivery-${delivery.deliveryId}`));
  });

  test("stays away is given up after five tries, and nothing of what it says is shown", async () => {
    provider.fail = () => {
      throw new Error(`can not send ${code} to ${mobile}`);
    };
    const { userId } = await payVoucher();
    const delivery = await settled(userId);
    provider.fail = () => {};
    expect(delivery).toMatchObject({
      status: DeliveryStatus.FAILED,
      attempts: 5,
      lastError: "The text message could not be handed over.",
    });
  });

  test("refuses the number is not asked again", async () => {
    provider.fail = () => {
      throw new Failure("invalid_argument", `no such number: ${mobile}`, { reason: "BAD_NUMBER" });
    };
    const { userId } = await payVoucher();
    const delivery = await settled(userId);
    provider.fail = () => {};
    expect(delivery).toMatchObject({
      status: DeliveryStatus.FAILED,
      attempts: 1,
      lastError: "The number can not be reached by text message.",
    });
  });
});

test("a code that was sealed with another key, or for another order, is not sent", async () => {
  const before = provider.got.length;
  const place = { orderId: 1n, number: 1 };
  const foreign = await payVoucher({
    sealedFirstCode: createVoucherCodeSealer(randomBytes(32)).seal(code, place),
  });
  const moved = await payVoucher({ sealedFirstCode: sealer.seal(code, place) });
  for (const { userId } of [foreign, moved]) {
    expect(await settled(userId)).toMatchObject({
      status: DeliveryStatus.FAILED,
      attempts: 1,
      lastError: "This installation can not read the code.",
    });
  }
  expect(provider.got.length).toBe(before);
});

test("without a provider a line is logged, and neither code nor number is in anything that is written", async () => {
  await service.stop();
  const program = startNotificationsProcess({
    NOTIFICATIONS_DATABASE_URL: harness.database.url,
    NOTIFICATIONS_HOST: "127.0.0.1",
    NOTIFICATIONS_PORT: "0",
    KAFKA_BROKERS: harness.broker.brokers.join(","),
    VOUCHER_KEY: voucherSecret.toString("base64"),
    LOG_LEVEL: "debug",
  });
  try {
    lastId += 1;
    const sealedFirstCode = sealer.seal(code, { orderId: BigInt(lastId), number: 1 });
    const record = { eventId: lastId, userId: lastId, orderId: lastId, codes: 2, mobile, sealedFirstCode };
    await harness.producer.publish(ordersTopic.name, [paidVoucherRecord(record)]);
    const entry = await eventually(() => {
      const found = program.entries().find(({ msg }) => `${msg}`.startsWith("text message"));
      expect(found, program.lines.join("\n")).toBeDefined();
      return found!;
    });
    expect(entry).toMatchObject({ to: "+49*********78" });
    expect(entry.text).toContain("its consumption code is:**********  valid until");
    const everything = program.lines.join("\n");
    expect(everything).not.toContain(code);
    expect(everything).not.toContain(mobile.slice(1));
    expect(everything).not.toContain(voucherSecret.toString("base64"));
  } finally {
    await program.end("SIGTERM");
  }
});
