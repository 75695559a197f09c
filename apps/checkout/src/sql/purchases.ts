import type { Tx } from "@ordermesh/postgres/tx";
import type { PurchaseLine, Shortage } from "../domain/cart.ts";
import type { PlacedOrder, Purchase, PurchaseIntent } from "../domain/purchase.ts";

const columns = `user_id, cart_version, idempotency_key, lines, currency_code, total_minor, status, order_id, shortages`;

/** What one version of a cart became, if it was ever to be ordered. */
export function findPurchase(tx: Tx, userId: bigint, cartVersion: bigint): Promise<Purchase | undefined> {
  return findOne(tx, "user_id = $1::bigint and cart_version = $2::bigint", [userId, cartVersion]);
}

/** The purchase that left the cart at a version. */
export function findPurchaseBefore(tx: Tx, userId: bigint, version: bigint): Promise<Purchase | undefined> {
  return findOne(tx, "user_id = $1::bigint and version_after = $2::bigint", [userId, version]);
}

async function findOne(
  tx: Tx,
  condition: string,
  parameters: readonly bigint[],
): Promise<Purchase | undefined> {
  const [row] = await tx.query<PurchaseRow>(
    `select ${columns} from purchases where ${condition}`,
    parameters,
  );
  return row === undefined ? undefined : purchaseOf(row);
}

/** Stores what is going to be ordered, unless that is stored already. */
export function insertIntent(tx: Tx, intent: PurchaseIntent): void {
  const lines = intent.lines.map((line) => ({ ...line, unitPriceMinor: Number(line.unitPriceMinor) }));
  tx.execute(
    `insert into purchases (user_id, cart_version, idempotency_key, lines, currency_code, total_minor)
     values ($1::bigint, $2::bigint, $3::text, $4::text::jsonb, $5::text, $6::bigint)
     on conflict do nothing`,
    [
      intent.userId,
      intent.cartVersion,
      intent.idempotencyKey,
      JSON.stringify(lines),
      intent.total.currencyCode,
      intent.total.amountMinor,
    ],
  );
}

/** Records what LOMS made of an intent. */
export function updateOrder(tx: Tx, intent: PurchaseIntent, order: PlacedOrder, versionAfter: bigint): void {
  tx.execute(
    `update purchases set status = $3::purchase_status, order_id = $4::bigint, shortages = $5::text::jsonb,
       version_after = $6::bigint, recorded_at = now()
     where user_id = $1::bigint and cart_version = $2::bigint and status = 'pending'`,
    [
      intent.userId,
      intent.cartVersion,
      order.status,
      order.orderId,
      order.status === "failed" ? JSON.stringify(order.shortages) : null,
      versionAfter,
    ],
  );
}

/** Forgets an intent that LOMS has refused for good. */
export function deleteIntent(tx: Tx, { userId, cartVersion }: PurchaseIntent): void {
  tx.execute(
    "delete from purchases where user_id = $1::bigint and cart_version = $2::bigint and status = 'pending'",
    [userId, cartVersion],
  );
}

interface PurchaseRow {
  readonly user_id: bigint;
  readonly cart_version: bigint;
  readonly idempotency_key: string;
  readonly lines: readonly StoredLine[];
  readonly currency_code: string;
  readonly total_minor: bigint;
  readonly status: "pending" | "awaiting_payment" | "failed";
  readonly order_id: bigint | null;
  readonly shortages: readonly Shortage[] | null;
}

/** JSON has no bigint; amounts up to 10^15 are exact as a number. */
type StoredLine = Omit<PurchaseLine, "unitPriceMinor"> & { readonly unitPriceMinor: number };

function purchaseOf(row: PurchaseRow): Purchase {
  return {
    userId: row.user_id,
    cartVersion: row.cart_version,
    idempotencyKey: row.idempotency_key,
    lines: row.lines.map((line) => ({ ...line, unitPriceMinor: BigInt(line.unitPriceMinor) })),
    total: { currencyCode: row.currency_code, amountMinor: row.total_minor },
    order: orderOf(row),
  };
}

function orderOf({ status, order_id, shortages }: PurchaseRow): PlacedOrder | undefined {
  if (status === "pending" || order_id === null) {
    return undefined;
  }
  return status === "failed"
    ? { status, orderId: order_id, shortages: shortages ?? [] }
    : { status, orderId: order_id };
}
