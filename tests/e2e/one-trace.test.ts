import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { CheckoutService } from "@ordermesh/proto/ordermesh/checkout/v1/checkout_pb";
import { LomsService } from "@ordermesh/proto/ordermesh/loms/v1/loms_pb";
import { PaymentsService } from "@ordermesh/proto/ordermesh/payments/v1/payments_pb";
import { eventually } from "@ordermesh/testkit/eventually";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openGrpcClient } from "../harness/grpc-client.ts";
import { type MeshProcess, startMeshProcess } from "../harness/mesh-process.ts";

/*
 * One order is one trace: from the call at checkout over the outbox and Kafka to the notification. The services send
 * their spans to a receiver here, as they would to Jaeger, and each span must hang below the one that caused it.
 */

interface Span {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string;
  readonly name: string;
  readonly service: string;
}

interface OtlpAttribute {
  readonly key: string;
  readonly value: { readonly stringValue?: string };
}

interface OtlpRequest {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly OtlpAttribute[] };
    readonly scopeSpans: readonly { readonly spans: readonly Omit<Span, "service">[] }[];
  }[];
}

const spans: Span[] = [];
let receiver: Server;
let mesh: MeshProcess;

beforeAll(async () => {
  receiver = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      keep(JSON.parse(Buffer.concat(chunks).toString()));
      response.writeHead(200, { "content-type": "application/json" }).end("{}");
    });
  });
  await new Promise<void>((resolve) => receiver.listen(0, "127.0.0.1", resolve));
  const { port } = receiver.address() as AddressInfo;
  mesh = await startMeshProcess({ OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}` });
});

afterAll(async () => {
  await mesh.stop();
  receiver.close();
});

function keep({ resourceSpans }: OtlpRequest): void {
  for (const { resource, scopeSpans } of resourceSpans) {
    const service = resource.attributes.find(({ key }) => key === "service.name")?.value.stringValue ?? "";
    for (const span of scopeSpans.flatMap((scope) => scope.spans)) {
      spans.push({ ...span, parentSpanId: span.parentSpanId ?? "", service });
    }
  }
}

/** The traces of an order's steps, as its history tells them to who works at the desk. */
async function tracesOf(orderId: bigint): Promise<string[]> {
  const { client, close } = await openGrpcClient(LomsService, mesh.addresses.loms, {
    token: await mesh.token("seller"),
  });
  try {
    const { entries } = await client.getHistory({ orderId });
    expect(entries.every(({ traceRecorded }) => traceRecorded)).toBe(true);
    return entries.map((entry) => entry.traceId);
  } finally {
    close();
  }
}

/** @returns the order of one lamp, bought in a trace. */
async function purchase(traceId: string): Promise<bigint> {
  const { client, close } = await openGrpcClient(CheckoutService, mesh.addresses.checkout);
  const authorization = `Bearer ${await mesh.token("buyer")}`;
  try {
    await client.addToCart({ sku: 1076963, quantity: 1 }, { headers: { authorization } });
    const { orderId } = await client.purchase(
      {},
      { headers: { authorization, traceparent: `00-${traceId}-b7ad6b7169203331-01` } },
    );
    return orderId;
  } finally {
    close();
  }
}

test("from the purchase to the notification, each span below the one that caused it", async () => {
  const traceId = "0af7651916cd43dd8448eb211c80319c";
  const orderId = await purchase(traceId);
  expect(await tracesOf(orderId)).toEqual([traceId, traceId]);

  const ofTrace = () => spans.filter((span) => span.traceId === traceId);
  await eventually(
    () => {
      const services = ofTrace().map((span) => span.service);
      expect(services.filter((service) => service === "notifications").length).toBeGreaterThanOrEqual(2);
    },
    { timeoutMs: 30_000 },
  );
  await eventually(() => {
    const byId = new Map(ofTrace().map((span) => [span.spanId, span]));
    const notified = ofTrace().filter((span) => span.service === "notifications");
    for (const span of notified) {
      const path: string[] = [];
      for (let at: Span | undefined = span; at !== undefined; at = byId.get(at.parentSpanId)) {
        path.unshift(at.service);
      }
      // The server and the client span of checkout, the call and the publication in loms, the notification.
      expect(path).toEqual(["checkout", "checkout", "loms", "loms", "notifications"]);
    }
  });
});

test("a payment's trace is that of the step to which its event leads, over two services and Kafka", async () => {
  const [bought, paid] = ["1af7651916cd43dd8448eb211c80319c", "2af7651916cd43dd8448eb211c80319c"];
  const orderId = await purchase(bought);
  const { client, close } = await openGrpcClient(PaymentsService, mesh.addresses.payments, {
    token: await mesh.token("buyer"),
  });
  try {
    await eventually(() => client.getPayment({ orderId }), { timeoutMs: 30_000 });
    const card = { number: "4242424242424242", expiryMonth: 12, expiryYear: 2030, code: "123" };
    const { paymentMethodToken } = await client.createPaymentMethod({ card });
    await client.pay(
      { orderId, paymentMethodToken, idempotencyKey: "pay" },
      { headers: { traceparent: `00-${paid}-b7ad6b7169203331-01` } },
    );
  } finally {
    close();
  }
  await eventually(async () => expect(await tracesOf(orderId)).toEqual([bought, bought, paid]), {
    timeoutMs: 30_000,
  });
});

test("a timer that fires begins a trace: its span, the publication, and what that causes", async () => {
  const { client, close } = await openGrpcClient(LomsService, mesh.addresses.loms, {
    token: await mesh.token("platform"),
  });
  try {
    const { orderId } = await client.createOrder({
      userId: 1n,
      idempotencyKey: "timer",
      lines: [{ sku: 1076963, quantity: 1 }],
      paymentWindow: { seconds: 1n },
    });
    const traceId = await eventually(
      async () => {
        const { entries } = await client.getHistory({ orderId });
        expect(entries[2]?.actor).toBe("timer");
        return entries[2]?.traceId;
      },
      { timeoutMs: 30_000 },
    );
    await eventually(
      () => {
        const ofTrace = spans.filter((span) => span.traceId === traceId);
        const root = ofTrace.find(({ parentSpanId }) => parentSpanId === "");
        expect(root).toMatchObject({ service: "loms", name: "fire payment_deadline" });
        expect(ofTrace.map(({ service }) => service)).toContain("notifications");
      },
      { timeoutMs: 30_000 },
    );
  } finally {
    close();
  }
});
