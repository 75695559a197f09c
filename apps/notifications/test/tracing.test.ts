import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { eventually } from "@ordermesh/testkit/eventually";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ordersTopic } from "../src/events/incoming.ts";
import { createNotificationsHarness, type NotificationsHarness } from "./notifications-harness.ts";
import { orderRecord } from "./order-records.ts";
import { startWebhookReceiver, type WebhookReceiver } from "./webhook-receiver.ts";

interface ReceivedSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
}

const consumerKind = 5;

let harness: NotificationsHarness;
let receiver: WebhookReceiver;
const spans: ReceivedSpan[] = [];
const collector = createServer(async (request, response) => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) {
    chunks.push(chunk as Buffer);
  }
  const { resourceSpans } = JSON.parse(Buffer.concat(chunks).toString());
  for (const { scopeSpans } of resourceSpans) {
    for (const scope of scopeSpans) {
      spans.push(...scope.spans);
    }
  }
  response.writeHead(200, { "content-type": "application/json" }).end("{}");
});

beforeAll(async () => {
  await new Promise<void>((resolve) => collector.listen(0, "127.0.0.1", resolve));
  harness = await createNotificationsHarness();
  receiver = await startWebhookReceiver();
});
afterAll(async () => {
  await harness.close();
  await receiver.close();
  collector.closeAllConnections();
  collector.close();
});

test("an event's handling and its deliveries belong to the trace of the order", async () => {
  const { client } = await harness.startService({
    otlpEndpoint: `http://127.0.0.1:${(collector.address() as AddressInfo).port}`,
    webhookAllowHttp: true,
    webhookAllowPrivate: true,
  });
  const webhookUrl = `http://127.0.0.1:${receiver.port}/`;
  await client.setPreferences({ preferences: { userId: 1n, webhookUrl, webhookSecret: "0123456789abcdef" } });
  const traceId = "0af7651916cd43dd8448eb211c80319c";
  const traceparent = `00-${traceId}-b7ad6b7169203331-01`;
  const record = orderRecord({ eventId: 1, kind: "paid", userId: 1, traceparent });
  await harness.producer.publish(ordersTopic.name, [record, record]);

  await eventually(() => expect(spans.filter((span) => span.traceId === traceId)).toHaveLength(2));
  const handling = spans.find(({ name }) => name === "process orders.events.v1");
  expect(handling).toMatchObject({ traceId, parentSpanId: "b7ad6b7169203331", kind: consumerKind });
  expect(spans.find(({ name }) => name === "deliver webhook")).toMatchObject({
    traceId,
    parentSpanId: handling!.spanId,
  });
});
