import type { ShippingAddress } from "./order.ts";

/** What an action was given, already checked field by field. Kept as JSON in the history. */
export interface ActionParameters {
  readonly reason?: string;
  readonly memo?: string;
  readonly refundKind?: "refund_only" | "with_return";
  readonly refundAmount?: Amount;
  readonly pictureUrls?: readonly string[];
  readonly carrier?: string;
  readonly trackingNumber?: string;
  readonly shippingAddress?: ShippingAddress;
  readonly shippingFee?: Amount;
}

export interface Amount {
  readonly currencyCode: string;
  readonly amountMinor: number;
}

export function hasControlCharacter(text: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is the purpose.
  return /[\u0000-\u001f\u007f]/.test(text);
}
