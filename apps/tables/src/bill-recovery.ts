import { backoffMs, pause } from "@ordermesh/process/wait";
import { createWakeUp } from "@ordermesh/process/wake-up";
import type { BillDesk } from "./bill-desk.ts";
import { cancelShare, checkShare, isAway, payOrder } from "./settle-bills.ts";
import { claimOrdersToPay, claimSharesToCancel, claimSharesToCheck } from "./sql/bill-work.ts";

/** In hand at a time: nobody is to be overrun when it comes back. */
const countMax = 20;

/** As long as a piece of work takes, so that mostly one process at a time is at it. */
const leaseMs = 5_000;

/** However long the other service was away, it is asked again within this. */
const leaseMaxMs = 20_000;

export interface BillRecovery {
  /** Tells that there is something to be done. */
  wake(): void;
  /** Finishes what is in hand. */
  stop(): Promise<void>;
}

/**
 * Does what bills leave to be done at other services: LOMS is told which orders are paid, and payments is asked what became
 * of tries whose answers are missing, and told which payments are not to be made any more. Replicas share the work.
 *
 * @param options.everyMs the wait when nothing was due.
 */
export function startBillRecovery(options: {
  readonly desk: BillDesk;
  readonly everyMs: number;
}): BillRecovery {
  const { desk, everyMs } = options;
  const { logger } = desk;
  const stopping = new AbortController();
  const wakeUp = createWakeUp(stopping.signal);
  const lease = { countMax, leaseMs, leaseMaxMs };

  async function runOnce(): Promise<boolean> {
    const { orders, checks, cancels } = await desk.database.transaction(async (tx) => ({
      orders: await claimOrdersToPay(tx, lease),
      checks: await claimSharesToCheck(tx, lease),
      cancels: await claimSharesToCancel(tx, lease),
    }));
    const results = await Promise.allSettled([
      ...orders.map((order) => payOrder(desk, order)),
      ...checks.map((work) => checkShare(desk, work, true)),
      ...cancels.map((work) => cancelShare(desk, work)),
    ]);
    for (const result of results) {
      if (result.status === "rejected") {
        const level = isAway(result.reason) ? "warn" : "error";
        logger[level]({ err: result.reason }, "a bill waits for another service");
      }
    }
    return results.some(({ status }) => status === "fulfilled");
  }

  async function run(): Promise<void> {
    let failures = 0;
    while (!stopping.signal.aborted) {
      try {
        const hadWork = await runOnce();
        failures = 0;
        await wakeUp.wait(hadWork ? 0 : everyMs);
      } catch (error) {
        failures += 1;
        if (failures % 20 === 1) {
          logger.warn({ err: error }, "bills wait");
        }
        await pause(backoffMs(failures, 100, 2_000), stopping.signal);
      }
    }
  }

  const ended = run();
  return {
    wake: wakeUp.wake,
    async stop() {
      stopping.abort();
      await ended;
    },
  };
}
