import { durationMs, timestampFromDate } from "@bufbuild/protobuf/wkt";
import type { Database } from "@ordermesh/postgres/database";
import { InventoryService } from "@ordermesh/proto/ordermesh/loms/v1/inventory_pb";
import { type BoundService, bindService } from "@ordermesh/rpc/bound-service";
import { callOf } from "@ordermesh/rpc/call";
import { mergeLines } from "../domain/reservation-lines.ts";
import type { IdBlocks } from "../id-blocks.ts";
import { endReservation, type ReservationEnd, reserve } from "../reservations.ts";
import { createAvailabilityReads } from "../stock.ts";
import { stockCalls } from "./stock-handlers.ts";

export function bindInventoryService({ database, ids }: { database: Database; ids: IdBlocks }): BoundService {
  const availability = createAvailabilityReads(database);

  async function end(reservationId: bigint, how: ReservationEnd): Promise<{ changed: boolean }> {
    const outcome = await database.transaction((tx) => endReservation(tx, reservationId, how));
    if (outcome.kind === "refused") {
      throw outcome.failure;
    }
    return { changed: outcome.changed };
  }

  return bindService(InventoryService, {
    async getAvailability({ skus }, context) {
      const availabilities = await availability.submit(skus, callOf(context));
      return {
        availabilities: availabilities.map((entry) => ({ ...entry, available: BigInt(entry.available) })),
      };
    },

    async reserve({ lines, ttl, idempotencyKey }) {
      const request = {
        lines: mergeLines(lines),
        ttlMs: ttl === undefined ? 0 : durationMs(ttl),
        idempotencyKey,
      };
      const [newId = 0n] = await ids.take(1);
      const reserved = await database.transaction((tx) => reserve(tx, newId, request));
      return {
        reservationId: reserved.reservationId,
        expiresTime: timestampFromDate(reserved.expiresAt),
        allocations: reserved.units.map(({ sku, warehouseId, quantity }) => ({ sku, warehouseId, quantity })),
        replayed: reserved.replayed,
      };
    },

    commitReservation: ({ reservationId }) => end(reservationId, "committed"),

    releaseReservation: ({ reservationId }) => end(reservationId, "released"),

    ...stockCalls(database),
  });
}
