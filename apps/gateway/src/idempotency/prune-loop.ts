import type { Database } from "@ordermesh/postgres/database";
import { pause } from "@ordermesh/process/wait";
import type { Logger } from "@ordermesh/telemetry/logger";
import { pruneRecords } from "../sql/idempotency-records.ts";

const batchMax = 1_000;

/** Batches of one round; what is left then waits for the next. */
const batchesMax = 100;

/**
 * Removes expired keys, a bounded batch in each transaction. Replicas may do it beside each other.
 *
 * @returns how to end it; resolves when the round under way has ended.
 */
export function startPruneLoop(options: {
  readonly database: Database;
  readonly logger: Logger;
  readonly everyMs: number;
}): { stop(): Promise<void> } {
  const { database, logger, everyMs } = options;
  const stopping = new AbortController();

  async function round(): Promise<void> {
    for (let batch = 0; batch < batchesMax && !stopping.signal.aborted; batch += 1) {
      if ((await database.transaction((tx) => pruneRecords(tx, batchMax))) < batchMax) {
        return;
      }
    }
  }

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      await round().catch((error: unknown) =>
        logger.warn({ err: error }, "expired keys could not be removed"),
      );
      await pause(everyMs, stopping.signal);
    }
  }

  const running = run();
  return {
    async stop() {
      stopping.abort();
      await running;
    },
  };
}
