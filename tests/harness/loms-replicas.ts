import { type Client, createClient } from "@connectrpc/connect";
import type { LomsConfig } from "@ordermesh/app-loms/config";
import { type Loms, startLoms } from "@ordermesh/app-loms/service";
import { durationProfiles } from "@ordermesh/app-loms/workflows/durations";
import { InventoryService } from "@ordermesh/proto/ordermesh/loms/v1/inventory_pb";
import { LomsService } from "@ordermesh/proto/ordermesh/loms/v1/loms_pb";
import { createGrpcTransport } from "@ordermesh/rpc/client";
import { createMetrics } from "@ordermesh/telemetry/metrics";
import { startTracing } from "@ordermesh/telemetry/tracing";
import { type FreshDatabase, freshDatabase } from "@ordermesh/testkit/fresh-database";
import { type OwnBroker, startOwnBroker } from "@ordermesh/testkit/own-broker";
import { expectVerifyClean } from "./verify-clean.ts";

/** Several LOMS on one database and one broker, behind one client that spreads its calls over them. */
export interface LomsReplicas {
  readonly orders: Client<typeof LomsService>;
  readonly inventory: Client<typeof InventoryService>;
  readonly replicas: readonly Loms[];
  readonly database: FreshDatabase;
  readonly broker: OwnBroker;
  /** @param notificationsDatabaseUrl where the effects of the events are, if they shall be checked too. */
  expectVerifyClean(notificationsDatabaseUrl?: string): Promise<Record<string, number>>;
  stop(): Promise<void>;
}

export const lomsDefaults: Omit<LomsConfig, "databaseUrl" | "kafkaBrokers"> = {
  host: "127.0.0.1",
  port: 0,
  databaseConnectionsMax: 8,
  databaseTimeoutMs: 10_000,
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
  reflection: false,
  logLevel: "error",
  logFormat: "readable",
  otlpEndpoint: undefined,
  traceSampleRatio: 1,
};

/** @param broker removed with the replicas; a devkafka unless told. */
export async function startLomsReplicas(
  count: number,
  changes: Partial<LomsConfig> = {},
  broker?: OwnBroker,
): Promise<LomsReplicas> {
  const ownBroker = broker ?? (await startOwnBroker());
  const database = await freshDatabase();
  const config: LomsConfig = {
    ...lomsDefaults,
    ...changes,
    databaseUrl: database.url,
    kafkaBrokers: ownBroker.brokers,
  };
  const replicas = await Promise.all(Array.from({ length: count }, () => startLoms(config)));
  await Promise.all(replicas.map((replica) => replica.ready));
  const { transport, close } = createGrpcTransport({
    address: replicas.map(({ address }) => `127.0.0.1:${address.port}`).join(","),
    services: [LomsService, InventoryService],
    metrics: createMetrics({ service: "test", version: "0" }),
    tracing: await startTracing({ service: "test", version: "0", endpoint: undefined, sampleRatio: 1 }),
    defaultTimeoutMs: 30_000,
  });
  return {
    orders: createClient(LomsService, transport),
    inventory: createClient(InventoryService, transport),
    replicas,
    database,
    broker: ownBroker,
    expectVerifyClean: (notificationsDatabaseUrl) =>
      expectVerifyClean({
        lomsDatabaseUrl: database.url,
        kafkaBrokers: ownBroker.brokers,
        ...(notificationsDatabaseUrl !== undefined && { notificationsDatabaseUrl }),
      }),
    async stop() {
      close();
      await Promise.all(replicas.map((replica) => replica.stop()));
      await database.drop();
      await ownBroker.remove();
    },
  };
}
