import { createHash } from "node:crypto";
import { Failure } from "@ordermesh/failure/failure";
import type { Tx } from "@ordermesh/postgres/tx";
import { reusedKey } from "./create-orders.ts";
import { type AllocatedUnits, allocate, type RequestedLine } from "./domain/allocate.ts";
import type { Shortage } from "./domain/order.ts";
import { claimIntents, findIntents } from "./sql/idempotency-keys.ts";
import {
  findReservation,
  insertReservation,
  lockReservations,
  type Reservation,
  updateReservations,
} from "./sql/reservations.ts";
import {
  findHolds,
  insertHolds,
  lockStockLevels,
  lockStockLevelsOfHolders,
  resolveHolds,
} from "./sql/stock.ts";
import { insertTimers } from "./sql/timers.ts";

const method = "Reserve";

/** Other backends are not told apart until they identify themselves. */
const caller = "backend";

export interface Reserved {
  readonly reservationId: bigint;
  readonly expiresAt: Date;
  readonly units: readonly AllocatedUnits[];
  readonly replayed: boolean;
}

/**
 * Holds all lines or none for another backend.
 *
 * @param lines each SKU once.
 * @throws Failure `failed_precondition` with the shortages, and nothing is held; `invalid_argument` when the key was
 * used for another request.
 */
export async function reserve(
  tx: Tx,
  newId: bigint,
  request: {
    readonly lines: readonly RequestedLine[];
    readonly ttlMs: number;
    readonly idempotencyKey: string;
  },
): Promise<Reserved> {
  const { lines, ttlMs, idempotencyKey } = request;
  const requestHash = createHash("sha256")
    .update(JSON.stringify([lines, ttlMs]))
    .digest("hex");
  const intent = { caller, key: idempotencyKey, requestHash };
  if ((await claimIntents(tx, method, [intent], [newId])) === 0) {
    const [earlier] = await findIntents(tx, method, [intent]);
    if (earlier === undefined || earlier.requestHash !== requestHash) {
      throw reusedKey();
    }
    return await replayedReservation(tx, earlier.subjectId);
  }

  const stock = await lockStockLevels(
    tx,
    lines.map((line) => line.sku),
  );
  const [allocation] = allocate([lines], stock);
  if (allocation?.kind !== "allocated") {
    throw insufficientStock(allocation?.shortages ?? []);
  }
  const expiresAt = await insertReservation(tx, newId, ttlMs);
  insertHolds(
    tx,
    allocation.units.map((units) => ({ ...units, holderId: newId })),
  );
  insertTimers(tx, [{ subjectId: newId, kind: "reservation_expiry", sku: 0, step: 1, dueAt: expiresAt }]);
  return { reservationId: newId, expiresAt, units: allocation.units, replayed: false };
}

async function replayedReservation(tx: Tx, id: bigint): Promise<Reserved> {
  const [reservation, units] = await Promise.all([findReservation(tx, id), findHolds(tx, [id])]);
  if (reservation === undefined) {
    throw new Error(`An idempotency key names reservation ${id}, which does not exist.`);
  }
  return { reservationId: id, expiresAt: reservation.expiresAt, units, replayed: true };
}

/** What a caller can do to a reservation. */
export type ReservationEnd = "committed" | "released";

export type ReservationOutcome =
  | { readonly kind: "done"; readonly changed: boolean }
  | { readonly kind: "refused"; readonly failure: Failure };

/**
 * Commits or releases a reservation. One that is past its time expires on the spot, which is recorded, and is
 * refused.
 */
export async function endReservation(tx: Tx, id: bigint, end: ReservationEnd): Promise<ReservationOutcome> {
  const [reservation] = await lockReservations(tx, [id]);
  if (reservation === undefined) {
    return {
      kind: "refused",
      failure: new Failure("not_found", `There is no reservation ${id}.`, {
        reason: "RESERVATION_NOT_FOUND",
        metadata: { reservation_id: `${id}` },
      }),
    };
  }
  if (reservation.status === end) {
    return { kind: "done", changed: false };
  }
  if (reservation.status !== "held") {
    return { kind: "refused", failure: alreadyResolved(reservation) };
  }
  if (reservation.isPastExpiry) {
    await resolveReservations(tx, [id], "expired");
    return { kind: "refused", failure: alreadyResolved({ ...reservation, status: "expired" }) };
  }
  await resolveReservations(tx, [id], end);
  return { kind: "done", changed: true };
}

/**
 * Expires reservations whose timers fired, but for those that were resolved before. All of them are locked first, and
 * then all their stock: one after the other would be a deadlock with whoever locks the same stock in order.
 *
 * @returns how many expired.
 */
export async function expireReservations(tx: Tx, ids: readonly bigint[]): Promise<number> {
  const reservations = await lockReservations(tx, ids);
  const expired = reservations.filter(({ status, isPastExpiry }) => status === "held" && isPastExpiry);
  if (expired.length > 0) {
    await resolveReservations(
      tx,
      expired.map(({ id }) => id),
      "expired",
    );
  }
  return expired.length;
}

async function resolveReservations(
  tx: Tx,
  ids: readonly bigint[],
  resolution: "committed" | "released" | "expired",
): Promise<void> {
  const [holds] = await Promise.all([findHolds(tx, ids), lockStockLevelsOfHolders(tx, ids)]);
  resolveHolds(tx, holds, resolution);
  updateReservations(tx, ids, resolution);
}

function alreadyResolved({ id, status }: Pick<Reservation, "id" | "status">): Failure {
  const reason = `RESERVATION_${status.toUpperCase()}`;
  return new Failure(
    "failed_precondition",
    `Reservation ${id} is ${status} and can not be changed any more.`,
    {
      reason,
      metadata: { reservation_id: `${id}` },
      preconditionViolations: [
        { type: reason, subject: `reservation/${id}`, description: `it is ${status}` },
      ],
    },
  );
}

/** Stock is short: tells for each SKU what was asked for and what is available. */
export function insufficientStock(shortages: readonly Shortage[]): Failure {
  const texts = shortages.map(
    ({ sku, requested, available }) => `SKU ${sku}: ${requested} requested, ${available} available`,
  );
  return new Failure("failed_precondition", `Stock is short. ${texts.join("; ")}.`, {
    reason: "INSUFFICIENT_STOCK",
    preconditionViolations: shortages.map(({ sku, requested, available }) => ({
      type: "INSUFFICIENT_STOCK",
      subject: `sku/${sku}`,
      description: `${requested} requested, ${available} available`,
    })),
  });
}
