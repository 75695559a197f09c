import type { Queryable, Tx } from "@ordermesh/postgres/tx";
import type { Preferences } from "../domain/preferences.ts";

/** @param lock keeps others from changing them until the transaction ends. */
export async function findPreferences(
  db: Queryable,
  userId: bigint,
  lock: "for update" | "" = "",
): Promise<Preferences | undefined> {
  const [row] = await db.query<{
    email_address: string;
    webhook_url: string;
    webhook_secret: string;
    sms_disabled: boolean;
  }>(
    `select email_address, webhook_url, webhook_secret, sms_disabled from preferences
     where user_id = $1::bigint ${lock}`,
    [`${userId}`],
  );
  return row === undefined
    ? undefined
    : {
        userId,
        emailAddress: row.email_address,
        webhookUrl: row.webhook_url,
        webhookSecret: row.webhook_secret,
        smsDisabled: row.sms_disabled,
      };
}

export function storePreferences(tx: Tx, preferences: Preferences): void {
  tx.execute(
    `insert into preferences (user_id, email_address, webhook_url, webhook_secret, sms_disabled)
     values ($1::bigint, $2, $3, $4, $5)
     on conflict (user_id) do update set
       email_address = excluded.email_address,
       webhook_url = excluded.webhook_url,
       webhook_secret = excluded.webhook_secret,
       sms_disabled = excluded.sms_disabled,
       updated_at = now()`,
    [
      `${preferences.userId}`,
      preferences.emailAddress,
      preferences.webhookUrl,
      preferences.webhookSecret,
      preferences.smsDisabled,
    ],
  );
}
