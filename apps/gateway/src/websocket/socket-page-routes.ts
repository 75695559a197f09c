import type { GatewayRoute } from "../exchange.ts";
import { problemAnswer } from "../rest/answer.ts";
import { HttpProblem } from "../rest/http-problem.ts";
import type { Route } from "../rest/route-table.ts";

/** What a plain request gets where WebSockets are. */
export function socketPageRoutes(): Route<GatewayRoute>[] {
  const answer = problemAnswer(
    new HttpProblem(426, "UPGRADE_REQUIRED", "Open a WebSocket at this address.", {
      upgrade: "websocket",
      connection: "Upgrade",
    }),
  );
  return ["/ws/session/{code}", "/ws/session/{code}/"].map((path) => ({
    method: "GET",
    path,
    target: { recorded: false, answer: async () => answer },
  }));
}
