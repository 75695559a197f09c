/** What one warehouse has of one SKU. */
export interface StockLevel {
  readonly sku: number;
  readonly warehouseId: bigint;
  readonly onHand: number;
  readonly reserved: number;
}

/** What one warehouse could still promise of one SKU. */
export interface AvailableStock {
  readonly sku: number;
  readonly warehouseId: bigint;
  readonly available: number;
}

/** Units of one warehouse that an order or reservation holds. */
export interface Hold {
  readonly holderId: bigint;
  readonly sku: number;
  readonly warehouseId: bigint;
  readonly quantity: number;
}

/** How a hold ends. */
export type Resolution = "committed" | "released" | "expired";
