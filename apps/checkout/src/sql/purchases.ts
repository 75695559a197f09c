import { arrayLiteral, type Tx, textArrayLiteral } from "@ordermesh/postgres/tx";
import type { PurchaseLine, Shortage } from "../domain/cart.ts";
import type { PlacedOrder, PricedCart, Purchase, PurchaseIntent } from "../domain/purchase.ts";

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

/** What tells a purchase from all others. */
export interface PurchaseId {
  readonly userId: bigint;
  readonly cartVersion: bigint;
}

/**
 * Stores what is going to be ordered, of carts that this transaction has locked. A cart that has another version by now
 * is left out, and so is one of whose version an intent is stored already.
 *
 * @returns the stored ones, each with the key that LOMS will know it by.
 */
export async function insertIntents(
  tx: Tx,
  carts: readonly PricedCart[],
): Promise<(PurchaseId & { readonly idempotencyKey: string })[]> {
  const rows = await tx.query<{ user_id: bigint; cart_version: bigint; idempotency_key: string }>(
    `insert into purchases (user_id, cart_version, idempotency_key, lines, currency_code, total_minor)
     select c.user_id, c.version, format('cart:%s:%s', c.cart_id, c.version), priced.lines::jsonb,
       priced.currency_code, priced.total_minor
     from unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::bigint[])
       as priced (user_id, version, lines, currency_code, total_minor)
     join carts c on c.user_id = priced.user_id and c.version = priced.version
     on conflict do nothing
     returning user_id, cart_version, idempotency_key`,
    [
      arrayLiteral(carts.map((cart) => cart.userId)),
      arrayLiteral(carts.map((cart) => cart.cartVersion)),
      textArrayLiteral(carts.map(({ lines }) => JSON.stringify(lines.map(storedLine)))),
      arrayLiteral(carts.map(({ total }) => total.currencyCode)),
      arrayLiteral(carts.map(({ total }) => total.amountMinor)),
    ],
  );
  return rows.map((row) => ({
    userId: row.user_id,
    cartVersion: row.cart_version,
    idempotencyKey: row.idempotency_key,
  }));
}

/** Those of the purchases whose order is not recorded yet. */
export async function findPending(tx: Tx, purchases: readonly PurchaseId[]): Promise<PurchaseId[]> {
  const rows = await tx.query<{ user_id: bigint; cart_version: bigint }>(
    `select p.user_id, p.cart_version
     from unnest($1::bigint[], $2::bigint[]) as wanted (user_id, cart_version)
     join purchases p on p.user_id = wanted.user_id and p.cart_version = wanted.cart_version
     where p.status = 'pending'`,
    [
      arrayLiteral(purchases.map((purchase) => purchase.userId)),
      arrayLiteral(purchases.map((purchase) => purchase.cartVersion)),
    ],
  );
  return rows.map((row) => ({ userId: row.user_id, cartVersion: row.cart_version }));
}

/** What is recorded of a purchase once LOMS has answered. */
export interface RecordedOrder extends PurchaseId {
  readonly order: PlacedOrder;
  /** The cart's version that the recording leaves behind. */
  readonly versionAfter: bigint;
}

/** Records what LOMS made of intents. */
export function updateOrders(tx: Tx, recorded: readonly RecordedOrder[]): void {
  if (recorded.length === 0) {
    return;
  }
  tx.execute(
    `update purchases p set status = made.status, order_id = made.order_id, shortages = made.shortages::jsonb,
       version_after = made.version_after, recorded_at = now()
     from unnest($1::bigint[], $2::bigint[], $3::purchase_status[], $4::bigint[], $5::text[], $6::bigint[])
       as made (user_id, cart_version, status, order_id, shortages, version_after)
     where p.user_id = made.user_id and p.cart_version = made.cart_version and p.status = 'pending'`,
    [
      arrayLiteral(recorded.map((purchase) => purchase.userId)),
      arrayLiteral(recorded.map((purchase) => purchase.cartVersion)),
      arrayLiteral(recorded.map(({ order }) => order.status)),
      arrayLiteral(recorded.map(({ order }) => order.orderId)),
      textArrayLiteral(
        recorded.map(({ order }) =>
          order.status === "failed" ? JSON.stringify(order.shortages) : undefined,
        ),
      ),
      arrayLiteral(recorded.map((purchase) => purchase.versionAfter)),
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

function storedLine(line: PurchaseLine): StoredLine {
  return { ...line, unitPriceMinor: Number(line.unitPriceMinor) };
}

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
