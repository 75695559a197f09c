import { type Client, createClient } from "@connectrpc/connect";
import { CheckoutService } from "@ordermesh/proto/ordermesh/checkout/v1/checkout_pb";
import { InventoryService } from "@ordermesh/proto/ordermesh/loms/v1/inventory_pb";
import { LomsService } from "@ordermesh/proto/ordermesh/loms/v1/loms_pb";
import { NotificationsService } from "@ordermesh/proto/ordermesh/notifications/v1/notifications_pb";
import { ProductService } from "@ordermesh/proto/ordermesh/product/v1/product_pb";
import { createGrpcTransport } from "@ordermesh/rpc/client";
import { createMetrics } from "@ordermesh/telemetry/metrics";
import { startTracing } from "@ordermesh/telemetry/tracing";

/** Where the services of a mesh are, each as host:port. */
export interface MeshAddresses {
  readonly loms: string;
  readonly checkout: string;
  readonly product: string;
  readonly notifications: string;
}

export interface MeshClients {
  readonly orders: Client<typeof LomsService>;
  readonly inventory: Client<typeof InventoryService>;
  readonly checkout: Client<typeof CheckoutService>;
  readonly products: Client<typeof ProductService>;
  readonly notifications: Client<typeof NotificationsService>;
  close(): void;
}

/** Clients of all services, with a deadline on every call. Connections are made when they are needed. */
export async function openClients(addresses: MeshAddresses): Promise<MeshClients> {
  const metrics = createMetrics({ service: "ordermesh", version: "0.1.0" });
  const tracing = await startTracing({
    service: "ordermesh",
    version: "0.1.0",
    endpoint: undefined,
    sampleRatio: 1,
  });
  const open = (address: string, services: Parameters<typeof createGrpcTransport>[0]["services"]) =>
    createGrpcTransport({ address, services, metrics, tracing, defaultTimeoutMs: 10_000 });
  const loms = open(addresses.loms, [LomsService, InventoryService]);
  const checkout = open(addresses.checkout, [CheckoutService]);
  const product = open(addresses.product, [ProductService]);
  const notifications = open(addresses.notifications, [NotificationsService]);
  return {
    orders: createClient(LomsService, loms.transport),
    inventory: createClient(InventoryService, loms.transport),
    checkout: createClient(CheckoutService, checkout.transport),
    products: createClient(ProductService, product.transport),
    notifications: createClient(NotificationsService, notifications.transport),
    close() {
      for (const { close } of [loms, checkout, product, notifications]) {
        close();
      }
    },
  };
}
