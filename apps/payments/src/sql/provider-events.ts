import type { Tx } from "@ordermesh/postgres/tx";

/** Notes an event of the provider as handled, in the transaction of its effect. @returns false if it was before. */
export async function claimProviderEvent(tx: Tx, eventId: string, type: string): Promise<boolean> {
  const rows = await tx.query(
    "insert into provider_events (event_id, type) values ($1, $2) on conflict do nothing returning 1 as one",
    [eventId, type],
  );
  return rows.length > 0;
}
