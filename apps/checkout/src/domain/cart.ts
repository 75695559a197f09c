/** The words of this service. Ids, versions and amounts are bigint because their wire type is int64. */

/** The most different SKUs that a cart, like an order, may have. */
export const cartLinesMax = 1_000;

/** The most units of one SKU in a cart. */
export const lineQuantityMax = 1_000_000;

export interface CartLine {
  readonly sku: number;
  readonly quantity: number;
}

export interface Cart {
  /** 0 before the first change. */
  readonly version: bigint;
  /** By SKU. */
  readonly lines: readonly CartLine[];
}

export interface Money {
  readonly currencyCode: string;
  readonly amountMinor: bigint;
}

/** What the catalogue says about a SKU. */
export interface CatalogueProduct {
  readonly sku: number;
  readonly name: string;
  readonly price: Money;
  /** It is ordered at a table of its location, and never put into a cart. */
  readonly isMenuItem: boolean;
}

export interface ListedLine extends CartLine {
  /** Undefined if the SKU is no longer in the catalogue. */
  readonly product: CatalogueProduct | undefined;
}

/** A line as it is ordered. */
export interface PurchaseLine extends CartLine {
  readonly name: string;
  readonly unitPriceMinor: bigint;
}

/** One SKU of which too little is available. */
export interface Shortage {
  readonly sku: number;
  readonly requested: number;
  readonly available: number;
}
