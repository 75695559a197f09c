import { Failure } from "@ordermesh/failure/failure";
import type { Logger } from "@ordermesh/telemetry/logger";
import type { Tracing } from "@ordermesh/telemetry/tracing";
import type { GatewayRoute } from "../../exchange.ts";
import type { Route } from "../../rest/route-table.ts";
import { addProductRoute } from "./add-product.ts";
import { codeRoutes } from "./codes.ts";
import { createCompatRoutes } from "./compat-route.ts";
import { locationRoutes } from "./locations.ts";
import { monitorRoutes } from "./monitor-page.ts";
import type { OrderedOnlineParts } from "./parts.ts";
import { productRoutes } from "./products.ts";
import { sessionRoutes } from "./sessions.ts";
import { verificationRoutes } from "./verification.ts";

/** The routes of ordered-online: sessions and orders, codes, users, locations, products. */
export function orderedOnlineRoutes(options: {
  readonly parts: OrderedOnlineParts;
  readonly tracing: Tracing;
  readonly timeoutMs: number;
  readonly logger: Logger;
}): Route<GatewayRoute>[] {
  const { parts, tracing, timeoutMs, logger } = options;
  const route = createCompatRoutes({
    tracing,
    timeoutMs,
    onError(error, name) {
      if (!(error instanceof Failure) || error.kind === "internal") {
        logger.error({ err: error, route: name }, "the request could not be answered");
      }
    },
  });
  return [
    ...sessionRoutes(route, parts),
    ...addProductRoute(route, parts),
    ...monitorRoutes(route),
    ...codeRoutes(route),
    ...verificationRoutes(route, parts.identity, parts.keys),
    ...locationRoutes(route, parts),
    ...productRoutes(route, parts),
  ];
}
