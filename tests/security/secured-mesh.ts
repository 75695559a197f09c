import { readCheckoutConfig } from "@ordermesh/app-checkout/config";
import { startCheckout } from "@ordermesh/app-checkout/service";
import { readLomsConfig } from "@ordermesh/app-loms/config";
import { startLoms } from "@ordermesh/app-loms/service";
import { readNotificationsConfig } from "@ordermesh/app-notifications/config";
import { startNotifications } from "@ordermesh/app-notifications/service";
import { readProductConfig } from "@ordermesh/app-product/config";
import { startProduct } from "@ordermesh/app-product/service";
import type { Running } from "@ordermesh/process/run-until-signal";
import { createStopList } from "@ordermesh/process/stop-in-order";
import { freshDatabase } from "@ordermesh/testkit/fresh-database";
import { startOwnBroker } from "@ordermesh/testkit/own-broker";
import { startTestIssuer, type TestIssuer } from "@ordermesh/testkit/test-issuer";

/** The services that have data of users, in this process, closed to strangers. */
export interface SecuredMesh {
  readonly issuer: TestIssuer;
  /** "host:port" of each. */
  readonly addresses: Readonly<Record<"loms" | "checkout" | "product" | "notifications", string>>;
  stop(): Promise<void>;
}

type Started = Running & { readonly address: { readonly port: number } };

export async function startSecuredMesh(
  environment: Readonly<Record<string, string>> = {},
): Promise<SecuredMesh> {
  const parts = createStopList();
  const issuer = await startTestIssuer();
  parts.add("issuer", issuer.close);
  const broker = await startOwnBroker();
  parts.add("broker", broker.remove);

  async function start(service: string, run: (environment: Record<string, string>) => Promise<Started>) {
    const database = await freshDatabase();
    parts.add(`${service} database`, database.drop);
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

  const [loms, product, notifications] = await Promise.all([
    start("loms", (variables) => startLoms(readLomsConfig(variables))),
    start("product", (variables) => startProduct(readProductConfig(variables))),
    start("notifications", (variables) => startNotifications(readNotificationsConfig(variables))),
  ]);
  const checkout = await start("checkout", (variables) =>
    startCheckout(readCheckoutConfig({ ...variables, LOMS_ADDRESS: loms, PRODUCT_ADDRESS: product })),
  );
  return { issuer, addresses: { loms, checkout, product, notifications }, stop: parts.stopAll };
}
