import type { Queryable, Tx } from "@ordermesh/postgres/tx";
import { checkPreferences, type Preferences } from "./domain/preferences.ts";
import type { WebhookRules } from "./domain/webhook-url.ts";
import { findPreferences, storePreferences } from "./sql/preferences.ts";

/** A user that has never chosen anything has the list and the stream. */
export async function getPreferences(db: Queryable, userId: bigint): Promise<Preferences> {
  const stored = await findPreferences(db, userId);
  return stored ?? { userId, emailAddress: "", webhookUrl: "", webhookSecret: "", smsDisabled: false };
}

/**
 * Replaces a user's preferences. They hold for notifications that are made from now on, and for the next try of
 * those that are still being delivered.
 *
 * @throws Failure `invalid_argument` that names the fields.
 */
export async function setPreferences(tx: Tx, wanted: Preferences, rules: WebhookRules): Promise<Preferences> {
  const former = await findPreferences(tx, wanted.userId, "for update");
  const checked = checkPreferences(wanted, former, rules);
  storePreferences(tx, checked);
  return checked;
}
