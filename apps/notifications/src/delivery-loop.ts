import type { Database } from "@ordermesh/postgres/database";
import { backoffMs, pause, withTimeout } from "@ordermesh/process/wait";
import { createWakeUp } from "@ordermesh/process/wake-up";
import type { Logger } from "@ordermesh/telemetry/logger";
import { SpanKind, SpanStatusCode, type Tracing } from "@ordermesh/telemetry/tracing";
import { type Deliver, type DeliveryResult, failed } from "./channels/delivery-result.ts";
import { attemptsMax } from "./domain/delivery-tries.ts";
import type { Channel } from "./domain/notification.ts";
import {
  type ClaimedDelivery,
  claimDeliveries,
  type Settlement,
  settleDeliveries,
} from "./sql/deliveries.ts";

/** Between tries at most. */
const backoffMaxMs = 60_000;

/** How long a retry, or a delivery that another replica queued, may lie after it is due. */
const lookEveryMs = 250;

/** Channels have timeouts of their own, which are shorter. */
const tryTimeoutMs = 25_000;

/** Longer than any try with its settlement, so that only a process that is gone loses what it has in hand. */
const leaseMs = 30_000;

export interface DeliveryLoopOptions {
  readonly channel: Channel;
  readonly deliver: Deliver;
  readonly database: Database;
  readonly tracing: Tracing;
  readonly logger: Logger;
  /** Deliveries in hand at the same time. */
  readonly inHandMax: number;
  /** Of one user. The next ones are claimed when these are through, so a receiver that hangs holds up only its own. */
  readonly perUserMax: number;
  readonly backoffBaseMs: number;
  /** Whether each try is a span. */
  readonly traced: boolean;
  readonly onSettled: (channel: Channel, outcome: "delivered" | "retried" | "failed") => void;
}

export interface DeliveryLoop {
  /** Tells that deliveries have been queued. */
  wake(): void;
  /** Claims nothing more and finishes what is in hand. */
  stop(): Promise<void>;
}

/**
 * Delivers what is due on one channel, at least once: a delivery that was made but not settled, because the process
 * or its database went away, is made again.
 */
export function startDeliveryLoop(options: DeliveryLoopOptions): DeliveryLoop {
  const { channel, database, inHandMax, perUserMax, logger } = options;
  const stopping = new AbortController();
  const wakeUp = createWakeUp(stopping.signal);
  const inHand = new Map<bigint, ClaimedDelivery>();
  const tries = new Set<Promise<void>>();
  let ended: Settlement[] = [];

  function begin(delivery: ClaimedDelivery): void {
    inHand.set(delivery.id, delivery);
    const trying = tryToDeliver(delivery, options).then((settlement) => {
      ended.push(settlement);
      wakeUp.wake();
    });
    tries.add(trying);
    trying.finally(() => tries.delete(trying));
  }

  /**
   * Notes what has ended and claims what is due, in one transaction. What can not be noted now stays in hand, and is
   * noted the next time.
   */
  async function settleAndClaim(): Promise<ClaimedDelivery[]> {
    // A copy: others end while this is under way.
    const settlements = [...ended];
    const settledIds = new Set(settlements.map(({ id }) => id));
    const busy = [...inHand.values()].filter(({ id }) => !settledIds.has(id));
    const countMax = stopping.signal.aborted ? 0 : inHandMax - busy.length;
    if (settlements.length === 0 && countMax === 0) {
      return [];
    }
    const busyUserIds = [...new Set(busy.map(({ notification }) => notification.userId))];
    const claimed = await database.transaction(async (tx) => {
      settleDeliveries(tx, settlements);
      return countMax === 0
        ? []
        : await claimDeliveries(tx, { channel, countMax, perUserMax, busyUserIds, leaseMs });
    });
    ended = ended.slice(settlements.length);
    for (const { id, status } of settlements) {
      inHand.delete(id);
      options.onSettled(channel, status === "pending" ? "retried" : status);
    }
    return claimed;
  }

  async function run(): Promise<void> {
    let failures = 0;
    while (!stopping.signal.aborted) {
      try {
        const claimed = await settleAndClaim();
        claimed.forEach(begin);
        failures = 0;
        if (claimed.length === 0) {
          await wakeUp.wait(lookEveryMs);
        }
      } catch (error) {
        failures += 1;
        if (failures % 20 === 1) {
          logger.warn({ err: error, channel }, "deliveries wait");
        }
        await pause(backoffMs(failures, 100, 2_000), stopping.signal);
      }
    }
    await Promise.all(tries);
    await settleAndClaim().catch((error) =>
      logger.warn({ err: error, channel }, "deliveries will be repeated"),
    );
  }

  const over = run();
  return {
    wake: wakeUp.wake,
    async stop() {
      stopping.abort();
      await over;
    },
  };
}

async function tryToDeliver(delivery: ClaimedDelivery, options: DeliveryLoopOptions): Promise<Settlement> {
  const { channel, tracing, traced, backoffBaseMs } = options;
  const span = traced
    ? tracing.startSpan(`deliver ${channel}`, delivery.traceparent, {
        kind: SpanKind.CLIENT,
        attributes: { "ordermesh.delivery_id": `${delivery.id}`, "ordermesh.attempt": delivery.attempt },
      })
    : undefined;
  const result = await resultOf(delivery, options);
  if (result.kind === "failed") {
    span?.setStatus({ code: SpanStatusCode.ERROR, message: result.error });
  }
  span?.end();

  const { id, attempt } = delivery;
  if (result.kind === "delivered") {
    return { id, attempt, status: "delivered", error: "", retryAfterMs: 0 };
  }
  const isLast = result.final || attempt >= attemptsMax;
  return {
    id,
    attempt,
    status: isLast ? "failed" : "pending",
    error: result.error,
    retryAfterMs: isLast ? 0 : backoffMs(attempt, backoffBaseMs, backoffMaxMs),
  };
}

async function resultOf(
  delivery: ClaimedDelivery,
  { deliver, channel, logger }: DeliveryLoopOptions,
): Promise<DeliveryResult> {
  if (delivery.attempt > attemptsMax) {
    return failed("The last try was interrupted.", { final: true });
  }
  try {
    return await withTimeout(
      deliver(delivery),
      tryTimeoutMs,
      () => new Error(`no end within ${tryTimeoutMs} ms`),
    );
  } catch (error) {
    logger.error(
      { err: error, channel, delivery_id: `${delivery.id}` },
      "a delivery failed for a reason of ours",
    );
    return failed("Something went wrong on our side.");
  }
}
