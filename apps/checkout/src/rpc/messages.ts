import { create } from "@bufbuild/protobuf";
import {
  CartLineSchema,
  type ListCartResponse,
  ListCartResponseSchema,
  type PurchaseResponse,
  PurchaseResponseSchema,
} from "@ordermesh/proto/ordermesh/checkout/v1/checkout_pb";
import { OrderStatus } from "@ordermesh/proto/ordermesh/loms/v1/order_pb";
import { MoneySchema } from "@ordermesh/proto/ordermesh/type/v1/money_pb";
import type { ListedCart } from "../cart.ts";
import type { Purchased } from "../purchase.ts";

export function listCartResponse({ version, lines, totals }: ListedCart): ListCartResponse {
  const [total] = totals;
  return create(ListCartResponseSchema, {
    lines: lines.map(({ sku, quantity, product }) =>
      create(CartLineSchema, {
        sku,
        quantity,
        name: product?.name,
        price: product && create(MoneySchema, product.price),
        unavailable: product === undefined,
      }),
    ),
    // Prices in two currencies have no sum.
    total: total !== undefined && totals.length === 1 ? create(MoneySchema, total) : undefined,
    cartVersion: version,
  });
}

export function purchaseResponse({ orderId, total, replayed }: Purchased): PurchaseResponse {
  return create(PurchaseResponseSchema, {
    orderId,
    total: create(MoneySchema, total),
    replayed,
    // What it became when it was created, as in LOMS: a failed one is an error and has no response.
    status: OrderStatus.AWAITING_PAYMENT,
  });
}
