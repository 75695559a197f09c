import { eventually } from "@ordermesh/testkit/eventually";
import { byLength } from "@ordermesh/testkit/test-length";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ordersTopic } from "../src/events/incoming.ts";
import { type MailServer, startMailServer } from "./mail-server.ts";
import { createNotificationsHarness, type NotificationsHarness } from "./notifications-harness.ts";
import { type NotificationsProcess, startNotificationsProcess } from "./notifications-process.ts";
import { orderRecord } from "./order-records.ts";

let harness: NotificationsHarness;
let mailServer: MailServer;
const running: NotificationsProcess[] = [];
beforeAll(async () => {
  harness = await createNotificationsHarness();
  mailServer = await startMailServer();
});
afterAll(async () => {
  await Promise.all(running.map((program) => program.end("SIGKILL")));
  await harness.close();
  await mailServer.close();
});

function start(changes: Readonly<Record<string, string>> = {}): NotificationsProcess {
  const program = startNotificationsProcess({
    NOTIFICATIONS_HOST: "127.0.0.1",
    NOTIFICATIONS_PORT: "0",
    NOTIFICATIONS_DATABASE_URL: harness.database.url,
    KAFKA_BROKERS: harness.broker.brokers.join(","),
    ...changes,
  });
  running.push(program);
  return program;
}

const ready = (program: NotificationsProcess) =>
  eventually(() =>
    expect(
      program.entries().some(({ msg }) => msg === "ready"),
      program.lines.join("\n"),
    ).toBe(true),
  );

async function published(first: number, count: number): Promise<void> {
  const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  const records = Array.from({ length: count }, (_, index) =>
    orderRecord({ eventId: first + index, kind: "paid", userId: 7, orderId: first + index, traceparent }),
  );
  await harness.producer.publish(ordersTopic.name, records);
}

test("it says everything that is wrong with its configuration, and ends", async () => {
  const program = startNotificationsProcess({
    NOTIFICATIONS_PORT: "99999",
    SMTP_URL: "smtp://u:hush@mail.example",
  });
  expect(await program.exited()).toBe(1);
  const output = program.lines.join("\n");
  expect(output).toContain("NOTIFICATIONS_DATABASE_URL is required.");
  expect(output).toContain("NOTIFICATIONS_PORT must be an integer from 0 to 65535");
  expect(output).toContain("SMTP_FROM is required.");
  expect(output).not.toContain("hush");
});

test("it logs one line per notification with its order and trace, never a secret, and ends cleanly", async () => {
  const [password, webhookSecret] = ["wrong-smtp-password", "webhook-secret-of-a-user"];
  await harness.sql`insert into preferences (user_id, email_address, webhook_url, webhook_secret)
    values (7, 'buyer@example.com', 'https://localhost/', ${webhookSecret})`;
  const program = start({
    SMTP_URL: `smtp://shop:${password}@127.0.0.1:${mailServer.port}`,
    SMTP_FROM: "orders@shop.example",
    WEBHOOK_BACKOFF_BASE_MS: "1",
    LOG_LEVEL: "debug",
  });
  await ready(program);
  await published(1, 3);
  await eventually(async () => {
    const [row] = await harness.sql`
      select count(*) filter (where status = 'pending')::int as pending, count(*)::int as all from deliveries`;
    expect(row).toEqual({ pending: 0, all: 9 });
  });
  const failures =
    await harness.sql`select distinct last_error from deliveries where status = 'failed' order by 1`;
  expect(failures.map(({ last_error }) => last_error)).toEqual([
    "The mail server answered 535.",
    "The webhook's address must not lead into a private network.",
  ]);
  expect(await program.end("SIGTERM")).toBe(0);

  const told = program.entries().filter(({ event_type }) => event_type !== undefined);
  expect(told.map(({ order_id }) => order_id).sort()).toEqual(["1", "2", "3"]);
  expect(told[0]).toMatchObject({
    level: "info",
    service: "notifications",
    msg: expect.stringMatching(/^Order \d is paid$/),
    user_id: "7",
    event_type: "ordermesh.events.v1.OrderPaid",
    trace_id: "0af7651916cd43dd8448eb211c80319c",
  });
  expect(program.lines.join("\n")).not.toContain(password);
  expect(program.lines.join("\n")).not.toContain(webhookSecret);
  await harness.sql`truncate preferences, notifications, deliveries, text_messages, inbox`;
});

test("a process that is killed while it handles events leaves one notification for each", {
  timeout: 120_000,
}, async () => {
  const count = byLength({ short: 1_000, whole: 3_000 });
  const kills: number[] = [];
  let program = start();
  await ready(program);
  const publishing = (async () => {
    for (let first = 1_001; first <= 1_000 + count; first += 100) {
      await published(first, 100);
    }
  })();
  const handled = async () =>
    (await harness.sql`select count(*)::int as count from notifications`)[0]!.count as number;
  for (const killAt of [count / 10, count / 2]) {
    await eventually(async () => expect(await handled()).toBeGreaterThan(killAt), {
      timeoutMs: 60_000,
      everyMs: 2,
    });
    await program.end("SIGKILL");
    kills.push(await handled());
    program = start();
  }
  await publishing;
  await eventually(async () => expect(await handled()).toBe(count), { timeoutMs: 60_000 });
  process.stdout.write(`killed with ${kills.join(" and ")} of ${count} events handled\n`);
  expect(Math.max(...kills)).toBeLessThan(count);
  const [totals] = await harness.sql`
    select
      (select count(distinct event_id)::int from notifications) as events,
      (select count(*)::int from inbox) as inbox,
      (select count(*)::int from deliveries) as deliveries`;
  expect(totals).toEqual({ events: count, inbox: count, deliveries: count });
  expect(await program.end("SIGTERM")).toBe(0);
});
