import { arrayLiteral, type Queryable, type Tx } from "@ordermesh/postgres/tx";

export type ReservationStatus = "held" | "committed" | "released" | "expired";

export interface Reservation {
  readonly id: bigint;
  readonly status: ReservationStatus;
  readonly expiresAt: Date;
  /** By the database's clock. */
  readonly isPastExpiry: boolean;
}

interface ReservationRow {
  readonly id: bigint;
  readonly status: ReservationStatus;
  readonly expires_at: Date;
  readonly is_past_expiry: boolean;
}

const columns = "id, status, expires_at, expires_at <= clock_timestamp() as is_past_expiry";

/** @returns when it expires, by the database's clock. */
export async function insertReservation(tx: Tx, id: bigint, ttlMs: number): Promise<Date> {
  const [row] = await tx.query<{ expires_at: Date }>(
    `insert into reservations (id, status, expires_at)
     values ($1::bigint, 'held', date_trunc('milliseconds', now()) + $2::float8 * interval '1 millisecond')
     returning expires_at`,
    [id.toString(), ttlMs],
  );
  if (row === undefined) {
    throw new Error(`Reservation ${id} was not written.`);
  }
  return row.expires_at;
}

/** Locks reservations by id, which comes before locking the stock levels on which they hold units. */
export async function lockReservations(tx: Tx, ids: readonly bigint[]): Promise<Reservation[]> {
  const rows = await tx.query<ReservationRow>(
    `select ${columns} from reservations where id = any($1::bigint[]) order by id for no key update`,
    [arrayLiteral(ids)],
  );
  return rows.map(reservationOf);
}

export async function findReservation(tx: Queryable, id: bigint): Promise<Reservation | undefined> {
  const [row] = await tx.query<ReservationRow>(`select ${columns} from reservations where id = $1::bigint`, [
    id.toString(),
  ]);
  return row === undefined ? undefined : reservationOf(row);
}

export function updateReservations(tx: Tx, ids: readonly bigint[], status: ReservationStatus): void {
  tx.execute(
    "update reservations set status = $2::reservation_status where id = any($1::bigint[]) and status = 'held'",
    [arrayLiteral(ids), status],
  );
}

function reservationOf(row: ReservationRow): Reservation {
  return { id: row.id, status: row.status, expiresAt: row.expires_at, isPastExpiry: row.is_past_expiry };
}
