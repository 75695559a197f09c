import { Failure } from "@ordermesh/failure/failure";
import type { Database } from "@ordermesh/postgres/database";
import type { Tx } from "@ordermesh/postgres/tx";
import type { Logger } from "@ordermesh/telemetry/logger";
import { isSigned } from "./domain/webhook-signature.ts";
import { type ProviderEvent, providerEventOf } from "./events/provider-event.ts";
import { newProviderKey } from "./payment-changes.ts";
import { nothingNew, type Recorded, recordCapture, recordRefund } from "./record-outcome.ts";
import { requestRefundMadeElsewhere } from "./refund-made-elsewhere.ts";
import { findAttemptByKey } from "./sql/attempts.ts";
import { claimProviderEvent } from "./sql/provider-events.ts";
import { findRefundByKey } from "./sql/refunds.ts";

export interface ProviderEventOptions {
  readonly database: Database;
  /** Shared with the provider. */
  readonly secret: string;
  readonly logger: Logger;
  readonly onRecorded: (recorded: Recorded) => void;
}

/**
 * Takes what the provider tells over its webhook: once for each event id, and in the same transaction as its effect.
 * What contradicts what is known (a denial after a success) changes nothing; what concerns no payment is noted, so that
 * the provider does not repeat it for ever.
 *
 * @param nowSeconds since 1970.
 * @throws Failure `unauthenticated` if the signature does not fit or is too old, `invalid_argument` if the payload is no
 * event, `unavailable` when the database is away: then the provider tries again.
 */
export async function handleProviderEvent(
  { database, secret, logger, onRecorded }: ProviderEventOptions,
  payload: Uint8Array,
  signature: string,
  nowSeconds: number,
): Promise<Recorded> {
  if (!isSigned(secret, payload, signature, nowSeconds)) {
    throw new Failure("unauthenticated", "The signature does not fit the payload, or is too old.", {
      reason: "BAD_SIGNATURE",
    });
  }
  const event = providerEventOf(payload);
  const recorded = await database.transaction(async (tx) => {
    if (!(await claimProviderEvent(tx, event.id, event.type))) {
      return nothingNew;
    }
    return await applyEvent(tx, event);
  });
  if (recorded === undefined) {
    logger.warn(
      { event_id: event.id, event_type: event.type },
      "the provider told something that concerns nobody",
    );
  }
  const result = recorded ?? nothingNew;
  onRecorded(result);
  return result;
}

/** @returns undefined if it concerns nothing that is known. */
async function applyEvent(tx: Tx, event: ProviderEvent): Promise<Recorded | undefined> {
  switch (event.type) {
    case "capture.succeeded":
    case "capture.declined": {
      const attempt = await findAttemptByKey(tx, event.key);
      return (
        attempt &&
        (await recordCapture(
          tx,
          attempt.id,
          event.type === "capture.succeeded" ? { kind: "captured" } : { kind: "declined", code: event.code },
        ))
      );
    }
    case "refund.succeeded":
      return await applyRefund(tx, event);
    default:
      return undefined;
  }
}

/** A refund that was asked for here is confirmed by it; one that was made at the provider is noted as made. */
async function applyRefund(
  tx: Tx,
  event: ProviderEvent & { type: "refund.succeeded" },
): Promise<Recorded | undefined> {
  const refund = await findRefundByKey(tx, event.key);
  if (refund !== undefined) {
    return await recordRefund(tx, refund.id, { kind: "succeeded" });
  }
  const attempt = await findAttemptByKey(tx, event.captureKey);
  if (attempt === undefined) {
    return undefined;
  }
  // Nothing is given back that was not captured: if the news of the capture is still on its way, this is it.
  const captured = await recordCapture(tx, attempt.id, { kind: "captured" });
  const providerKey = event.key === "" ? newProviderKey("refund") : event.key;
  const made = await requestRefundMadeElsewhere(tx, attempt.id, providerKey, event.amountMinor);
  const recorded = made === undefined ? nothingNew : await recordRefund(tx, made.id, { kind: "succeeded" });
  return {
    ...nothingNew,
    changed: captured.changed || recorded.changed,
    refundsBegun: captured.refundsBegun + recorded.refundsBegun,
  };
}
