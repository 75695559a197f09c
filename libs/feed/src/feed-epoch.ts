import type { Queryable, Tx } from "@ordermesh/postgres/tx";

/** The moment of a query, in terms of transactions. */
export interface FeedMoment {
  /** Every transaction below it has ended, so nothing can appear before it any more. */
  readonly endId: bigint;
  /** Whether what a transaction did could be seen at that moment. */
  isPast(transactionId: bigint): boolean;
}

export async function feedMoment(db: Queryable): Promise<FeedMoment> {
  const [row] = await db.query<{ snapshot: string }>("select pg_current_snapshot()::text as snapshot");
  // xmin:xmax:list of those between that are still under way.
  const [xmin = "0", xmax = "0", underWay = ""] = (row?.snapshot ?? "").split(":");
  const open = new Set(underWay.split(","));
  return {
    endId: BigInt(xmin),
    isPast: (transactionId) => transactionId < BigInt(xmax) && !open.has(`${transactionId}`),
  };
}

/** The end of what is complete: every transaction below it has ended, so nothing can appear before it any more. */
export async function feedEnd(db: Queryable): Promise<bigint> {
  return (await feedMoment(db)).endId;
}

/**
 * Names the present history of transaction numbers. A dump that was restored elsewhere brings rows whose numbers
 * belong to another server: they are moved before all others, and cursors from before are told apart by the name.
 *
 * @param table the one that is streamed.
 */
export async function openFeedEpoch(tx: Tx, table: string): Promise<string> {
  await tx.query(
    `insert into feed_epoch (system_identifier) select system_identifier from pg_control_system()
     on conflict (only_row) do nothing`,
  );
  const [changed] = await tx.query<{ epoch: string }>(
    `update feed_epoch set epoch = gen_random_uuid(), system_identifier = control.system_identifier
     from pg_control_system() as control
     where feed_epoch.system_identifier <> control.system_identifier
     returning epoch`,
  );
  if (changed !== undefined) {
    await tx.query(`update ${table} set transaction_id = '1'::xid8`);
    return changed.epoch;
  }
  const [row] = await tx.query<{ epoch: string }>("select epoch from feed_epoch");
  if (row === undefined) {
    throw new Error("The feed has no epoch.");
  }
  return row.epoch;
}
