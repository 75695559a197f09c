import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { CheckoutService } from "@ordermesh/proto/ordermesh/checkout/v1/checkout_pb";
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

test("from the purchase to the notification, each span below the one that caused it", async () => {
  const { client, close } = await openGrpcClient(CheckoutService, mesh.addresses.checkout);
  const traceId = "0af7651916cd43dd8448eb211c80319c";
  const authorization = `Bearer ${await mesh.token("buyer")}`;
  try {
    await client.addToCart({ sku: 1076963, quantity: 1 }, { headers: { authorization } });
    await client.purchase(
      {},
      { headers: { authorization, traceparent: `00-${traceId}-b7ad6b7169203331-01` } },
    );
  } finally {
    close();
  }

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
