import type { Database } from "@ordermesh/postgres/database";
import { pause } from "@ordermesh/process/wait";
import type { Logger } from "@ordermesh/telemetry/logger";
import { deleteFreeLimits } from "./sql/login-limits.ts";
import { deleteExpiredSessions } from "./sql/sessions.ts";

const everyMs = 60_000;
const rowsMax = 5_000;

/** Removes, from time to time, what is of no use any more. */
export function startCleaning(database: Database, logger: Logger): { stop(): Promise<void> } {
  const stopping = new AbortController();

  async function cleanForever(): Promise<void> {
    while (!stopping.signal.aborted) {
      await pause(everyMs, stopping.signal);
      if (stopping.signal.aborted) {
        return;
      }
      try {
        await database.transaction(async (tx) => {
          deleteExpiredSessions(tx, rowsMax);
          deleteFreeLimits(tx, rowsMax);
        });
      } catch (error) {
        logger.warn({ err: error }, "what has expired could not be removed; it is tried again");
      }
    }
  }

  const cleaning = cleanForever();
  return {
    async stop() {
      stopping.abort();
      await cleaning;
    },
  };
}
