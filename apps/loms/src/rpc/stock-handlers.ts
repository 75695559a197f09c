import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import type { Database } from "@ordermesh/postgres/database";
import {
  type GetStockTrendRequest,
  type ListStockHoldsRequest,
  type ListStockMovementsRequest,
  type ListStockRequest,
  type StockHoldSchema,
  StockHoldState,
  StockMovementKind,
  type StockMovementSchema,
} from "@ordermesh/proto/ordermesh/loms/v1/inventory_pb";
import { decodePageToken, encodePageToken, malformed } from "@ordermesh/rpc/page-token";
import { effectOf, type StockHold, type StockMovement } from "../domain/stock-story.ts";
import type { HoldPosition } from "../sql/stock-holds.ts";
import type { StockPosition } from "../sql/stock-list.ts";
import type { MovementPosition } from "../sql/stock-movements.ts";
import { holdsOfOrder, movementsPage, openHoldsPage, stockPage, stockTrend } from "../stock-queries.ts";
import { stockLevelMessage } from "./messages.ts";

const levelsDefault = 100;
const pageSizeDefault = 50;

/** The calls of InventoryService that warehouses look at their stock with. */
export function stockCalls(database: Database) {
  return {
    async listStock({ skus, warehouseId, pageSize, pageToken }: ListStockRequest) {
      const filter = { skus: [...new Set(skus)], warehouseId: someWarehouse(warehouseId) };
      const after = levelPosition(decodePageToken(pageToken, filter, 2));
      const page = await database.read((db) => stockPage(db, filter, after, pageSize || levelsDefault));
      const { next } = page;
      return {
        stockLevels: page.entries.map(stockLevelMessage),
        nextPageToken:
          next === undefined ? "" : encodePageToken([`${next.sku}`, `${next.warehouseId}`], filter),
      };
    },

    async listStockHolds({ holdsOf, warehouseId, pageSize, pageToken }: ListStockHoldsRequest) {
      if (holdsOf.case === "orderId") {
        const orderId = holdsOf.value;
        const holds = await database.read((db) => holdsOfOrder(db, orderId));
        return { holds: holds.map(holdMessage), nextPageToken: "" };
      }
      const stock = { sku: holdsOf.value ?? 0, warehouseId: someWarehouse(warehouseId) };
      const after = holdPosition(decodePageToken(pageToken, stock, 4));
      const page = await database.read((db) => openHoldsPage(db, stock, after, pageSize || pageSizeDefault));
      const { next } = page;
      return {
        holds: page.entries.map(holdMessage),
        nextPageToken:
          next === undefined
            ? ""
            : encodePageToken(
                [next.heldAt, `${next.holderId}`, `${next.warehouseId}`, `${next.found}`],
                stock,
              ),
      };
    },

    async listStockMovements({ sku, warehouseId, pageSize, pageToken }: ListStockMovementsRequest) {
      const stock = { sku, warehouseId: someWarehouse(warehouseId) };
      const after = movementPosition(decodePageToken(pageToken, stock, 4));
      const page = await database.read((db) => movementsPage(db, stock, after, pageSize || pageSizeDefault));
      const { next } = page;
      return {
        movements: page.entries.map((movement) => movementMessage(sku, movement)),
        nextPageToken:
          next === undefined
            ? ""
            : encodePageToken([next.recordedAt, `${next.part}`, `${next.id}`, `${next.warehouseId}`], stock),
      };
    },

    async getStockTrend({ sku, warehouseId }: GetStockTrendRequest) {
      const stock = { sku, warehouseId: someWarehouse(warehouseId) };
      const points = await database.read((db) => stockTrend(db, stock));
      return {
        points: points.map(({ time, onHand, reserved }) => ({
          time: timestampFromDate(time),
          onHand: BigInt(onHand),
          reserved: BigInt(reserved),
        })),
      };
    },
  };
}

function someWarehouse(warehouseId: bigint): bigint | undefined {
  return warehouseId === 0n ? undefined : warehouseId;
}

const holdStates: Readonly<Record<StockHold["state"], StockHoldState>> = {
  held: StockHoldState.HELD,
  committed: StockHoldState.COMMITTED,
  released: StockHoldState.RELEASED,
  expired: StockHoldState.EXPIRED,
};

function holdMessage(hold: StockHold): MessageInitShape<typeof StockHoldSchema> {
  const isOrder = hold.userId !== undefined;
  return {
    orderId: isOrder ? hold.holderId : 0n,
    reservationId: isOrder ? 0n : hold.holderId,
    userId: hold.userId ?? 0n,
    sku: hold.sku,
    warehouseId: hold.warehouseId,
    quantity: hold.quantity,
    state: holdStates[hold.state],
    heldTime: timestampFromDate(hold.heldAt),
    untilTime: hold.until && timestampFromDate(hold.until),
    endedTime: hold.endedAt && timestampFromDate(hold.endedAt),
    returned: hold.returned,
  };
}

const movementKinds: Readonly<Record<StockMovement["kind"], StockMovementKind>> = {
  received: StockMovementKind.RECEIVED,
  reserved: StockMovementKind.RESERVED,
  committed: StockMovementKind.COMMITTED,
  released: StockMovementKind.RELEASED,
  expired: StockMovementKind.EXPIRED,
  returned: StockMovementKind.RETURNED,
};

function movementMessage(
  sku: number,
  { kind, warehouseId, quantity, orderId, reservationId, recordedAt }: StockMovement,
): MessageInitShape<typeof StockMovementSchema> {
  const effect = effectOf[kind];
  return {
    kind: movementKinds[kind],
    sku,
    warehouseId,
    quantity,
    onHandChange: effect.onHand * quantity,
    reservedChange: effect.reserved * quantity,
    orderId: orderId ?? 0n,
    reservationId: reservationId ?? 0n,
    recordedTime: timestampFromDate(recordedAt),
  };
}

const timePattern = /^\d{4,6}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{1,6})?[+-]\d\d(:\d\d)?$/;

/** What a token says, if each of its parts is of its kind. */
function checked(parts: readonly string[], patterns: readonly RegExp[]): readonly string[] {
  if (!patterns.every((pattern, index) => pattern.test(parts[index] ?? ""))) {
    throw malformed("is malformed");
  }
  return parts;
}

const skuPattern = /^\d{1,10}$/;
const idPattern = /^\d{1,18}$/;

function levelPosition(parts: readonly string[] | undefined): StockPosition | undefined {
  if (parts === undefined) {
    return undefined;
  }
  const [sku = "", warehouseId = ""] = checked(parts, [skuPattern, idPattern]);
  return { sku: Number(sku), warehouseId: BigInt(warehouseId) };
}

function holdPosition(
  parts: readonly string[] | undefined,
): (HoldPosition & { readonly found: number }) | undefined {
  if (parts === undefined) {
    return undefined;
  }
  const patterns = [timePattern, idPattern, idPattern, idPattern];
  const [heldAt = "", holderId = "", warehouseId = "", found = ""] = checked(parts, patterns);
  return { heldAt, holderId: BigInt(holderId), warehouseId: BigInt(warehouseId), found: Number(found) };
}

function movementPosition(parts: readonly string[] | undefined): MovementPosition | undefined {
  if (parts === undefined) {
    return undefined;
  }
  const patterns = [timePattern, /^[0-3]$/, idPattern, idPattern];
  const [recordedAt = "", part = "", id = "", warehouseId = ""] = checked(parts, patterns);
  return { recordedAt, part: Number(part), id: BigInt(id), warehouseId: BigInt(warehouseId) };
}
