import { arrayLiteral, type Queryable, type Tx, textArrayLiteral } from "@ordermesh/postgres/tx";
import type { Fulfillment } from "../domain/fulfillment.ts";
import type { ShippingAddress } from "../domain/order.ts";
import type { FlagName } from "../workflows/names.ts";

interface FulfillmentRow {
  readonly order_id: bigint;
  readonly shipping_address: ShippingAddress | null;
  readonly shipping_fee_minor: bigint | null;
  readonly carrier: string;
  readonly tracking_number: string;
  readonly shipped_at: Date | null;
  readonly refunded_elsewhere_minor: bigint;
  readonly flags: readonly FlagName[];
}

/** What orders have beside their lines; those that have nothing are left out. */
export async function findFulfillments(tx: Queryable, orderIds: readonly bigint[]): Promise<Fulfillment[]> {
  const rows = await tx.query<FulfillmentRow>(
    `select order_id, shipping_address, shipping_fee_minor, carrier, tracking_number, shipped_at,
       refunded_elsewhere_minor, to_json(flags) as flags
     from order_fulfillments where order_id = any($1::bigint[])`,
    [arrayLiteral(orderIds)],
  );
  return rows.map((row) => ({
    orderId: row.order_id,
    shippingAddress: row.shipping_address ?? undefined,
    shippingFeeMinor: row.shipping_fee_minor === null ? undefined : Number(row.shipping_fee_minor),
    carrier: row.carrier,
    trackingNumber: row.tracking_number,
    shippedAt: row.shipped_at ?? undefined,
    refundedElsewhereMinor: Number(row.refunded_elsewhere_minor),
    flags: row.flags,
  }));
}

/** Writes what is new or has changed, under the lock of the orders. */
export function writeFulfillments(tx: Tx, fulfillments: readonly Fulfillment[]): void {
  if (fulfillments.length === 0) {
    return;
  }
  tx.execute(
    `insert into order_fulfillments (order_id, shipping_address, shipping_fee_minor, carrier, tracking_number, shipped_at,
       refunded_elsewhere_minor, flags)
     select order_id, shipping_address::jsonb, shipping_fee_minor, carrier, tracking_number, shipped_at, refunded_elsewhere_minor,
       flags::text[]
     from unnest($1::bigint[], $2::text[], $3::bigint[], $4::text[], $5::text[], $6::timestamptz[], $7::bigint[],
       $8::text[])
       as f (order_id, shipping_address, shipping_fee_minor, carrier, tracking_number, shipped_at,
         refunded_elsewhere_minor, flags)
     on conflict (order_id) do update set shipping_address = excluded.shipping_address,
       shipping_fee_minor = excluded.shipping_fee_minor, carrier = excluded.carrier,
       tracking_number = excluded.tracking_number, shipped_at = excluded.shipped_at,
       refunded_elsewhere_minor = excluded.refunded_elsewhere_minor, flags = excluded.flags`,
    [
      arrayLiteral(fulfillments.map(({ orderId }) => orderId)),
      textArrayLiteral(
        fulfillments.map(({ shippingAddress }) => shippingAddress && JSON.stringify(shippingAddress)),
      ),
      arrayLiteral(fulfillments.map(({ shippingFeeMinor }) => shippingFeeMinor ?? "null")),
      textArrayLiteral(fulfillments.map(({ carrier }) => carrier)),
      textArrayLiteral(fulfillments.map(({ trackingNumber }) => trackingNumber)),
      textArrayLiteral(fulfillments.map(({ shippedAt }) => shippedAt?.toISOString())),
      arrayLiteral(fulfillments.map(({ refundedElsewhereMinor }) => refundedElsewhereMinor)),
      textArrayLiteral(fulfillments.map(({ flags }) => arrayLiteral(flags))),
    ],
  );
}
