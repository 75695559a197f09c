import { Failure } from "@ordermesh/failure/failure";
import { backoffMs, pause } from "@ordermesh/process/wait";
import type { Logger } from "@ordermesh/telemetry/logger";
import { finishClosing } from "./finish-closing.ts";
import { completePlacing } from "./placing.ts";
import { claimClosing } from "./sql/session-closing.ts";
import { claimPlacing } from "./sql/session-orders.ts";
import type { TableDesk } from "./table-desk.ts";
import type { CallContext } from "./upstream/catalogue.ts";

/** In hand at a time: LOMS is not to be overrun when it comes back. */
const countMax = 20;

/** However long LOMS was away, it is asked again within this. */
const leaseMaxMs = 20_000;

export interface RecoveryLoop {
  /** Finishes what is in hand. */
  stop(): Promise<void>;
}

/**
 * Finishes what a call has left open: orders whose process died or whose answer was lost, and forced closes. Replicas
 * share the work.
 *
 * @param options.everyMs the wait when nothing was due.
 */
export function startRecoveryLoop(options: {
  readonly desk: TableDesk;
  readonly everyMs: number;
  readonly logger: Logger;
}): RecoveryLoop {
  const { desk, everyMs, logger } = options;
  const stopping = new AbortController();
  const claim = {
    countMax,
    leaseMs: desk.recoveryAfterMs,
    leaseMaxMs: Math.max(leaseMaxMs, desk.recoveryAfterMs),
  };

  async function runOnce(): Promise<boolean> {
    const { rows, closes } = await desk.database.transaction(async (tx) => ({
      rows: await claimPlacing(tx, claim),
      closes: await claimClosing(tx, claim),
    }));
    const results = await Promise.allSettled([
      ...rows.map((row) => completePlacing(desk, row, boundedCall("", claim.leaseMs))),
      ...closes.map((close) => finishClosing(desk, close, boundedCall(close.traceparent, claim.leaseMs))),
    ]);
    for (const result of results) {
      if (result.status === "rejected") {
        report(logger, result.reason);
      }
    }
    return rows.length + closes.length > 0;
  }

  async function run(): Promise<void> {
    let failures = 0;
    while (!stopping.signal.aborted) {
      try {
        const hadWork = await runOnce();
        failures = 0;
        await pause(hadWork ? 0 : everyMs, stopping.signal);
      } catch (error) {
        failures += 1;
        if (failures % 20 === 1) {
          logger.warn({ err: error }, "what was left open waits");
        }
        await pause(backoffMs(failures, 100, 2_000), stopping.signal);
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

/** As long as the lease, so that mostly one process at a time is at it. */
function boundedCall(traceparent: string, timeoutMs: number): CallContext {
  const deadline = Date.now() + timeoutMs;
  return { traceparent, remainingMs: () => Math.max(0, deadline - Date.now()) };
}

function report(logger: Logger, error: unknown): void {
  if (error instanceof Failure && error.kind !== "unavailable" && error.kind !== "internal") {
    logger.warn(
      { reason: error.reason },
      "an order was refused after its guest was told to wait; it was taken back",
    );
    return;
  }
  logger.warn({ err: error }, "what was left open stays so for now");
}
