import { request } from "node:http";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ForbiddenAddressError, publicLookup } from "../src/channels/guarded-lookup.ts";
import { createWebhookChannel } from "../src/channels/webhook.ts";
import type { ClaimedDelivery } from "../src/sql/deliveries.ts";
import { startWebhookReceiver, type WebhookReceiver } from "./webhook-receiver.ts";

/* S16: webhooks of buyers lead nowhere into our own network, whatever their addresses are called. */

let receiver: WebhookReceiver;
beforeAll(async () => {
  receiver = await startWebhookReceiver();
});
afterAll(() => receiver.close());

// The rules are strict but for http, so that nothing but the address can be the reason for a refusal.
const strict = createWebhookChannel({
  rules: { allowPrivate: false, allowHttp: true },
  timeoutMs: 2_000,
  bodyOf: () => "{}",
});

function deliveryTo(webhookUrl: string): ClaimedDelivery {
  return {
    id: 1n,
    attempt: 1,
    notification: {
      id: 1n,
      eventId: "1",
      eventType: "test",
      userId: 7n,
      orderId: 17n,
      title: "",
      body: "",
      createdAt: new Date(),
    },
    traceparent: "",
    emailAddress: "",
    webhookUrl,
    webhookSecret: "0123456789abcdef",
    smsDisabled: false,
    textMessage: undefined,
  };
}

describe("a webhook does not lead into a private network", () => {
  test.each([
    "http://127.0.0.1:PORT/",
    "http://2130706433:PORT/",
    "http://0x7f000001:PORT/",
    "http://0.0.0.0:PORT/",
    "http://[::1]:PORT/",
    "http://[::ffff:127.0.0.1]:PORT/",
    "http://[::]:PORT/",
    "http://169.254.169.254/latest/meta-data/",
    "http://10.0.0.1/",
    "http://192.168.0.1/",
    "http://localhost:PORT/",
    "file:///etc/passwd",
  ])("%s", async (url) => {
    const result = await strict(deliveryTo(url.replace("PORT", `${receiver.port}`)));
    expect(result).toMatchObject({ kind: "failed", final: true });
    expect(receiver.calls).toEqual([]);
  });

  test("a name is judged by the address that the connection would go to", async () => {
    const refused = new Promise((resolve, reject) => {
      const url = `http://localhost:${receiver.port}/`;
      const sending = request(url, { method: "POST", agent: false, lookup: publicLookup });
      sending.on("response", reject);
      sending.on("error", resolve);
      sending.end();
    });
    expect(await refused).toBeInstanceOf(ForbiddenAddressError);
    expect(receiver.calls).toEqual([]);
  });
});

test("an installation that allows private addresses reaches them", async () => {
  const allowed = createWebhookChannel({
    rules: { allowPrivate: true, allowHttp: true },
    timeoutMs: 2_000,
    bodyOf: () => "{}",
  });
  expect(await allowed(deliveryTo(`http://localhost:${receiver.port}/`))).toEqual({ kind: "delivered" });
  expect(receiver.calls).toHaveLength(1);
});

test("http is refused where only https is allowed", async () => {
  const encrypted = createWebhookChannel({
    rules: { allowPrivate: true, allowHttp: false },
    timeoutMs: 2_000,
    bodyOf: () => "{}",
  });
  expect(await encrypted(deliveryTo(`http://127.0.0.1:${receiver.port}/`))).toMatchObject({
    kind: "failed",
    final: true,
  });
});
