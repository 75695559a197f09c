import type { Database } from "@ordermesh/postgres/database";
import type { Logger } from "@ordermesh/telemetry/logger";
import type { Tracing } from "@ordermesh/telemetry/tracing";
import type { GatewayConfig } from "../config.ts";
import type { GatewayRoute } from "../exchange.ts";
import type { Route } from "../rest/route-table.ts";
import type { OwnTransports, Transports } from "../upstream-clients.ts";
import { clientCartRoutes } from "./client-carts.ts";
import { orderProcessingRoutes } from "./order-processing.ts";
import { orderedOnlineRoutes } from "./ordered-online/ordered-online-routes.ts";
import { createOrderedOnlineParts } from "./ordered-online/parts.ts";
import { createReplacedClients, createUserRoutes } from "./user-calls.ts";

/** Serves the clients of the systems that this one replaces, at the paths and in the shapes that they know. */
export function replacedRoutes(options: {
  readonly config: GatewayConfig;
  readonly transports: Transports;
  readonly asGateway: OwnTransports;
  readonly database: Database;
  readonly tracing: Tracing;
  readonly logger: Logger;
}): Route<GatewayRoute>[] {
  const { config, transports, asGateway, database, tracing, logger } = options;
  const clients = createReplacedClients(transports, asGateway.loms);
  const userRoute = createUserRoutes({ tracing, timeoutMs: config.upstreamTimeoutMs });
  const orderedOnline = createOrderedOnlineParts({
    transports,
    tablesAsGateway: asGateway.tables,
    database,
    secret: config.gatewaySecret,
    isOpen: config.orderedOnlineOpen,
    allowedOrigins: new Set(config.allowedOrigins),
    logger,
  });
  const card = {
    number: config.cartCard,
    expiryMonth: 12,
    expiryYear: new Date().getUTCFullYear() + 1,
    code: "123",
  };
  return [
    ...orderedOnlineRoutes({ parts: orderedOnline, tracing, timeoutMs: config.upstreamTimeoutMs, logger }),
    ...orderProcessingRoutes({ clients, userRoute, currency: config.billCurrency }),
    ...clientCartRoutes({ clients, userRoute, database, card }),
  ];
}
