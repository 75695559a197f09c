import type { Database } from "@ordermesh/postgres/database";
import type { Tx } from "@ordermesh/postgres/tx";
import { pause } from "@ordermesh/process/wait";
import type { Logger } from "@ordermesh/telemetry/logger";

const batchMax = 1_000;

/** Batches of one round; what is left then waits for the next. */
const batchesMax = 100;

/** Removes expired rows of one table, up to a count. @returns how many. */
export type Prune = (tx: Tx, countMax: number) => Promise<number>;

/**
 * Removes what has expired, a bounded batch in each transaction. Replicas may do it beside each other.
 *
 * @returns how to end it; resolves when the round under way has ended.
 */
export function startPruneLoop(options: {
  readonly database: Database;
  readonly prunes: readonly Prune[];
  readonly logger: Logger;
  readonly everyMs: number;
}): { stop(): Promise<void> } {
  const { database, prunes, logger, everyMs } = options;
  const stopping = new AbortController();

  async function pruneAll(prune: Prune): Promise<void> {
    for (let batch = 0; batch < batchesMax && !stopping.signal.aborted; batch += 1) {
      if ((await database.transaction((tx) => prune(tx, batchMax))) < batchMax) {
        return;
      }
    }
  }

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      for (const prune of prunes) {
        await pruneAll(prune).catch((error: unknown) =>
          logger.warn({ err: error }, "expired rows could not be removed"),
        );
      }
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
