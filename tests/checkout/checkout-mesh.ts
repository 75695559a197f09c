import type { DescService } from "@bufbuild/protobuf";
import type { Client } from "@connectrpc/connect";
import { readCheckoutConfig } from "@ordermesh/app-checkout/config";
import { startCheckout } from "@ordermesh/app-checkout/service";
import { type Loms, startLoms } from "@ordermesh/app-loms/service";
import { readProductConfig } from "@ordermesh/app-product/config";
import { type ProductApp, startProduct } from "@ordermesh/app-product/service";
import { createStopList } from "@ordermesh/process/stop-in-order";
import { CheckoutV1 } from "@ordermesh/proto/checkout_v1/checkout_pb";
import { CheckoutAdminService, CheckoutService } from "@ordermesh/proto/ordermesh/checkout/v1/checkout_pb";
import { LomsService } from "@ordermesh/proto/ordermesh/loms/v1/loms_pb";
import { ProductKind, ProductService } from "@ordermesh/proto/ordermesh/product/v1/product_pb";
import { type FreshDatabase, freshDatabase } from "@ordermesh/testkit/fresh-database";
import { type OwnBroker, startOwnBroker } from "@ordermesh/testkit/own-broker";
import { startTcpProxy, type TcpProxy } from "@ordermesh/testkit/tcp-proxy";
import postgres from "postgres";
import { openGrpcClient } from "../harness/grpc-client.ts";
import { lomsDefaults } from "../harness/loms-replicas.ts";
import { expectVerifyClean } from "../harness/verify-clean.ts";

/** The real loms, product and checkout in this process, with a link that can be cut between each two of them. */
export interface CheckoutMesh {
  readonly checkout: Client<typeof CheckoutService>;
  readonly admin: Client<typeof CheckoutAdminService>;
  readonly minizon: Client<typeof CheckoutV1>;
  readonly orders: Client<typeof LomsService>;
  readonly products: Client<typeof ProductService>;
  readonly lomsLink: TcpProxy;
  readonly productLink: TcpProxy;
  readonly checkoutDatabase: FreshDatabase;
  /** Statements on the databases, for what no call tells. */
  readonly checkoutSql: postgres.Sql;
  readonly lomsSql: postgres.Sql;
  readonly productSql: postgres.Sql;
  readonly checkoutAddress: string;
  /** Variables with which another checkout would belong to this mesh. */
  readonly checkoutEnvironment: Readonly<Record<string, string>>;
  /** How often LOMS and the catalogue were called, by method. */
  upstreamCalls(): Promise<Readonly<Record<string, number>>>;
  /** One sample of checkout's metrics, by its name. */
  metric(name: string): Promise<number>;
  /** Adds a product, in EUR unless told otherwise, with stock in one warehouse. */
  stockProduct(sku: number, priceMinor: bigint, onHand: number, currencyCode?: string): Promise<void>;
  expectVerifyClean(): Promise<Record<string, number>>;
  stop(): Promise<void>;
}

export async function startCheckoutMesh(
  environment: Readonly<Record<string, string>> = {},
): Promise<CheckoutMesh> {
  const parts = createStopList();
  const added = async <Part>(
    name: string,
    part: Promise<Part>,
    stop: (part: Part) => Promise<void> | void,
  ) => {
    const started = await part;
    parts.add(name, () => stop(started));
    return started;
  };
  const database = (name: string) => added(name, freshDatabase(), (fresh) => fresh.drop());
  const [lomsDatabase, productDatabase, checkoutDatabase] = await Promise.all([
    database("loms database"),
    database("product database"),
    database("checkout database"),
  ]);
  const broker: OwnBroker = await added("broker", startOwnBroker(), (started) => started.remove());
  const loms: Loms = await added(
    "loms",
    startLoms({ ...lomsDefaults, databaseUrl: lomsDatabase.url, kafkaBrokers: broker.brokers }),
    (started) => started.stop(),
  );
  const product: ProductApp = await added(
    "product",
    startProduct(readProductConfig({ ...shared("PRODUCT"), PRODUCT_DATABASE_URL: productDatabase.url })),
    (started) => started.stop(),
  );
  const link = (name: string, { port }: { port: number }) =>
    added(name, startTcpProxy({ host: "127.0.0.1", port }), (proxy) => proxy.close());
  const lomsLink = await link("loms link", loms.address);
  const productLink = await link("product link", product.address);

  const checkoutEnvironment = {
    ...shared("CHECKOUT"),
    CHECKOUT_DATABASE_URL: checkoutDatabase.url,
    LOMS_ADDRESS: `127.0.0.1:${lomsLink.port}`,
    PRODUCT_ADDRESS: `127.0.0.1:${productLink.port}`,
    ...environment,
  };
  const checkout = await added(
    "checkout",
    startCheckout(readCheckoutConfig(checkoutEnvironment)),
    (started) => started.stop(),
  );
  await Promise.all([loms.ready, product.ready, checkout.ready]);

  const addressOf = ({ address }: { address: { port: number } }) => `127.0.0.1:${address.port}`;
  const client = async <Service extends DescService>(
    service: Service,
    of: Parameters<typeof addressOf>[0],
  ) => {
    const opened = await added(
      `${service.typeName} client`,
      openGrpcClient(service, addressOf(of)),
      ({ close }) => close(),
    );
    return opened.client;
  };
  const sql = (name: string, { url }: FreshDatabase) =>
    added(name, Promise.resolve(postgres(url, { max: 4, onnotice: () => {} })), (opened) => opened.end());

  const orders = await client(LomsService, loms);
  const products = await client(ProductService, product);
  return {
    checkout: await client(CheckoutService, checkout),
    admin: await client(CheckoutAdminService, checkout),
    minizon: await client(CheckoutV1, checkout),
    orders,
    products,
    lomsLink,
    productLink,
    checkoutDatabase,
    checkoutSql: await sql("checkout sql", checkoutDatabase),
    lomsSql: await sql("loms sql", lomsDatabase),
    productSql: await sql("product sql", productDatabase),
    checkoutAddress: addressOf(checkout),
    checkoutEnvironment,

    async upstreamCalls() {
      const samples = [...(await scrape(addressOf(loms))), ...(await scrape(addressOf(product)))];
      const counts: Record<string, number> = {};
      for (const [name, value] of samples) {
        const method = /^ordermesh_rpc_server_duration_seconds_count\{.*rpc_method="(\w+)"/.exec(name)?.[1];
        if (method !== undefined) {
          counts[method] = (counts[method] ?? 0) + value;
        }
      }
      return counts;
    },

    async metric(name) {
      const found = (await scrape(addressOf(checkout))).find(([sample]) => sample.startsWith(`${name}{`));
      if (found === undefined) {
        throw new Error(`checkout has no metric ${name}.`);
      }
      return found[1];
    },

    async stockProduct(sku, priceMinor, onHand, currencyCode = "EUR") {
      await products.upsertProduct({
        product: {
          sku,
          name: `Product ${sku}`,
          price: { currencyCode, amountMinor: priceMinor },
          kind: ProductKind.PHYSICAL,
        },
      });
      await orders.receiveStock({
        idempotencyKey: `stock ${sku}`,
        receipts: [{ sku, warehouseId: 220n, quantity: onHand }],
      });
    },

    expectVerifyClean: () =>
      expectVerifyClean({
        lomsDatabaseUrl: lomsDatabase.url,
        checkoutDatabaseUrl: checkoutDatabase.url,
        kafkaBrokers: broker.brokers,
      }),

    stop: parts.stopAll,
  };
}

function shared(prefix: string): Record<string, string> {
  return {
    [`${prefix}_HOST`]: "127.0.0.1",
    [`${prefix}_PORT`]: "0",
    LOG_LEVEL: process.env.TEST_LOG_LEVEL ?? "error",
    STOP_TIMEOUT_MS: "5000",
    AUTH: "off",
  };
}

async function scrape(address: string): Promise<[string, number][]> {
  const text = await (await fetch(`http://${address}/metrics`)).text();
  return text
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => {
      const space = line.lastIndexOf(" ");
      return [line.slice(0, space), Number(line.slice(space + 1))];
    });
}
