import type { Queryable, Tx } from "@ordermesh/postgres/tx";
import type { Session, SessionState, SessionSums } from "../domain/session.ts";

export const sessionColumns = `s.id, s.location_id, s.name, s.state, s.code, s.rotation, s.version, s.currency_code, s.paid_minor,
  s.opened_at, s.closed_at, s.close_reason`;

export interface NewSession {
  readonly locationId: bigint;
  readonly name: string;
  readonly code: string;
  readonly currencyCode: string;
  readonly openedBy: string;
  readonly idempotencyKey: string | undefined;
  readonly requestHash: Uint8Array;
}

/** @returns undefined while another open session has the name, or if the key was used before. */
export async function insertSession(tx: Tx, session: NewSession): Promise<Session | undefined> {
  const rows = await tx.query<SessionRow>(
    `insert into sessions as s (location_id, name, code, currency_code, opened_by, idempotency_key, request_hash)
     values ($1::bigint, $2, $3, $4, $5, $6, $7::bytea) on conflict do nothing returning ${sessionColumns}`,
    [
      session.locationId,
      session.name,
      session.code,
      session.currencyCode,
      session.openedBy,
      session.idempotencyKey ?? null,
      session.requestHash,
    ],
  );
  return rows.map(sessionOf)[0];
}

/** The session that a key has opened. */
export async function findSessionByKey(
  db: Queryable,
  openedBy: string,
  idempotencyKey: string,
): Promise<{ readonly session: Session; readonly requestHash: Uint8Array } | undefined> {
  const [row] = await db.query<SessionRow & { readonly request_hash: Uint8Array }>(
    `select ${sessionColumns}, s.request_hash from sessions s where s.opened_by = $1 and s.idempotency_key = $2`,
    [openedBy, idempotencyKey],
  );
  return row && { session: sessionOf(row), requestHash: row.request_hash };
}

export async function findSession(db: Queryable, id: bigint): Promise<Session | undefined> {
  const rows = await db.query<SessionRow>(
    `select ${sessionColumns} from sessions s where s.id = $1::bigint`,
    [id],
  );
  return rows.map(sessionOf)[0];
}

/**
 * Locks a session for a change. The first statement of its transaction that locks or writes anything: so the
 * transaction's number is taken while nobody else can change the session, and its changes are numbered as they follow
 * one another. The lock of the row alone would not do, because whoever waits for it behind others may be given a number
 * before it has it; waiting for an advisory lock takes none.
 */
export async function lockSession(tx: Tx, id: bigint): Promise<Session | undefined> {
  tx.execute("select pg_advisory_xact_lock(hashtextextended('table session', $1::bigint))", [id]);
  const rows = await tx.query<SessionRow>(
    `select ${sessionColumns} from sessions s where s.id = $1::bigint for update`,
    [id],
  );
  return rows.map(sessionOf)[0];
}

/** Locks a session against changes of its state; others may do the same. For what itself is no change of it. */
export async function shareSession(tx: Tx, id: bigint): Promise<Session | undefined> {
  const rows = await tx.query<SessionRow>(
    `select ${sessionColumns} from sessions s where s.id = $1::bigint for share`,
    [id],
  );
  return rows.map(sessionOf)[0];
}

/** Newest first. */
export async function listSessions(
  db: Queryable,
  locationId: bigint,
  page: {
    readonly state: SessionState | undefined;
    readonly before: bigint | undefined;
    readonly countMax: number;
  },
): Promise<(Session & SessionSums)[]> {
  const rows = await db.query<SessionRow & SumsRow>(
    `select ${sessionColumns}, ${sums} from sessions s
     where s.location_id = $1::bigint and ($2::session_state is null or s.state = $2::session_state)
       and ($3::bigint is null or s.id < $3::bigint)
     order by s.id desc limit $4`,
    [locationId, page.state ?? null, page.before ?? null, page.countMax],
  );
  return rows.map((row) => ({ ...sessionOf(row), ...sumsOf(row) }));
}

/** Counts a change of a session that the transaction has locked. @returns the new version and what orders come to. */
export async function countChange(tx: Tx, id: bigint): Promise<{ readonly version: number } & SessionSums> {
  const [row] = await tx.query<SumsRow & { readonly version: number }>(
    `update sessions s set version = s.version + 1 where s.id = $1::bigint returning s.version, s.paid_minor, ${sums}`,
    [id],
  );
  if (row === undefined) {
    throw new Error(`Session ${id} was locked, and is not there.`);
  }
  return { version: row.version, ...sumsOf(row) };
}

/** What a session's orders come to. */
export async function findSums(db: Queryable, id: bigint): Promise<SessionSums> {
  const [row] = await db.query<SumsRow>(
    `select s.paid_minor, ${sums} from sessions s where s.id = $1::bigint`,
    [id],
  );
  return row === undefined ? { totalMinor: undefined, paidMinor: 0n } : sumsOf(row);
}

export async function updateCode(tx: Tx, id: bigint, code: string): Promise<Session> {
  return onlySession(
    await tx.query<SessionRow>(
      `update sessions s set code = $2, rotation = s.rotation + 1 where s.id = $1::bigint returning ${sessionColumns}`,
      [id, code],
    ),
  );
}

/** What everybody counts: open sessions, and orders that are being placed. */
export async function countOpen(
  db: Queryable,
): Promise<{ readonly sessions: number; readonly guests: number; readonly placing: number }> {
  const [row] = await db.query<{ sessions: bigint; guests: bigint; placing: bigint }>(
    `select (select count(*) from sessions where state <> 'closed') as sessions,
       (select count(*) from guests where token_hash is not null) as guests,
       (select count(*) from session_orders where status = 'placing') as placing`,
  );
  return {
    sessions: Number(row?.sessions ?? 0),
    guests: Number(row?.guests ?? 0),
    placing: Number(row?.placing ?? 0),
  };
}

const sums = `(select sum(o.total_minor)::bigint from session_orders o
    where o.session_id = s.id and o.status not in ('placing', 'declined', 'canceled')) as total_minor`;

interface SumsRow {
  readonly total_minor: bigint | null;
  readonly paid_minor: bigint;
}

function sumsOf(row: SumsRow): SessionSums {
  return { totalMinor: row.total_minor ?? undefined, paidMinor: row.paid_minor };
}

export interface SessionRow {
  readonly id: bigint;
  readonly location_id: bigint;
  readonly name: string;
  readonly state: SessionState;
  readonly code: string;
  readonly rotation: number;
  readonly version: number;
  readonly currency_code: string;
  readonly paid_minor: bigint;
  readonly opened_at: Date;
  readonly closed_at: Date | null;
  readonly close_reason: string;
}

export function onlySession(rows: readonly SessionRow[]): Session {
  const [row] = rows;
  if (row === undefined) {
    throw new Error("A session was locked, and is not there.");
  }
  return sessionOf(row);
}

function sessionOf(row: SessionRow): Session {
  return {
    id: row.id,
    locationId: row.location_id,
    name: row.name,
    state: row.state,
    code: row.code,
    rotation: row.rotation,
    version: row.version,
    currencyCode: row.currency_code,
    paidMinor: row.paid_minor,
    openedAt: row.opened_at,
    closedAt: row.closed_at ?? undefined,
    closeReason: row.close_reason,
  };
}
