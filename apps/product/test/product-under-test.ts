import { type Client, createClient } from "@connectrpc/connect";
import { ProductService } from "@ordermesh/proto/ordermesh/product/v1/product_pb";
import { ProductService as MinizonProductService } from "@ordermesh/proto/route256/product/product_pb";
import { createGrpcTransport } from "@ordermesh/rpc/client";
import { createMetrics } from "@ordermesh/telemetry/metrics";
import { startTracing } from "@ordermesh/telemetry/tracing";
import { readProductConfig } from "../src/config.ts";
import { startProduct } from "../src/service.ts";

export interface ProductUnderTest {
  readonly address: string;
  readonly products: Client<typeof ProductService>;
  readonly minizon: Client<typeof MinizonProductService>;
  /** Resolves once the service is ready. */
  readonly ready: Promise<void>;
  stop(): Promise<void>;
}

/** Starts the real service on a free port, and clients that call it over gRPC. */
export async function startProductUnderTest(
  databaseUrl: string,
  environment: Readonly<Record<string, string>> = {},
): Promise<ProductUnderTest> {
  const service = await startProduct(
    readProductConfig({
      PRODUCT_HOST: "127.0.0.1",
      PRODUCT_PORT: "0",
      PRODUCT_DATABASE_URL: databaseUrl,
      AUTH: "off",
      LOG_LEVEL: process.env.TEST_LOG_LEVEL ?? "error",
      STOP_TIMEOUT_MS: "5000",
      ...environment,
    }),
  );
  const address = `127.0.0.1:${service.address.port}`;
  const { transport, close } = createGrpcTransport({
    address,
    services: [ProductService, MinizonProductService],
    metrics: createMetrics({ service: "test", version: "0" }),
    tracing: await startTracing({ service: "test", version: "0", endpoint: undefined, sampleRatio: 0 }),
    defaultTimeoutMs: 10_000,
  });
  return {
    address,
    products: createClient(ProductService, transport),
    minizon: createClient(MinizonProductService, transport),
    ready: service.ready,
    async stop() {
      close();
      await service.stop();
    },
  };
}
