export interface Price {
  /** ISO 4217. */
  readonly currencyCode: string;
  readonly amountMinor: bigint;
}

/** A dish or drink of a location's menu, as the catalogue has it now. */
export interface MenuItem {
  readonly sku: number;
  readonly name: string;
  readonly description: string;
  readonly price: Price;
  readonly categories: readonly string[];
  readonly tags: readonly string[];
  readonly additives: readonly string[];
  readonly isSoldOut: boolean;
}

/** What somebody looks for on a menu; what is empty does not matter. */
export interface MenuFilter {
  readonly name: string;
  readonly category: string;
  readonly tag: string;
  readonly additive: string;
}
