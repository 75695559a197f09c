import { randomBytes } from "node:crypto";
import type { DescService } from "@bufbuild/protobuf";
import { type Client, createClient } from "@connectrpc/connect";
import { readLomsConfig } from "@ordermesh/app-loms/config";
import { startLoms } from "@ordermesh/app-loms/service";
import { readPaymentsConfig } from "@ordermesh/app-payments/config";
import { startPayments } from "@ordermesh/app-payments/service";
import { readProductConfig } from "@ordermesh/app-product/config";
import { startProduct } from "@ordermesh/app-product/service";
import type { Running } from "@ordermesh/process/run-until-signal";
import { createStopList } from "@ordermesh/process/stop-in-order";
import { createGrpcTransport } from "@ordermesh/rpc/client";
import { createMetrics } from "@ordermesh/telemetry/metrics";
import { startTracing } from "@ordermesh/telemetry/tracing";
import { freshDatabase } from "@ordermesh/testkit/fresh-database";
import { startOwnBroker } from "@ordermesh/testkit/own-broker";
import { startTcpProxy, type TcpProxy } from "@ordermesh/testkit/tcp-proxy";
import { startTestIssuer, type TestIssuer } from "@ordermesh/testkit/test-issuer";
import postgres from "postgres";
import { readTablesConfig } from "../src/config.ts";
import { startTables } from "../src/service.ts";

/** The services that tables may be given beside it. */
export type Neighbor = "product" | "loms" | "payments";

/** Tables and its neighbors in this process, each with a database of its own, closed to strangers. */
export interface TablesHarness {
  readonly issuer: TestIssuer;
  readonly addresses: Readonly<Record<"tables" | Neighbor, string>>;
  readonly databaseUrl: string;
  /** Variables with which another process of tables belongs here. */
  readonly tablesEnvironment: Readonly<Record<string, string>>;
  /** Straight to the database of tables, for what no call shows. */
  readonly sql: postgres.Sql<{ bigint: bigint }>;
  readonly brokers: readonly string[];
  /** Between tables and a neighbor, so that it can be cut. Of those that run. */
  readonly links: Readonly<Partial<Record<Neighbor, TcpProxy>>>;
  /** Databases of the neighbors that run. */
  readonly databaseUrls: Readonly<Partial<Record<Neighbor, string>>>;
  /** A client of tables, or of a neighbor, that sends this token; none unless told. It is closed with the harness. */
  client<Service extends DescService>(
    service: Service,
    token?: string,
    target?: "tables" | Neighbor | { readonly address: string },
  ): Promise<Client<Service>>;
  /** The token of a seller: what staff have. */
  sellerToken(userId: number | bigint): Promise<string>;
  /** Another process of tables on the same database. @returns its address. */
  startReplica(): Promise<string>;
  stop(): Promise<void>;
}

export interface TablesHarnessOptions {
  /** What runs beside tables; only the catalogue unless told. */
  readonly neighbors?: readonly Neighbor[];
  /** More variables for tables. */
  readonly environment?: Readonly<Record<string, string>>;
  /** More variables for its neighbors. */
  readonly neighborEnvironment?: Readonly<Record<string, string>>;
}

type Started = Running & { readonly address: { readonly port: number }; readonly ready: Promise<void> };

const starters: Readonly<
  Record<Neighbor, (environment: Readonly<Record<string, string>>) => Promise<Started>>
> = {
  product: (environment) => startProduct(readProductConfig(environment)),
  loms: (environment) => startLoms(readLomsConfig(environment)),
  payments: (environment) => startPayments(readPaymentsConfig(environment)),
};

export async function startTablesHarness(options: TablesHarnessOptions = {}): Promise<TablesHarness> {
  const { neighbors = ["product"], environment = {}, neighborEnvironment = {} } = options;
  const parts = createStopList();
  const issuer = await startTestIssuer();
  parts.add("issuer", issuer.close);
  const broker = await startOwnBroker();
  parts.add("broker", broker.remove);

  function variablesOf(service: string, databaseUrl: string): Record<string, string> {
    const prefix = service.toUpperCase();
    return {
      [`${prefix}_HOST`]: "127.0.0.1",
      [`${prefix}_PORT`]: "0",
      [`${prefix}_DATABASE_URL`]: databaseUrl,
      KAFKA_BROKERS: broker.brokers.join(),
      LOG_LEVEL: process.env.TEST_LOG_LEVEL ?? "error",
      STOP_TIMEOUT_MS: "5000",
      ...issuer.environment(service),
    };
  }
  async function freshUrl(name: string): Promise<string> {
    const database = await freshDatabase();
    parts.add(`${name} database`, database.drop);
    return database.url;
  }
  async function untilReady(name: string, starting: Promise<Started>): Promise<string> {
    const started = await starting;
    parts.add(name, started.stop);
    await started.ready;
    return `127.0.0.1:${started.address.port}`;
  }

  const addresses: Record<"tables" | Neighbor, string> = {
    tables: "",
    product: "127.0.0.1:1",
    loms: "127.0.0.1:1",
    payments: "127.0.0.1:1",
  };
  const links: Partial<Record<Neighbor, TcpProxy>> = {};
  const databaseUrls: Partial<Record<Neighbor, string>> = {};
  const startNeighbor = async (name: Neighbor) => {
    const variables = { ...variablesOf(name, await freshUrl(name)), ...neighborEnvironment };
    databaseUrls[name] = variables[`${name.toUpperCase()}_DATABASE_URL`] ?? "";
    addresses[name] = await untilReady(name, starters[name](variables));
    const link = await startTcpProxy({ host: "127.0.0.1", port: Number(addresses[name].split(":")[1]) });
    parts.add(`link to ${name}`, link.close);
    links[name] = link;
  };
  const seenFromTables = (name: Neighbor) => {
    const link = links[name];
    return link === undefined ? addresses[name] : `127.0.0.1:${link.port}`;
  };
  await Promise.all(neighbors.map(startNeighbor));

  const databaseUrl = await freshUrl("tables");
  const tablesKey = randomBytes(32).toString("base64");
  const tablesEnvironment = {
    ...variablesOf("tables", databaseUrl),
    LOMS_ADDRESS: seenFromTables("loms"),
    PRODUCT_ADDRESS: seenFromTables("product"),
    PAYMENTS_ADDRESS: seenFromTables("payments"),
    TABLES_KEY: tablesKey,
    TRUSTED_PROXIES: "127.0.0.1",
    ...environment,
  };
  const startReplica = () => untilReady("tables", startTables(readTablesConfig(tablesEnvironment)));
  addresses.tables = await startReplica();
  const sql = postgres(databaseUrl, { max: 2, onnotice: () => {}, types: { bigint: postgres.BigInt } });
  parts.add("connection", () => sql.end());

  return {
    issuer,
    addresses,
    databaseUrl,
    tablesEnvironment,
    sql,
    brokers: broker.brokers,
    links,
    databaseUrls,
    async client(service, token, target = "tables") {
      const { transport, close } = createGrpcTransport({
        address: typeof target === "string" ? addresses[target] : target.address,
        services: [service],
        metrics: createMetrics({ service: "test", version: "0" }),
        tracing: await startTracing({ service: "test", version: "0", endpoint: undefined, sampleRatio: 1 }),
        defaultTimeoutMs: 30_000,
        ...(token !== undefined && { credentials: () => token }),
      });
      parts.add(`${service.typeName} client`, close);
      return createClient(service, transport);
    },
    sellerToken: (userId) => issuer.userToken(userId, ["seller"]),
    startReplica,
    stop: parts.stopAll,
  };
}
