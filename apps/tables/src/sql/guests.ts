import type { Queryable, Tx } from "@ordermesh/postgres/tx";
import type { Guest } from "../domain/session.ts";

const columns = "id, nickname, is_table, joined_at, removed_at is not null as is_removed";

/** @param tokenHash undefined for the table itself. */
export async function insertGuest(
  tx: Tx,
  guest: {
    readonly sessionId: bigint;
    readonly nickname: string;
    readonly tokenHash: Uint8Array | undefined;
  },
): Promise<Guest> {
  const rows = await tx.query<GuestRow>(
    `insert into guests (session_id, nickname, is_table, token_hash) values ($1::bigint, $2, $3, $4::bytea)
     returning ${columns}`,
    [guest.sessionId, guest.nickname, guest.tokenHash === undefined, guest.tokenHash ?? null],
  );
  const [row] = rows;
  if (row === undefined) {
    throw new Error("A guest was not inserted.");
  }
  return guestOf(row);
}

/** In the order in which they came. */
export async function listGuests(db: Queryable, sessionId: bigint): Promise<Guest[]> {
  const rows = await db.query<GuestRow>(
    `select ${columns} from guests where session_id = $1::bigint order by id`,
    [sessionId],
  );
  return rows.map(guestOf);
}

/** @param guestId undefined: the table itself. */
export async function findGuest(
  db: Queryable,
  sessionId: bigint,
  guestId: bigint | undefined,
): Promise<Guest | undefined> {
  const rows = await db.query<GuestRow>(
    `select ${columns} from guests
     where session_id = $1::bigint and ($2::bigint is null and is_table or id = $2::bigint)`,
    [sessionId, guestId ?? null],
  );
  return rows.map(guestOf)[0];
}

/** How many have a token. */
export async function countGuests(db: Queryable, sessionId: bigint): Promise<number> {
  const [row] = await db.query<{ count: bigint }>(
    `select count(*) as count from guests where session_id = $1::bigint and token_hash is not null`,
    [sessionId],
  );
  return Number(row?.count ?? 0);
}

/** Whose token it is. */
export async function findGuestByToken(
  db: Queryable,
  tokenHash: Uint8Array,
): Promise<{ readonly guestId: bigint; readonly sessionId: bigint } | undefined> {
  const [row] = await db.query<{ id: bigint; session_id: bigint }>(
    `select id, session_id from guests where token_hash = $1::bytea`,
    [tokenHash],
  );
  return row && { guestId: row.id, sessionId: row.session_id };
}

export async function removeGuest(tx: Tx, guestId: bigint): Promise<Guest | undefined> {
  const rows = await tx.query<GuestRow>(
    `update guests set token_hash = null, removed_at = now() where id = $1::bigint and removed_at is null and not is_table
     returning ${columns}`,
    [guestId],
  );
  return rows.map(guestOf)[0];
}

/** Nobody of a session can call any more. */
export function takeTokens(tx: Tx, sessionId: bigint): void {
  tx.execute(`update guests set token_hash = null where session_id = $1::bigint and token_hash is not null`, [
    sessionId,
  ]);
}

interface GuestRow {
  readonly id: bigint;
  readonly nickname: string;
  readonly is_table: boolean;
  readonly joined_at: Date;
  readonly is_removed: boolean;
}

function guestOf(row: GuestRow): Guest {
  return {
    id: row.id,
    nickname: row.nickname,
    isTable: row.is_table,
    joinedAt: row.joined_at,
    isRemoved: row.is_removed,
  };
}
