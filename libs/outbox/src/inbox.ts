import { type Tx, textArrayLiteral } from "@ordermesh/postgres/tx";

/**
 * Notes events as handled by a consumer group, in the transaction of their effect.
 *
 * @returns the ids that were not noted before: only their effect is still to be applied.
 */
export async function claimEvents(tx: Tx, group: string, eventIds: readonly string[]): Promise<Set<string>> {
  const rows = await tx.query<{ event_id: string }>(
    `insert into inbox (consumer_group, event_id)
     select $1, event_id from unnest($2::text[]) as e (event_id) order by event_id
     on conflict do nothing
     returning event_id`,
    [group, textArrayLiteral(eventIds)],
  );
  return new Set(rows.map((row) => row.event_id));
}
