import { randomBytes, randomUUID } from "node:crypto";
import type { DescService } from "@bufbuild/protobuf";
import { type Client, createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { readGatewayConfig } from "@ordermesh/app-gateway/config";
import { type Gateway, startGateway } from "@ordermesh/app-gateway/service";
import { readIdentityConfig } from "@ordermesh/app-identity/config";
import { startIdentity } from "@ordermesh/app-identity/service";
import { readLomsConfig } from "@ordermesh/app-loms/config";
import { startLoms } from "@ordermesh/app-loms/service";
import { readPaymentsConfig } from "@ordermesh/app-payments/config";
import { startPayments } from "@ordermesh/app-payments/service";
import { readProductConfig } from "@ordermesh/app-product/config";
import { startProduct } from "@ordermesh/app-product/service";
import { readTablesConfig } from "@ordermesh/app-tables/config";
import { startTables } from "@ordermesh/app-tables/service";
import type { Running } from "@ordermesh/process/run-until-signal";
import { createStopList } from "@ordermesh/process/stop-in-order";
import { LocationsService } from "@ordermesh/proto/ordermesh/tables/v1/locations_pb";
import { TablesService } from "@ordermesh/proto/ordermesh/tables/v1/tables_pb";
import { freshDatabase } from "@ordermesh/testkit/fresh-database";
import { startOwnBroker } from "@ordermesh/testkit/own-broker";
import { startTcpProxy, type TcpProxy } from "@ordermesh/testkit/tcp-proxy";
import { startTestIssuer } from "@ordermesh/testkit/test-issuer";
import postgres from "postgres";

type Environment = Readonly<Record<string, string>>;

/** What table ordering takes, in this process and behind a real gateway. */
export interface TablesMesh {
  /** "127.0.0.1:port" of the gateway. */
  readonly host: string;
  readonly url: string;
  /** "127.0.0.1:port" of tables itself, for gRPC. */
  readonly tablesAddress: string;
  readonly databaseUrls: ReadonlyMap<string, string>;
  readonly kafkaBrokers: readonly string[];
  readonly gatewaySql: postgres.Sql;
  /** The gateway's ways to its services. */
  readonly links: Readonly<Record<"tables" | "product" | "identity", TcpProxy>>;
  /** The access token of a user of the test's own issuer. */
  token(userId: number, ...roles: readonly string[]): Promise<string>;
  /** A client of the gateway that sends this token. */
  client<Service extends DescService>(service: Service, token?: string): Client<Service>;
  /** Another gateway over the same services and the same database. */
  startGateway(environment?: Environment): Promise<Gateway & { readonly host: string; readonly url: string }>;
  stop(): Promise<void>;
}

type Started = Running & { readonly address: { readonly port: number }; readonly ready: Promise<void> };

/** These tests call more than anybody else. */
const noLimits = Object.fromEntries(
  ["ADDRESS", "USER", "CREDENTIAL"].flatMap((kind) =>
    ["PER_SECOND", "BURST"].map((what) => [`GATEWAY_${kind}_REQUESTS_${what}`, "1000000"]),
  ),
);

/**
 * @param options.identity starts the real one, which then is the only issuer: its operator is "operator" with the
 * password "not-for-everybody".
 */
export async function startTablesMesh(
  options: { readonly identity?: boolean; readonly gateway?: Environment } = {},
): Promise<TablesMesh> {
  const parts = createStopList();
  const issuer = await startTestIssuer();
  parts.add("issuer", issuer.close);
  const broker = await startOwnBroker();
  parts.add("broker", broker.remove);
  const databaseUrls = new Map<string, string>();
  let jwks: Environment = {};

  async function variablesOf(service: string): Promise<Environment> {
    const database = await freshDatabase();
    parts.add(`${service} database`, database.drop);
    databaseUrls.set(service, database.url);
    const prefix = service.toUpperCase();
    return {
      [`${prefix}_HOST`]: "127.0.0.1",
      [`${prefix}_PORT`]: "0",
      [`${prefix}_DATABASE_URL`]: database.url,
      KAFKA_BROKERS: broker.brokers.join(","),
      LOG_LEVEL: process.env.TEST_LOG_LEVEL ?? "error",
      STOP_TIMEOUT_MS: "5000",
      TRUSTED_PROXIES: "127.0.0.1",
      ...issuer.environment(service),
      ...jwks,
    };
  }
  async function start<Service extends Started>(
    name: string,
    run: (variables: Environment) => Promise<Service>,
  ): Promise<string> {
    const started = await run(await variablesOf(name));
    parts.add(name, started.stop);
    await started.ready;
    return `127.0.0.1:${started.address.port}`;
  }
  async function linkTo(address: string): Promise<TcpProxy> {
    const link = await startTcpProxy({ host: "127.0.0.1", port: Number(address.split(":")[1]) });
    parts.add("link", link.close);
    return link;
  }

  const identity =
    options.identity === true
      ? await start("identity", (variables) =>
          startIdentity(
            readIdentityConfig({
              ...variables,
              IDENTITY_KEY_ENCRYPTION_KEY: randomBytes(32).toString("base64"),
              IDENTITY_OPERATOR_USERNAME: "operator",
              IDENTITY_OPERATOR_PASSWORD: "not-for-everybody",
            }),
          ),
        )
      : "127.0.0.1:1";
  if (options.identity === true) {
    jwks = { IDENTITY_JWKS_URL: `http://${identity}/.well-known/jwks.json` };
  }
  const [loms, product, payments] = await Promise.all([
    start("loms", (variables) => startLoms(readLomsConfig(variables))),
    start("product", (variables) => startProduct(readProductConfig(variables))),
    start("payments", (variables) => startPayments(readPaymentsConfig(variables))),
  ]);
  const tables = await start("tables", (variables) =>
    startTables(
      readTablesConfig({
        ...variables,
        LOMS_ADDRESS: loms,
        PRODUCT_ADDRESS: product,
        PAYMENTS_ADDRESS: payments,
      }),
    ),
  );
  const links = {
    tables: await linkTo(tables),
    product: await linkTo(product),
    identity: await linkTo(identity),
  };
  const gatewayVariables = {
    ...(await variablesOf("gateway")),
    ...noLimits,
    LOMS_ADDRESS: loms,
    PRODUCT_ADDRESS: `127.0.0.1:${links.product.port}`,
    PAYMENTS_ADDRESS: payments,
    TABLES_ADDRESS: `127.0.0.1:${links.tables.port}`,
    IDENTITY_ADDRESS: `127.0.0.1:${links.identity.port}`,
    CHECKOUT_ADDRESS: "127.0.0.1:1",
    NOTIFICATIONS_ADDRESS: "127.0.0.1:1",
    GATEWAY_KEY: randomBytes(32).toString("base64"),
    ...options.gateway,
  };
  async function startAnother(environment: Environment = {}) {
    const gateway = await startGateway(readGatewayConfig({ ...gatewayVariables, ...environment }));
    parts.add("gateway", gateway.stop);
    await gateway.ready;
    const host = `127.0.0.1:${gateway.address.port}`;
    return Object.assign(gateway, { host, url: `http://${host}` });
  }
  const { host, url } = await startAnother();
  const gatewaySql = postgres(databaseUrls.get("gateway") ?? "", { max: 2, onnotice: () => {} });
  parts.add("gateway sql", () => gatewaySql.end());

  return {
    host,
    url,
    tablesAddress: tables,
    databaseUrls,
    kafkaBrokers: broker.brokers,
    gatewaySql,
    links,
    token: (userId, ...roles) => issuer.userToken(userId, roles.length === 0 ? ["seller"] : roles),
    client: (service, token) => clientOf(url, service, token),
    startGateway: startAnother,
    stop: parts.stopAll,
  };
}

export function clientOf<Service extends DescService>(
  url: string,
  service: Service,
  token?: string,
): Client<Service> {
  const transport = createConnectTransport({
    httpVersion: "1.1",
    baseUrl: url,
    interceptors: [
      (next) => async (request) => {
        if (token !== undefined) {
          request.header.set("authorization", `Bearer ${token}`);
        }
        return await next(request);
      },
    ],
  });
  return createClient(service, transport);
}

/** An open session at a location with a menu of one dish. */
export interface OpenTable {
  readonly locationId: bigint;
  readonly sessionId: bigint;
  readonly code: string;
  readonly sku: number;
  readonly staffToken: string;
  readonly staff: Client<typeof TablesService>;
  /** Joins by the code. @returns the guest's token. */
  join(nickname: string): Promise<string>;
  /** Orders one dish with a guest's token, or the staff's. @returns the order's id. */
  order(token?: string, note?: string): Promise<bigint>;
}

export async function openTable(mesh: TablesMesh, ownerId = 1001): Promise<OpenTable> {
  const staffToken = await mesh.token(ownerId);
  const staff = mesh.client(TablesService, staffToken);
  const places = mesh.client(LocationsService, staffToken);
  const { location } = await places.createLocation({
    location: { name: `House ${randomUUID()}`, address: `Street ${randomUUID()}` },
  });
  const locationId = location?.locationId ?? 0n;
  const { item } = await places.upsertMenuItem({
    locationId,
    item: { name: "Espresso", price: { currencyCode: "EUR", amountMinor: 250n } },
  });
  const sku = item?.sku ?? 0;
  const { session } = await staff.openSession({ locationId, name: "Table 1" });
  const { sessionId = 0n, code = "" } = session ?? {};
  return {
    locationId,
    sessionId,
    code,
    sku,
    staffToken,
    staff,
    async join(nickname) {
      const anybody = mesh.client(TablesService);
      return (await anybody.joinSession({ invitation: { case: "code", value: code }, nickname })).guestToken;
    },
    async order(token = staffToken, note = "") {
      const { order } = await mesh.client(TablesService, token).placeOrder({
        sessionId,
        lines: [{ sku, quantity: 1, note }],
        idempotencyKey: randomUUID(),
      });
      return order?.orderId ?? 0n;
    },
  };
}
