import { Failure } from "@ordermesh/failure/failure";
import { backoffMs, pause } from "@ordermesh/process/wait";
import type { Logger } from "@ordermesh/telemetry/logger";
import type { IncomingRecord } from "./record.ts";

export interface RetryPolicy {
  /** Tries for a record that fails by itself, before it is given up. */
  readonly attemptsMax: number;
  readonly backoffBaseMs: number;
  readonly backoffMaxMs: number;
}

/**
 * Handles records together, and one by one when that fails. A record that fails on its own is given up after the
 * policy's tries, or at once if the failure says that the record itself is no good (`invalid_argument`). When
 * something that is needed is away, nothing is given up and everything waits, with heartbeats, so that the group
 * keeps this member.
 *
 * @returns false when the signal aborted before all records were done; none of them may be committed then.
 */
export async function handleWithRetries(options: {
  readonly records: readonly IncomingRecord[];
  readonly handle: (records: readonly IncomingRecord[]) => Promise<void>;
  readonly retry: RetryPolicy;
  readonly signal: AbortSignal;
  readonly heartbeat: () => Promise<void>;
  readonly giveUp: (record: IncomingRecord, error: unknown, attempts: number) => Promise<void>;
  readonly logger: Logger;
}): Promise<boolean> {
  const { records, handle, heartbeat } = options;
  if (records.length > 1) {
    try {
      await handle(records);
      return true;
    } catch {
      // Found out record by record below, which also logs it.
      await heartbeat();
    }
  }
  for (const record of records) {
    if (!(await handleOne(record, options))) {
      return false;
    }
    // One by one, a batch may take longer than the session of a member that is not heard of.
    await heartbeat();
  }
  return true;
}

async function handleOne(
  record: IncomingRecord,
  options: Parameters<typeof handleWithRetries>[0],
): Promise<boolean> {
  const { handle, retry, signal, heartbeat, giveUp, logger } = options;
  let failedTries = 0;
  for (let attempt = 1; !signal.aborted; attempt += 1) {
    try {
      await handle([record]);
      return true;
    } catch (error) {
      if (!isAway(error)) {
        failedTries += 1;
      } else if (attempt % 20 === 1) {
        logger.warn({ err: error, topic: record.topic }, "records wait for something that is away");
      }
      const hopeless = failedTries >= retry.attemptsMax || isMalformed(error);
      if (hopeless && (await gaveUp(giveUp, record, error, failedTries, logger))) {
        return true;
      }
    }
    await pause(backoffMs(attempt, retry.backoffBaseMs, Math.min(retry.backoffMaxMs, 3_000)), signal);
    await heartbeat();
  }
  return false;
}

/** False when the dead-letter topic can not be written either: then the record waits on. */
async function gaveUp(
  giveUp: Parameters<typeof handleWithRetries>[0]["giveUp"],
  record: IncomingRecord,
  error: unknown,
  attempts: number,
  logger: Logger,
): Promise<boolean> {
  try {
    await giveUp(record, error, attempts);
    return true;
  } catch (publishError) {
    logger.warn({ err: publishError, topic: record.topic }, "the dead-letter topic can not be written");
    return false;
  }
}

function isAway(error: unknown): boolean {
  return error instanceof Failure && ["unavailable", "aborted", "deadline_exceeded"].includes(error.kind);
}

function isMalformed(error: unknown): boolean {
  return error instanceof Failure && error.kind === "invalid_argument";
}
