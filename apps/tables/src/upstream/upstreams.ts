import { type Client, createClient } from "@connectrpc/connect";
import type { Auth } from "@ordermesh/auth/auth";
import type { loadTls } from "@ordermesh/auth/tls";
import type { StopList } from "@ordermesh/process/stop-in-order";
import { LomsService } from "@ordermesh/proto/ordermesh/loms/v1/loms_pb";
import { PaymentsService } from "@ordermesh/proto/ordermesh/payments/v1/payments_pb";
import { ProductService } from "@ordermesh/proto/ordermesh/product/v1/product_pb";
import { createGrpcTransport } from "@ordermesh/rpc/client";
import type { Tracing } from "@ordermesh/telemetry/tracing";
import type { Registry } from "prom-client";
import type { TablesConfig } from "../config.ts";

/** The services that this one calls. Everything that is done there is done in this service's own name. */
export interface Upstreams {
  readonly orders: Client<typeof LomsService>;
  readonly products: Client<typeof ProductService>;
  readonly payments: Client<typeof PaymentsService>;
}

/** Of a call whose own deadline is not known, such as one of a loop. */
const defaultTimeoutMs = 10_000;

/** Connections are made when they are needed, and closed with `parts`. */
export function openUpstreams(options: {
  readonly config: TablesConfig;
  readonly auth: Auth;
  readonly tls: Awaited<ReturnType<typeof loadTls>>;
  readonly metrics: Registry;
  readonly tracing: Tracing;
  readonly parts: StopList;
}): Upstreams {
  const { config, auth, tls, metrics, tracing, parts } = options;
  const client = { metrics, tracing, defaultTimeoutMs };
  const loms = createGrpcTransport({
    ...client,
    address: config.lomsAddress,
    services: [LomsService],
    credentials: auth.credentials("loms"),
    tls: tls?.client("loms"),
  });
  parts.add("loms client", loms.close);
  const product = createGrpcTransport({
    ...client,
    address: config.productAddress,
    services: [ProductService],
    credentials: auth.credentials("product"),
    tls: tls?.client("product"),
  });
  parts.add("product client", product.close);
  const payments = createGrpcTransport({
    ...client,
    address: config.paymentsAddress,
    services: [PaymentsService],
    credentials: auth.credentials("payments"),
    tls: tls?.client("payments"),
  });
  parts.add("payments client", payments.close);
  return {
    orders: createClient(LomsService, loms.transport),
    products: createClient(ProductService, product.transport),
    payments: createClient(PaymentsService, payments.transport),
  };
}
