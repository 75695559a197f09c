import type { DescService } from "@bufbuild/protobuf";
import { type Client, createClient } from "@connectrpc/connect";
import { CheckoutService } from "@ordermesh/proto/ordermesh/checkout/v1/checkout_pb";
import { IdentityService } from "@ordermesh/proto/ordermesh/identity/v1/identity_pb";
import { InventoryService } from "@ordermesh/proto/ordermesh/loms/v1/inventory_pb";
import { LomsService } from "@ordermesh/proto/ordermesh/loms/v1/loms_pb";
import { NotificationsService } from "@ordermesh/proto/ordermesh/notifications/v1/notifications_pb";
import { PaymentsService } from "@ordermesh/proto/ordermesh/payments/v1/payments_pb";
import { ProductService } from "@ordermesh/proto/ordermesh/product/v1/product_pb";
import { LocationsService } from "@ordermesh/proto/ordermesh/tables/v1/locations_pb";
import { TablesService } from "@ordermesh/proto/ordermesh/tables/v1/tables_pb";
import { createGrpcTransport } from "@ordermesh/rpc/client";
import type { Credentials } from "@ordermesh/rpc/client-call";
import { createMetrics } from "@ordermesh/telemetry/metrics";
import { startTracing } from "@ordermesh/telemetry/tracing";

const serviceNames = [
  "loms",
  "checkout",
  "product",
  "payments",
  "notifications",
  "tables",
  "identity",
] as const;

export type ServiceName = (typeof serviceNames)[number];

/** Where the services of a mesh are, each as host:port. One that is left out can not be called. */
export type MeshAddresses = Readonly<Partial<Record<ServiceName, string>>>;

/** What a caller shows to the service of that name; nothing if it is undefined. */
export type CredentialsFor = (service: ServiceName) => Credentials | undefined;

export interface MeshClients {
  readonly orders: Client<typeof LomsService>;
  readonly inventory: Client<typeof InventoryService>;
  readonly checkout: Client<typeof CheckoutService>;
  readonly products: Client<typeof ProductService>;
  readonly payments: Client<typeof PaymentsService>;
  readonly notifications: Client<typeof NotificationsService>;
  readonly locations: Client<typeof LocationsService>;
  readonly tables: Client<typeof TablesService>;
  readonly identity: Client<typeof IdentityService>;
  close(): void;
}

/** Clients of all services, with a deadline on every call. Connections are made when they are needed. */
export async function openClients(
  addresses: MeshAddresses,
  credentialsFor: CredentialsFor,
): Promise<MeshClients> {
  const metrics = createMetrics({ service: "ordermesh", version: "0.1.0" });
  const tracing = await startTracing({
    service: "ordermesh",
    version: "0.1.0",
    endpoint: undefined,
    sampleRatio: 1,
  });
  const closers: (() => void)[] = [];
  function open(name: ServiceName, ...services: DescService[]) {
    const credentials = credentialsFor(name);
    const { transport, close } = createGrpcTransport({
      address: addresses[name] ?? "127.0.0.1:1",
      services,
      metrics,
      tracing,
      defaultTimeoutMs: 10_000,
      ...(credentials !== undefined && { credentials }),
    });
    closers.push(close);
    return transport;
  }
  const loms = open("loms", LomsService, InventoryService);
  const tables = open("tables", LocationsService, TablesService);
  return {
    orders: createClient(LomsService, loms),
    inventory: createClient(InventoryService, loms),
    checkout: createClient(CheckoutService, open("checkout", CheckoutService)),
    products: createClient(ProductService, open("product", ProductService)),
    payments: createClient(PaymentsService, open("payments", PaymentsService)),
    notifications: createClient(NotificationsService, open("notifications", NotificationsService)),
    locations: createClient(LocationsService, tables),
    tables: createClient(TablesService, tables),
    identity: createClient(IdentityService, open("identity", IdentityService)),
    close() {
      for (const close of closers) {
        close();
      }
    },
  };
}
