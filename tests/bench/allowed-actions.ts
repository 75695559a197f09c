import { snapshotOf, workflowOf } from "@ordermesh/app-loms/domain/stored-order";
import { createOrderReader } from "@ordermesh/app-loms/order-reader";
import { listActions } from "@ordermesh/app-loms/workflows/list-actions";
import { openDatabase } from "@ordermesh/postgres/database";
import { alwaysThere } from "@ordermesh/process/batcher";
import { createMetrics } from "@ordermesh/telemetry/metrics";

const timeoutMs = 20_000;

/** What ListAllowedActions does between its two messages: without RPC, in this process. */
export function openAllowedActions(databaseUrl: string) {
  const database = openDatabase({
    url: databaseUrl,
    applicationName: "allowed",
    connectionsMax: 4,
    timeoutMs,
  });
  const reader = createOrderReader(database, createMetrics({ service: "bench", version: "0" }));
  return {
    async list(orderId: bigint): Promise<void> {
      const order = await reader.read(orderId, undefined, alwaysThere);
      const roles = (["P", "A", "S", "B"] as const).map((role) =>
        listActions(workflowOf(order.head), snapshotOf(order), role),
      );
      if (roles.every(({ actions }) => actions.length === 0)) {
        throw new Error("Nothing is allowed with an order of the benchmark.");
      }
    },
    async close(): Promise<void> {
      await reader.drain();
      await database.close();
    },
  };
}
