import type { FlagName } from "./names.ts";
import type {
  ItemSnapshot,
  OrderFacts,
  OrderSnapshot,
  SheetSnapshot,
  VoucherSnapshot,
} from "./order-snapshot.ts";

/** A snapshot that is being worked on: nobody else has it. */
export interface OrderInHand {
  state: string;
  since: number;
  version: number;
  flags: readonly FlagName[];
  capturedMinor: number;
  readonly items: readonly ItemInHand[];
  readonly facts: OrderFacts;
}

export interface ItemInHand {
  readonly sku: number;
  readonly lineTotalMinor: number;
  state: string;
  /** Replaced, never changed: moves keep it as it was after them. */
  sheet?: SheetSnapshot | undefined;
  readonly voucher?: VoucherSnapshot | undefined;
}

export function copyOf(order: OrderSnapshot): OrderInHand {
  return { ...order, items: order.items.map((item: ItemSnapshot): ItemInHand => ({ ...item })) };
}
