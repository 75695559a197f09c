import { Failure } from "@ordermesh/failure/failure";
import type { Database } from "@ordermesh/postgres/database";
import { pause } from "@ordermesh/process/wait";
import type { Logger } from "@ordermesh/telemetry/logger";
import { type Span, SpanStatusCode, type Tracing, traceparentOf } from "@ordermesh/telemetry/tracing";
import { type ChangeOutcome, type ChangeSettings, changeOrders } from "./change-orders.ts";
import type { OrderChange } from "./domain/order-change.ts";
import { expireReservations } from "./reservations.ts";
import {
  claimDueTimers,
  claimReservationTimers,
  findDueKinds,
  postponeTimers,
  type Timer,
} from "./sql/timers.ts";
import { timerNames } from "./workflows/names.ts";

/** Enough to catch up quickly after a pause; few enough that the stock they lock is not held for long. */
const batchMax = 200;

/** One that can not be fired, for which the log says why, is tried again after this. */
const postponedByMs = 60_000;

/** What firing a timer takes. */
export interface TimerParts {
  readonly database: Database;
  readonly settings: ChangeSettings;
  readonly tracing: Tracing;
}

export interface TimerResult {
  readonly fired: number;
  readonly changes: readonly { readonly change: OrderChange; readonly outcome: ChangeOutcome }[];
  readonly reservationsExpired: number;
}

/**
 * Fires timers of orders, of one kind, that are due, in one transaction with their effects: either both are recorded or
 * neither is. Replicas share the work; a timer fires in one of them.
 *
 * Orders and reservations never share a transaction: whatever changes one of them locks it before its stock.
 */
export async function fireOrderTimers(
  { database, settings, tracing }: TimerParts,
  kind: string,
  options: { readonly countMax?: number; readonly onClaimed?: (timers: readonly Timer[]) => void } = {},
): Promise<TimerResult> {
  const spans: Span[] = [];
  try {
    return await database.transaction(async (tx) => {
      const timers = await claimDueTimers(tx, kind, options.countMax ?? batchMax);
      options.onClaimed?.(timers);
      const changes = timers.map((timer) => {
        const span = startFiring(tracing, timer);
        spans.push(span);
        return firingOf(timer, span);
      });
      const outcomes = changes.length === 0 ? [] : await changeOrders(tx, changes, settings);
      return {
        fired: timers.length,
        changes: changes.flatMap((change, index) => {
          const outcome = outcomes[index];
          return outcome === undefined ? [] : [{ change, outcome }];
        }),
        reservationsExpired: 0,
      };
    });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    for (const span of spans) {
      span.setStatus({ code: SpanStatusCode.ERROR, message });
    }
    throw error;
  } finally {
    for (const span of spans) {
      span.end();
    }
  }
}

/**
 * The beginning of a trace: what happens by the clock is caused by no call, and the one that started the timer may be weeks
 * ago.
 */
function startFiring(tracing: Tracing, { subjectId, kind, sku }: Timer): Span {
  return tracing.startSpan(`fire ${kind}`, undefined, {
    attributes: { "ordermesh.order_id": `${subjectId}`, "ordermesh.timer": kind, "ordermesh.sku": sku },
  });
}

function firingOf({ subjectId, kind, sku, step }: Timer, span: Span): OrderChange {
  const traceparent = traceparentOf(span);
  return { command: "fire", orderId: subjectId, timer: kind, sku, step, actor: "timer", traceparent };
}

/** Fires timers of reservations that are due. */
export async function fireReservationTimers(database: Database): Promise<TimerResult> {
  return await database.transaction(async (tx) => {
    const ids = await claimReservationTimers(tx, batchMax);
    const reservationsExpired = ids.length === 0 ? 0 : await expireReservations(tx, ids);
    return { fired: ids.length, changes: [], reservationsExpired };
  });
}

export interface TimerLoop {
  stop(): Promise<void>;
}

interface TimerLoopOptions extends TimerParts {
  /** The wait when nothing was due: the bound on how late a timer fires. */
  readonly everyMs: number;
  readonly logger: Logger;
  /** Told after each batch, for wake-ups and metrics. */
  readonly onFired: (result: TimerResult) => void;
}

/** Looks for due timers until it is stopped. */
export function startTimerLoop(options: TimerLoopOptions): TimerLoop {
  const { database, onFired } = options;
  const stopping = new AbortController();

  function told(result: TimerResult): number {
    if (result.fired > 0) {
      onFired(result);
    }
    return result.fired;
  }

  /** @returns how many of one kind at most were fired at once. */
  async function fireOrders(): Promise<number> {
    const due = await database.read((db) => findDueKinds(db, timerNames));
    let most = 0;
    for (const kind of due) {
      try {
        most = Math.max(most, told(await fireOrderTimers(options, kind)));
      } catch (error) {
        if (isPassing(error)) {
          throw error;
        }
        // One of them can not be fired. It shall not keep the others waiting.
        await fireOneByOne(options, kind, told, stopping.signal);
      }
    }
    return most;
  }

  async function run(what: string, fire: () => Promise<number>): Promise<void> {
    let failures = 0;
    while (!stopping.signal.aborted) {
      let fired = 0;
      try {
        fired = await fire();
        failures = 0;
      } catch (error) {
        failures += 1;
        if (failures % 20 === 1) {
          options.logger.warn({ err: error, what }, "timers wait");
        }
      }
      if (fired < batchMax) {
        await pause(options.everyMs, stopping.signal);
      }
    }
  }

  // Each by itself, so that one that can not be fired does not hold up the other.
  const ended = Promise.all([
    run("orders", fireOrders),
    run("reservations", async () => told(await fireReservationTimers(database))),
  ]);
  return {
    async stop() {
      stopping.abort();
      await ended;
    },
  };
}

/** The database is away, or others are in the way: the next look will do. */
function isPassing(error: unknown): boolean {
  return error instanceof Failure && (error.kind === "unavailable" || error.kind === "aborted");
}

async function fireOneByOne(
  options: TimerLoopOptions,
  kind: string,
  told: (result: TimerResult) => number,
  stopping: AbortSignal,
): Promise<void> {
  const { database, logger } = options;
  for (let count = 0; count < batchMax && !stopping.aborted; count += 1) {
    let orderId = 0n;
    const onClaimed = (timers: readonly Timer[]) => {
      orderId = timers[0]?.subjectId ?? 0n;
    };
    try {
      if (told(await fireOrderTimers(options, kind, { countMax: 1, onClaimed })) === 0) {
        return;
      }
    } catch (error) {
      if (isPassing(error)) {
        throw error;
      }
      await database.transaction((tx) => postponeTimers(tx, kind, orderId, postponedByMs));
      logger.error({ err: error, kind, order_id: `${orderId}` }, "a timer can not be fired");
    }
  }
}
