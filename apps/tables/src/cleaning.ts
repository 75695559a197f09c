import type { Database } from "@ordermesh/postgres/database";
import { pause } from "@ordermesh/process/wait";
import type { Logger } from "@ordermesh/telemetry/logger";
import { deleteFreeLimits } from "./sql/join-limits.ts";
import { deleteRetiredCodes } from "./sql/session-codes.ts";

const everyMs = 60_000;
const rowsMax = 5_000;

/** A code that was replaced, or whose session is closed, leads nobody else anywhere for so long. */
const codesKeptDays = 30;

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
          deleteFreeLimits(tx, rowsMax);
          deleteRetiredCodes(tx, codesKeptDays, rowsMax);
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
