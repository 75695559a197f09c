import { type Client, createClient } from "@connectrpc/connect";
import { InventoryService } from "@ordermesh/proto/ordermesh/loms/v1/inventory_pb";
import { LomsService } from "@ordermesh/proto/ordermesh/loms/v1/loms_pb";
import { createGrpcTransport } from "@ordermesh/rpc/client";
import { createMetrics } from "@ordermesh/telemetry/metrics";
import { startTracing } from "@ordermesh/telemetry/tracing";
import { type FreshDatabase, freshDatabase } from "@ordermesh/testkit/fresh-database";
import { kafkaBrokers } from "@ordermesh/testkit/infrastructure";
import type { LomsConfig } from "../src/config.ts";
import { type Loms, startLoms } from "../src/service.ts";
import { durationProfiles } from "../src/workflows/durations.ts";

/** A LOMS of its own, on its own database, with clients that call it over gRPC. */
export interface LomsHarness {
  readonly loms: Loms;
  readonly orders: Client<typeof LomsService>;
  readonly inventory: Client<typeof InventoryService>;
  readonly database: FreshDatabase;
  readonly address: string;
  stop(): Promise<void>;
}

export function testConfig(databaseUrl: string, changes: Partial<LomsConfig> = {}): LomsConfig {
  return {
    host: "127.0.0.1",
    port: 0,
    databaseUrl,
    databaseConnectionsMax: 8,
    databaseTimeoutMs: 5_000,
    kafkaBrokers: kafkaBrokers(),
    // All tests share the broker: another one's payments are none of ours.
    consumesPayments: false,
    paymentWindowMs: 600_000,
    timersEveryMs: 50,
    durations: durationProfiles.production,
    voucherSecret: undefined,
    batchOrdersMax: 256,
    queueOrdersMax: 10_000,
    auth: undefined,
    tls: undefined,
    minizonOpen: true,
    stopTimeoutMs: 5_000,
    reflection: true,
    logLevel: "error",
    logFormat: "readable",
    otlpEndpoint: undefined,
    traceSampleRatio: 1,
    ...changes,
  };
}

/** @param shared the database of another one, which stays; a fresh one unless told. */
export async function startLomsHarness(
  changes: Partial<LomsConfig> = {},
  shared?: FreshDatabase,
): Promise<LomsHarness> {
  const database = shared ?? (await freshDatabase());
  const loms = await startLoms(testConfig(database.url, changes));
  await loms.ready;
  const address = `127.0.0.1:${loms.address.port}`;
  const { transport, close } = createGrpcTransport({
    address,
    services: [LomsService, InventoryService],
    metrics: createMetrics({ service: "test", version: "0" }),
    tracing: await startTracing({ service: "test", version: "0", endpoint: undefined, sampleRatio: 1 }),
    defaultTimeoutMs: 10_000,
  });
  return {
    loms,
    orders: createClient(LomsService, transport),
    inventory: createClient(InventoryService, transport),
    database,
    address,
    async stop() {
      close();
      await loms.stop();
      await (shared === undefined ? database.drop() : undefined);
    },
  };
}
