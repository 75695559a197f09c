import type { Queryable, Tx } from "@ordermesh/postgres/tx";

/** The end of what is complete: every transaction below it has ended, so nothing can appear before it any more. */
export async function feedEnd(db: Queryable): Promise<bigint> {
  const [row] = await db.query<{ end_id: string }>(
    "select pg_snapshot_xmin(pg_current_snapshot())::text as end_id",
  );
  return BigInt(row?.end_id ?? 0);
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
