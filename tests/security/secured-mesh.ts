import { randomBytes } from "node:crypto";
import { readCheckoutConfig } from "@ordermesh/app-checkout/config";
import { startCheckout } from "@ordermesh/app-checkout/service";
import { readGatewayConfig } from "@ordermesh/app-gateway/config";
import { startGateway } from "@ordermesh/app-gateway/service";
import { readIdentityConfig } from "@ordermesh/app-identity/config";
import { startIdentity } from "@ordermesh/app-identity/service";
import { readLomsConfig } from "@ordermesh/app-loms/config";
import { startLoms } from "@ordermesh/app-loms/service";
import { readNotificationsConfig } from "@ordermesh/app-notifications/config";
import { startNotifications } from "@ordermesh/app-notifications/service";
import { readPaymentsConfig } from "@ordermesh/app-payments/config";
import { startPayments } from "@ordermesh/app-payments/service";
import { readProductConfig } from "@ordermesh/app-product/config";
import { startProduct } from "@ordermesh/app-product/service";
import { readTablesConfig } from "@ordermesh/app-tables/config";
import { startTables } from "@ordermesh/app-tables/service";
import type { Running } from "@ordermesh/process/run-until-signal";
import { createStopList } from "@ordermesh/process/stop-in-order";
import { freshDatabase } from "@ordermesh/testkit/fresh-database";
import { startOwnBroker } from "@ordermesh/testkit/own-broker";
import { startTestIssuer, type TestIssuer } from "@ordermesh/testkit/test-issuer";

/** The first operator of identity. */
export const operator = { username: "operator", password: "not-for-everybody" };

export type SecuredApp =
  | "loms"
  | "checkout"
  | "product"
  | "payments"
  | "notifications"
  | "tables"
  | "identity"
  | "gateway";

/** All services in this process, closed to strangers. All but identity believe the test's own issuer. */
export interface SecuredMesh {
  readonly issuer: TestIssuer;
  /** "host:port" of each. */
  readonly addresses: Readonly<Record<SecuredApp, string>>;
  readonly databaseUrls: ReadonlyMap<string, string>;
  stop(): Promise<void>;
}

type Started = Running & { readonly address: { readonly port: number } };

const identityKeys = {
  IDENTITY_KEY_ENCRYPTION_KEY: Buffer.alloc(32, 7).toString("base64"),
  IDENTITY_OPERATOR_USERNAME: operator.username,
  IDENTITY_OPERATOR_PASSWORD: operator.password,
};

/** These tests call more than anybody else. */
const noLimits = Object.fromEntries(
  ["ADDRESS", "USER", "CREDENTIAL"].flatMap((kind) =>
    ["PER_SECOND", "BURST"].map((what) => [`GATEWAY_${kind}_REQUESTS_${what}`, "1000000"]),
  ),
);

export async function startSecuredMesh(
  environment: Readonly<Record<string, string>> = {},
): Promise<SecuredMesh> {
  const parts = createStopList();
  const issuer = await startTestIssuer();
  parts.add("issuer", issuer.close);
  const broker = await startOwnBroker();
  parts.add("broker", broker.remove);

  const gatewayKey = randomBytes(32).toString("base64");
  const databaseUrls = new Map<string, string>();
  async function start(service: string, run: (environment: Record<string, string>) => Promise<Started>) {
    const database = await freshDatabase();
    parts.add(`${service} database`, database.drop);
    databaseUrls.set(service, database.url);
    const prefix = service.toUpperCase();
    const started = await run({
      [`${prefix}_HOST`]: "127.0.0.1",
      [`${prefix}_PORT`]: "0",
      [`${prefix}_DATABASE_URL`]: database.url,
      KAFKA_BROKERS: broker.brokers.join(),
      LOG_LEVEL: process.env.TEST_LOG_LEVEL ?? "error",
      STOP_TIMEOUT_MS: "5000",
      ...issuer.environment(service),
      ...environment,
    });
    parts.add(service, started.stop);
    await started.ready;
    return `127.0.0.1:${started.address.port}`;
  }

  const [loms, product, payments, notifications, identity] = await Promise.all([
    start("loms", (variables) => startLoms(readLomsConfig(variables))),
    start("product", (variables) => startProduct(readProductConfig(variables))),
    start("payments", (variables) => startPayments(readPaymentsConfig(variables))),
    start("notifications", (variables) => startNotifications(readNotificationsConfig(variables))),
    start("identity", (variables) => startIdentity(readIdentityConfig({ ...variables, ...identityKeys }))),
  ]);
  const checkout = await start("checkout", (variables) =>
    startCheckout(readCheckoutConfig({ ...variables, LOMS_ADDRESS: loms, PRODUCT_ADDRESS: product })),
  );
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
  const upstreams = {
    LOMS_ADDRESS: loms,
    CHECKOUT_ADDRESS: checkout,
    PRODUCT_ADDRESS: product,
    PAYMENTS_ADDRESS: payments,
    NOTIFICATIONS_ADDRESS: notifications,
    TABLES_ADDRESS: tables,
    IDENTITY_ADDRESS: identity,
  };
  const gateway = await start("gateway", (variables) =>
    startGateway(readGatewayConfig({ GATEWAY_KEY: gatewayKey, ...variables, ...upstreams, ...noLimits })),
  );
  const addresses = { loms, checkout, product, payments, notifications, tables, identity, gateway };
  return { issuer, addresses, databaseUrls, stop: parts.stopAll };
}
