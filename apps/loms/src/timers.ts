import type { Database } from "@ordermesh/postgres/database";
import type { Tx } from "@ordermesh/postgres/tx";
import { pause } from "@ordermesh/process/wait";
import type { Logger } from "@ordermesh/telemetry/logger";
import { changeOrders } from "./change-orders.ts";
import { expireReservations } from "./reservations.ts";
import { claimDueTimers, type TimerKind } from "./sql/timers.ts";

/** Enough to catch up quickly after a pause; few enough that the stock they lock is not held for long. */
const batchMax = 200;

export interface TimerResult {
  readonly fired: number;
  readonly ordersExpired: number;
  readonly reservationsExpired: number;
}

/**
 * Fires timers of one kind that are due, in one transaction with their effects: either both are recorded or neither
 * is. Replicas share the work; a timer fires in one of them.
 *
 * Orders and reservations never share a transaction: whatever changes one of them locks it before its stock.
 */
export function fireDueTimers(database: Database, kind: TimerKind): Promise<TimerResult> {
  return database.transaction(async (tx) => {
    const timers = await claimDueTimers(tx, kind, batchMax);
    const ids = timers.map(({ subjectId }) => subjectId);
    const expired =
      ids.length === 0 ? 0 : await (kind === "payment_deadline" ? expireOrders : expireReservations)(tx, ids);
    return {
      fired: timers.length,
      ordersExpired: kind === "payment_deadline" ? expired : 0,
      reservationsExpired: kind === "reservation_expiry" ? expired : 0,
    };
  });
}

async function expireOrders(tx: Tx, ids: readonly bigint[]): Promise<number> {
  const outcomes = await changeOrders(
    tx,
    ids.map((orderId) => ({ orderId, command: "expire" as const, traceparent: "" })),
  );
  return outcomes.filter((outcome) => outcome.kind === "done" && outcome.changed).length;
}

export interface TimerLoop {
  stop(): Promise<void>;
}

/**
 * Looks for due timers until it is stopped.
 *
 * @param options.everyMs the wait when nothing was due: the bound on how late a timer fires.
 * @param options.onFired told after each batch, for wake-ups and metrics.
 */
export function startTimerLoop(options: {
  readonly database: Database;
  readonly everyMs: number;
  readonly logger: Logger;
  readonly onFired: (result: TimerResult) => void;
}): TimerLoop {
  const stopping = new AbortController();

  async function run(kind: TimerKind): Promise<void> {
    let failures = 0;
    while (!stopping.signal.aborted) {
      let fired = 0;
      try {
        const result = await fireDueTimers(options.database, kind);
        fired = result.fired;
        failures = 0;
        if (fired > 0) {
          options.onFired(result);
        }
      } catch (error) {
        failures += 1;
        if (failures % 20 === 1) {
          options.logger.warn({ err: error, kind }, "timers wait");
        }
      }
      if (fired < batchMax) {
        await pause(options.everyMs, stopping.signal);
      }
    }
  }

  // Each by itself, so that one kind that can not be fired does not hold up the other.
  const ended = Promise.all([run("payment_deadline"), run("reservation_expiry")]);
  return {
    async stop() {
      stopping.abort();
      await ended;
    },
  };
}
