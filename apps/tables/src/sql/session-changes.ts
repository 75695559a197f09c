import type { FeedPosition } from "@ordermesh/feed/feed-cursor";
import type { FeedRange } from "@ordermesh/feed/feed-source";
import type { Queryable, Tx } from "@ordermesh/postgres/tx";

/** A change as it is stored. */
export interface StoredChange {
  readonly sessionId: bigint;
  readonly version: number;
  readonly locationId: bigint;
  /** The message, protobuf-encoded. */
  readonly change: Uint8Array;
}

/** Whose changes: of one session, or of all sessions of one location. */
export type ChangeFilter = { readonly sessionId: bigint } | { readonly locationId: bigint };

export function insertChange(tx: Tx, { sessionId, version, locationId, change }: StoredChange): void {
  tx.execute(
    `insert into session_changes (session_id, version, location_id, change) values ($1::bigint, $2, $3::bigint, $4::bytea)`,
    [sessionId, version, locationId, change],
  );
}

/** In the order of the feed. Each kind of filter has an index of its own. */
export async function readChanges(
  db: Queryable,
  { after, endId, countMax }: FeedRange,
  filter: ChangeFilter | undefined,
): Promise<(StoredChange & { readonly transactionId: bigint })[]> {
  const { condition, parameters } = conditionOf(filter, 6);
  const rows = await db.query<{
    session_id: bigint;
    version: number;
    location_id: bigint;
    change: Uint8Array;
    transaction_id: string;
  }>(
    `select session_id, version, location_id, change, transaction_id::text from session_changes
     where (transaction_id, session_id, version) > ($1::xid8, $2::bigint, $3::int) and transaction_id < $4::xid8
       ${condition}
     order by session_changes.transaction_id, session_id, version limit $5`,
    [`${after.transactionId}`, after.subjectId, after.version, `${endId}`, countMax, ...parameters],
  );
  return rows.map((row) => ({
    sessionId: row.session_id,
    version: row.version,
    locationId: row.location_id,
    change: row.change,
    transactionId: BigInt(row.transaction_id),
  }));
}

/** How many changes lie after a position, counted up to a bound. */
export async function countChanges(
  db: Queryable,
  after: FeedPosition,
  countMax: number,
  filter: ChangeFilter,
): Promise<number> {
  const { condition, parameters } = conditionOf(filter, 3);
  const [row] = await db.query<{ count: bigint }>(
    `select count(*) as count from (
       select from session_changes where transaction_id > $1::xid8 ${condition} limit $2
     ) as bounded`,
    [`${after.transactionId}`, countMax, ...parameters],
  );
  return Number(row?.count ?? 0);
}

function conditionOf(filter: ChangeFilter | undefined, position: number) {
  if (filter === undefined) {
    return { condition: "", parameters: [] };
  }
  return "sessionId" in filter
    ? { condition: `and session_id = $${position}::bigint`, parameters: [filter.sessionId] }
    : { condition: `and location_id = $${position}::bigint`, parameters: [filter.locationId] };
}
