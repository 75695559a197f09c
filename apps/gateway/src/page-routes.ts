import { documentRoutes } from "./documents/documents.ts";
import type { GatewayRoute } from "./exchange.ts";
import type { Route } from "./rest/route-table.ts";
import { socketPageRoutes } from "./websocket/socket-page-routes.ts";

/**
 * The routes that are the same for everybody and ask no service.
 *
 * @throws Error if a file is missing.
 */
export async function pageRoutes(): Promise<Route<GatewayRoute>[]> {
  return [...(await documentRoutes()), ...socketPageRoutes()];
}
