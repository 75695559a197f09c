import { randomBytes } from "node:crypto";
import { type Client, createClient } from "@connectrpc/connect";
import { readCheckoutConfig } from "@ordermesh/app-checkout/config";
import { startCheckout } from "@ordermesh/app-checkout/service";
import { readGatewayConfig } from "@ordermesh/app-gateway/config";
import { type Gateway, startGateway } from "@ordermesh/app-gateway/service";
import { readLomsConfig } from "@ordermesh/app-loms/config";
import { startLoms } from "@ordermesh/app-loms/service";
import { readNotificationsConfig } from "@ordermesh/app-notifications/config";
import { startNotifications } from "@ordermesh/app-notifications/service";
import { readPaymentsConfig } from "@ordermesh/app-payments/config";
import { startPayments } from "@ordermesh/app-payments/service";
import { readProductConfig } from "@ordermesh/app-product/config";
import { startProduct } from "@ordermesh/app-product/service";
import { createStopList } from "@ordermesh/process/stop-in-order";
import { LomsService } from "@ordermesh/proto/ordermesh/loms/v1/loms_pb";
import { ProductKind, ProductService } from "@ordermesh/proto/ordermesh/product/v1/product_pb";
import { createGrpcTransport } from "@ordermesh/rpc/client";
import { createMetrics } from "@ordermesh/telemetry/metrics";
import { startTracing } from "@ordermesh/telemetry/tracing";
import { freshDatabase } from "@ordermesh/testkit/fresh-database";
import { startOwnBroker } from "@ordermesh/testkit/own-broker";
import { startTcpProxy, type TcpProxy } from "@ordermesh/testkit/tcp-proxy";
import { startTestIssuer, type TestIssuer } from "@ordermesh/testkit/test-issuer";
import postgres from "postgres";

/** The real services behind a real gateway, with an issuer of tokens in identity's place. */
export interface GatewayMesh {
  /** "http://127.0.0.1:port". */
  readonly url: string;
  readonly port: number;
  readonly issuer: TestIssuer;
  /** Address of LOMS itself, for comparisons. */
  readonly lomsUrl: string;
  /** The gateway's way to LOMS. */
  readonly lomsLink: TcpProxy;
  readonly gatewaySql: postgres.Sql;
  readonly kafkaBrokers: readonly string[];
  /** Of each service's database, by its name. */
  readonly databaseUrls: Readonly<Record<string, string>>;
  /** Calls as an operator, past the gateway. */
  readonly orders: Client<typeof LomsService>;
  /** The value of the header `authorization` of a user. */
  bearer(userId: number, ...roles: readonly string[]): Promise<string>;
  /** Another gateway over the same services and the same database. */
  startGateway(environment?: Readonly<Record<string, string>>): Promise<Gateway & { readonly url: string }>;
  /** Adds a product in EUR with stock in one warehouse. */
  stockProduct(sku: number, priceMinor: bigint, onHand: number): Promise<void>;
  stop(): Promise<void>;
}

type Environment = Readonly<Record<string, string>>;

export async function startGatewayMesh(environment: Environment = {}): Promise<GatewayMesh> {
  const parts = createStopList();
  const issuer = await startTestIssuer();
  parts.add("issuer", issuer.close);
  const broker = await startOwnBroker();
  parts.add("broker", broker.remove);
  const database = async () => {
    const fresh = await freshDatabase();
    parts.add("database", fresh.drop);
    return fresh.url;
  };
  const KAFKA_BROKERS = broker.brokers.join(",");
  const databaseUrls: Record<string, string> = {};
  const variables = async (service: string): Promise<Environment> => {
    const prefix = service.toUpperCase();
    databaseUrls[service] = await database();
    return {
      [`${prefix}_HOST`]: "127.0.0.1",
      [`${prefix}_PORT`]: "0",
      [`${prefix}_DATABASE_URL`]: databaseUrls[service] ?? "",
      KAFKA_BROKERS,
      LOG_LEVEL: process.env.TEST_LOG_LEVEL ?? "error",
      STOP_TIMEOUT_MS: "5000",
      ...issuer.environment(service),
    };
  };
  const running: { readonly ready?: Promise<void> }[] = [];
  const start = async <Started extends { readonly ready: Promise<void>; stop(): Promise<void> }>(
    name: string,
    started: Promise<Started>,
  ): Promise<Started> => {
    const service = await started;
    parts.add(name, service.stop);
    running.push(service);
    return service;
  };
  const loms = await start(
    "loms",
    startLoms(
      readLomsConfig({
        ...(await variables("loms")),
        // No order is delivered behind the back of a test that takes its time: whoever waits for that runs the timer.
        WORKFLOW_DELIVERY_MS: "3600000",
        VOUCHER_KEY: randomBytes(32).toString("base64"),
      }),
    ),
  );
  const product = await start("product", startProduct(readProductConfig(await variables("product"))));
  const addresses = {
    LOMS_ADDRESS: `127.0.0.1:${loms.address.port}`,
    PRODUCT_ADDRESS: `127.0.0.1:${product.address.port}`,
  };
  const checkout = await start(
    "checkout",
    startCheckout(readCheckoutConfig({ ...(await variables("checkout")), ...addresses })),
  );
  const payments = await start("payments", startPayments(readPaymentsConfig(await variables("payments"))));
  const notifications = await start(
    "notifications",
    startNotifications(readNotificationsConfig(await variables("notifications"))),
  );
  const lomsLink = await startTcpProxy({ host: "127.0.0.1", port: loms.address.port });
  parts.add("loms link", lomsLink.close);

  const gatewayVariables: Environment = {
    ...(await variables("gateway")),
    LOMS_ADDRESS: `127.0.0.1:${lomsLink.port}`,
    PRODUCT_ADDRESS: addresses.PRODUCT_ADDRESS,
    CHECKOUT_ADDRESS: `127.0.0.1:${checkout.address.port}`,
    PAYMENTS_ADDRESS: `127.0.0.1:${payments.address.port}`,
    NOTIFICATIONS_ADDRESS: `127.0.0.1:${notifications.address.port}`,
    IDENTITY_ADDRESS: "127.0.0.1:1",
    GATEWAY_KEY: randomBytes(32).toString("base64"),
    ...environment,
  };
  const gateway = await start("gateway", startGateway(readGatewayConfig(gatewayVariables)));
  await Promise.all(running.map(({ ready }) => ready));

  const bearer = async (userId: number, ...roles: readonly string[]) =>
    `Bearer ${await issuer.userToken(userId, roles.length === 0 ? ["buyer"] : roles)}`;
  const operator = await bearer(5, "operator", "platform");
  const tracing = await startTracing({ service: "test", version: "0", endpoint: undefined, sampleRatio: 1 });
  const direct = (address: string, service: typeof LomsService | typeof ProductService) => {
    const { transport, close } = createGrpcTransport({
      address,
      services: [service],
      metrics: createMetrics({ service: "test", version: "0" }),
      tracing,
      defaultTimeoutMs: 30_000,
      credentials: () => operator.slice("Bearer ".length),
    });
    parts.add("client", close);
    return transport;
  };
  const orders = createClient(LomsService, direct(addresses.LOMS_ADDRESS, LomsService));
  const products = createClient(ProductService, direct(addresses.PRODUCT_ADDRESS, ProductService));
  const gatewaySql = postgres(gatewayVariables.GATEWAY_DATABASE_URL ?? "", { max: 4, onnotice: () => {} });
  parts.add("gateway sql", () => gatewaySql.end());

  return {
    url: `http://127.0.0.1:${gateway.address.port}`,
    port: gateway.address.port,
    issuer,
    lomsUrl: `http://${addresses.LOMS_ADDRESS}`,
    lomsLink,
    gatewaySql,
    kafkaBrokers: broker.brokers,
    databaseUrls,
    orders,
    bearer,
    async startGateway(changes = {}) {
      const another = await startGateway(readGatewayConfig({ ...gatewayVariables, ...changes }));
      await another.ready;
      return Object.assign(another, { url: `http://127.0.0.1:${another.address.port}` });
    },
    async stockProduct(sku, priceMinor, onHand) {
      await products.upsertProduct({
        product: {
          sku,
          name: `Product ${sku}`,
          price: { currencyCode: "EUR", amountMinor: priceMinor },
          kind: ProductKind.PHYSICAL,
        },
      });
      await orders.receiveStock({
        idempotencyKey: `stock ${sku}`,
        receipts: [{ sku, warehouseId: 220n, quantity: onHand }],
      });
    },
    stop: parts.stopAll,
  };
}
