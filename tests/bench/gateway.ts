import { Agent, request } from "node:http";
import { createClient } from "@connectrpc/connect";
import { ProductKind, ProductService } from "@ordermesh/proto/ordermesh/product/v1/product_pb";
import { createGrpcTransport } from "@ordermesh/rpc/client";
import { createMetrics } from "@ordermesh/telemetry/metrics";
import { startTracing } from "@ordermesh/telemetry/tracing";
import { startTestIssuer, type TestIssuer } from "@ordermesh/testkit/test-issuer";
import { startServiceProcess } from "../harness/service-process.ts";
import { loadFor } from "./closed-loop.ts";
import type { DatabaseServer } from "./installation.ts";
import {
  costCell,
  interleave,
  type Measurement,
  measure,
  measurementCells,
  measurementColumns,
  medianRatio,
} from "./measurement.ts";
import type { Section, Target } from "./report.ts";
import type { Sizes } from "./sizes.ts";
import { median } from "./statistics.ts";

const concurrencies = [1, 32];
const sku = 7;
const rpcPath = "/ordermesh.product.v1.ProductService/GetProduct";

/** What the gateway adds to a call: the same question to the service itself, and through the gateway in two forms. */
export async function gateway(server: DatabaseServer, sizes: Sizes): Promise<Section> {
  const issuer = await startTestIssuer();
  const product = await startServiceProcess("product", {
    ...issuer.environment("product"),
    PRODUCT_DATABASE_URL: server.urlOf("product_gateway"),
  });
  const edge = await startServiceProcess("gateway", {
    ...issuer.environment("gateway"),
    GATEWAY_DATABASE_URL: server.urlOf("gateway"),
    PRODUCT_ADDRESS: `127.0.0.1:${product.port}`,
    // The limits are counted, but not reached.
    GATEWAY_ADDRESS_REQUESTS_PER_SECOND: "1000000",
    GATEWAY_ADDRESS_REQUESTS_BURST: "1000000",
    GATEWAY_USER_REQUESTS_PER_SECOND: "1000000",
    GATEWAY_USER_REQUESTS_BURST: "1000000",
  });
  const agent = new Agent({ keepAlive: true, maxSockets: 64 });
  const authorization = `Bearer ${await issuer.userToken(1000, ["buyer"])}`;
  const body = JSON.stringify({ sku });
  const post = (port: number) => () =>
    send({ agent, port, method: "POST", path: rpcPath, body, authorization });
  const get = () =>
    send({ agent, port: edge.port, method: "GET", path: `/v1/products/${sku}`, authorization });
  const processes = { client: process.pid, gateway: edge.pid, product: product.pid };
  const rows: string[][] = [];
  const targets: Target[] = [];
  try {
    await addProduct(product.port, issuer);
    for (const concurrency of concurrencies) {
      const load = (operation: () => Promise<void>) => () =>
        measure(processes, () => loadFor(sizes.sliceMs, concurrency, operation));
      const results = await interleave(sizes.rounds, {
        direct: load(post(product.port)),
        connect: load(post(edge.port)),
        rest: load(get),
      });
      for (const [name, rounds] of Object.entries(results)) {
        rows.push([
          ...measurementCells(`${name}, ${concurrency} at a time`, rounds),
          addedMs(rounds, results.direct, "p50Ms"),
          addedMs(rounds, results.direct, "p99Ms"),
          costCell(rounds),
        ]);
      }
      if (concurrency > 1) {
        targets.push({
          what: `calls per second through the gateway over REST to direct ones, ${concurrency} at a time`,
          measured: medianRatio(results.rest, results.direct),
          bound: "at least",
          target: 0.3,
        });
      }
    }
  } finally {
    agent.destroy();
    await edge.stop();
    await product.stop();
    await issuer.close();
  }
  return {
    title: "What the gateway adds to a call",
    method:
      "ProductService.GetProduct as Connect with JSON at the service itself, the same through the gateway, and as GET " +
      "/v1/products/{sku}; over HTTP/1.1 connections that are kept, with a user's token, closed loop, all on one machine. " +
      "Added is the difference of medians to the direct call; costs are microseconds of processor time per call.",
    table: { columns: [...measurementColumns, "added p50 ms", "added p99 ms", "cost"], rows },
    targets,
  };
}

function addedMs(
  rounds: readonly Measurement[],
  direct: readonly Measurement[],
  figure: "p50Ms" | "p99Ms",
): string {
  const of = (measurements: readonly Measurement[]) =>
    median(measurements.map((measurement) => measurement[figure]));
  return (of(rounds) - of(direct)).toFixed(2);
}

/** One request over a connection that is kept. Fails unless the answer is the product. */
function send(options: {
  readonly agent: Agent;
  readonly port: number;
  readonly method: string;
  readonly path: string;
  readonly body?: string;
  readonly authorization: string;
}): Promise<void> {
  const { agent, port, method, path, body, authorization } = options;
  return new Promise((resolve, reject) => {
    const headers = {
      authorization,
      ...(body !== undefined && {
        "content-type": "application/json",
        "content-length": Buffer.byteLength(body),
      }),
    };
    const sent = request({ agent, host: "127.0.0.1", port, method, path, headers }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (chunk) => {
        text += chunk;
      });
      response.on("end", () => {
        if (response.statusCode === 200 && text.includes(`"sku":${sku}`)) {
          resolve();
        } else {
          reject(new Error(`${method} ${path} answered ${response.statusCode}: ${text}`));
        }
      });
      response.on("error", reject);
    });
    sent.on("error", reject);
    sent.end(body);
  });
}

async function addProduct(port: number, issuer: TestIssuer): Promise<void> {
  const { transport, close } = createGrpcTransport({
    address: `127.0.0.1:${port}`,
    services: [ProductService],
    metrics: createMetrics({ service: "bench", version: "0" }),
    tracing: await startTracing({ service: "bench", version: "0", endpoint: undefined, sampleRatio: 1 }),
    defaultTimeoutMs: 20_000,
    credentials: () => issuer.userToken(4, ["platform"]),
  });
  await createClient(ProductService, transport).upsertProduct({
    product: {
      sku,
      name: "Oak Lamp, small",
      kind: ProductKind.PHYSICAL,
      price: { currencyCode: "EUR", amountMinor: 1299n },
    },
  });
  close();
}
