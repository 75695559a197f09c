import type { Database } from "@ordermesh/postgres/database";
import { pause } from "@ordermesh/process/wait";
import type { Logger } from "@ordermesh/telemetry/logger";
import { changeOrders } from "./change-orders.ts";
import { expireReservation } from "./reservations.ts";
import { claimDueTimers, type Timer } from "./sql/timers.ts";

/** Enough to catch up quickly after a pause; few enough that the stock they lock is not held for long. */
const batchMax = 200;

export interface TimerResult {
  readonly fired: number;
  readonly ordersExpired: number;
  readonly reservationsExpired: number;
}

/**
 * Fires timers that are due, in one transaction with their effects: either both are recorded or neither is. Replicas
 * share the work; a timer fires in one of them.
 */
export async function fireDueTimers(database: Database): Promise<TimerResult> {
  return await database.transaction(async (tx) => {
    const timers = await claimDueTimers(tx, batchMax);
    const orderIds = timers
      .filter((timer) => timer.kind === "payment_deadline")
      .map((timer) => timer.subjectId);
    const outcomes =
      orderIds.length === 0
        ? []
        : await changeOrders(
            tx,
            orderIds.map((orderId) => ({ orderId, command: "expire" as const, traceparent: "" })),
          );
    let reservationsExpired = 0;
    for (const timer of sortedReservationTimers(timers)) {
      if (await expireReservation(tx, timer.subjectId)) {
        reservationsExpired += 1;
      }
    }
    return {
      fired: timers.length,
      ordersExpired: outcomes.filter((outcome) => outcome.kind === "done" && outcome.changed).length,
      reservationsExpired,
    };
  });
}

/** In the order of their ids, so that two replicas that expire reservations lock them in the same order. */
function sortedReservationTimers(timers: readonly Timer[]): Timer[] {
  return timers
    .filter((timer) => timer.kind === "reservation_expiry")
    .sort((a, b) => (a.subjectId < b.subjectId ? -1 : 1));
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

  async function run(): Promise<void> {
    let failures = 0;
    while (!stopping.signal.aborted) {
      let fired = 0;
      try {
        const result = await fireDueTimers(options.database);
        fired = result.fired;
        failures = 0;
        if (fired > 0) {
          options.onFired(result);
        }
      } catch (error) {
        failures += 1;
        if (failures % 20 === 1) {
          options.logger.warn({ err: error }, "timers wait");
        }
      }
      if (fired < batchMax) {
        await pause(options.everyMs, stopping.signal);
      }
    }
  }

  const ended = run();
  return {
    async stop() {
      stopping.abort();
      await ended;
    },
  };
}
