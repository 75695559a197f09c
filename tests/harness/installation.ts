import type { DescService } from "@bufbuild/protobuf";
import type { Client } from "@connectrpc/connect";
import { createStopList } from "@ordermesh/process/stop-in-order";
import { freshDatabase } from "@ordermesh/testkit/fresh-database";
import { type OwnBroker, startOwnBroker } from "@ordermesh/testkit/own-broker";
import { type GrpcClientOptions, openGrpcClient } from "./grpc-client.ts";
import { type ServiceProcess, startServiceProcess } from "./service-process.ts";
import { expectVerifyClean } from "./verify-clean.ts";

/** The services of the purchase path: an order can be paid without the others. */
export type App = "loms" | "checkout" | "product" | "notifications";

/** All services of the purchase path as processes of their own, in several replicas, on databases and a broker of this test's own. */
export interface Installation {
  readonly services: Readonly<Record<App, readonly ServiceProcess[]>>;
  readonly databaseUrls: Readonly<Record<App, string>>;
  readonly broker: OwnBroker;
  /** A client that spreads its calls over all replicas. It is closed with the installation. */
  client<Service extends DescService>(
    service: Service,
    app: App,
    options?: GrpcClientOptions,
  ): Promise<Client<Service>>;
  /** Addresses of all replicas, with commas between. */
  address(app: App): string;
  expectVerifyClean(): Promise<Record<string, number>>;
  stop(): Promise<void>;
}

export interface InstallationOptions {
  /** How many processes of each; one unless told. */
  readonly replicas?: Partial<Record<App, number>>;
  /** More variables for the processes of an app. */
  readonly environment?: Partial<Record<App, Readonly<Record<string, string>>>>;
  /** Addresses of databases that the test looks after. Without it they are on the server that all tests share. */
  readonly databaseUrl?: (app: App) => string;
  /** Where checkout finds LOMS, for a link between them that can be broken. */
  readonly lomsAddress?: (address: string) => Promise<string>;
}

const apps: readonly App[] = ["loms", "checkout", "product", "notifications"];

/** Starts it all, and waits until every process is ready. Build with `pnpm build`; `npm test` does. */
export async function startInstallation(options: InstallationOptions = {}): Promise<Installation> {
  const parts = createStopList();
  try {
    return await startParts(options, parts);
  } catch (error) {
    await parts.stopAll();
    throw error;
  }
}

async function startParts(
  {
    replicas = {},
    environment = {},
    databaseUrl,
    lomsAddress = async (address) => address,
  }: InstallationOptions,
  parts: ReturnType<typeof createStopList>,
): Promise<Installation> {
  async function makeDatabase(name: App): Promise<[App, string]> {
    if (databaseUrl !== undefined) {
      return [name, databaseUrl(name)];
    }
    const database = await freshDatabase();
    parts.add(`${name} database`, database.drop);
    return [name, database.url];
  }
  const databaseUrls = Object.fromEntries(await Promise.all(apps.map(makeDatabase))) as Record<App, string>;
  const broker = await startOwnBroker();
  parts.add("broker", broker.remove);

  // Kept from the moment of starting: one that fails must not leave the others behind.
  const processes: Promise<ServiceProcess>[] = [];
  parts.add("services", async () => {
    const started = await Promise.allSettled(processes);
    const stopping = started.map((result) =>
      result.status === "fulfilled" ? result.value.stop() : undefined,
    );
    await Promise.all(stopping);
  });
  async function start(app: App, upstreams: Readonly<Record<string, string>> = {}) {
    const starting = Array.from({ length: replicas[app] ?? 1 }, (_, index) =>
      startServiceProcess(app, {
        [`${app.toUpperCase()}_DATABASE_URL`]: replicaUrl(databaseUrls[app], app, index),
        KAFKA_BROKERS: broker.brokers.join(","),
        ...upstreams,
        ...environment[app],
      }),
    );
    processes.push(...starting);
    return await Promise.all(starting);
  }

  const [loms, product, notifications] = await Promise.all([
    start("loms"),
    start("product"),
    start("notifications"),
  ]);
  const upstreams = { LOMS_ADDRESS: await lomsAddress(addressOf(loms)), PRODUCT_ADDRESS: addressOf(product) };
  const checkout = await start("checkout", upstreams);
  const services = { loms, product, notifications, checkout };

  return {
    services,
    databaseUrls,
    broker,
    address: (app) => addressOf(services[app]),
    async client(service, app, clientOptions) {
      const { client, close } = await openGrpcClient(service, addressOf(services[app]), clientOptions);
      parts.add(`${service.typeName} client`, close);
      return client;
    },
    expectVerifyClean: () =>
      expectVerifyClean({
        lomsDatabaseUrl: databaseUrls.loms,
        ...(checkout.length > 0 && { checkoutDatabaseUrl: databaseUrls.checkout }),
        ...(notifications.length > 0 && { notificationsDatabaseUrl: databaseUrls.notifications }),
        kafkaBrokers: broker.brokers,
      }),
    stop: parts.stopAll,
  };
}

/** With a name by which pg_stat_activity tells one replica's connections from another's. */
function replicaUrl(databaseUrl: string, app: App, index: number): string {
  const url = new URL(databaseUrl);
  url.searchParams.set("application_name", replicaName(app, index));
  return url.href;
}

/** The application_name of all connections of one replica, counted from 0. */
export function replicaName(app: App, index: number): string {
  return `${app} ${index}`;
}

function addressOf(processes: readonly ServiceProcess[]): string {
  return processes.map(({ port }) => `127.0.0.1:${port}`).join(",");
}
