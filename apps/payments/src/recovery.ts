import { backoffMs, pause } from "@ordermesh/process/wait";
import { createWakeUp } from "@ordermesh/process/wake-up";
import type { Logger } from "@ordermesh/telemetry/logger";
import type { PaymentDesk } from "./pay.ts";
import { outcomeOf, recordCapture } from "./record-outcome.ts";
import { makeRefund } from "./refund.ts";
import { claimDueAttempts, type DueAttempt } from "./sql/attempts.ts";
import { claimDueRefunds } from "./sql/refunds.ts";

/** In hand at a time: the provider is not to be overrun when it comes back. */
const countMax = 20;

/** However long the provider was away, it is asked again within this, so that money heals within a minute. */
const leaseMaxMs = 20_000;

export interface RecoveryLoop {
  /** Tells that a refund was begun. */
  wake(): void;
  /** Finishes what is in hand. */
  stop(): Promise<void>;
}

/**
 * Settles what a call has left open: attempts whose process died or whose answer was lost, captures that the provider
 * never decided, and refunds that are to be made. Replicas share the work.
 *
 * @param options.everyMs the wait when nothing was due.
 */
export function startRecoveryLoop(options: {
  readonly desk: PaymentDesk;
  readonly everyMs: number;
  readonly logger: Logger;
}): RecoveryLoop {
  const { desk, everyMs, logger } = options;
  const stopping = new AbortController();
  const wakeUp = createWakeUp(stopping.signal);
  // The longest that one question may take: nobody else asks it meanwhile.
  const claim = { countMax, leaseMs: desk.checkAfterMs, leaseMaxMs: Math.max(leaseMaxMs, desk.checkAfterMs) };

  async function runOnce(): Promise<boolean> {
    const { attempts, refunds } = await desk.database.transaction(async (tx) => ({
      attempts: await claimDueAttempts(tx, claim),
      refunds: await claimDueRefunds(tx, claim),
    }));
    const results = await Promise.allSettled([
      ...attempts.map((attempt) => settleAttempt(desk, attempt)),
      ...refunds.map((refund) => makeRefund(desk, refund)),
    ]);
    for (const result of results) {
      if (result.status === "rejected") {
        logger.warn({ err: result.reason }, "a payment stays open for now");
      }
    }
    return attempts.length + refunds.length > 0;
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
          logger.warn({ err: error }, "open payments wait");
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

/**
 * Asks what became of an attempt. One that the provider has never heard of is ended there first, because the request
 * may still be on its way; only then may the buyer try again. So is one that is pending for an order that can not be
 * paid any more.
 */
async function settleAttempt(desk: PaymentDesk, attempt: DueAttempt): Promise<void> {
  const { database, askProvider, onRecorded } = desk;
  const key = attempt.providerKey;
  const found = await askProvider("find", { key });
  const isToBeEnded = found.kind === "unknown" || (found.kind === "pending" && attempt.isHopeless);
  const outcome = outcomeOf(isToBeEnded ? await askProvider("void", { key }) : found);
  if (outcome !== undefined) {
    onRecorded(await database.transaction((tx) => recordCapture(tx, attempt.id, outcome)));
  }
}
