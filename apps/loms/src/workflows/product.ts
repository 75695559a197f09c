import type { WorkflowDefinition } from "@ordermesh/workflow/definition";
import { meaningsOf } from "./meanings.ts";
import type { LomsNames } from "./names.ts";
import { preShippingRefund } from "./pre-shipping-refund.ts";
import { productItem } from "./product-item.ts";
import { productOrder } from "./product-order.ts";
import { roleNames } from "./roles.ts";
import { refundOnly, refundWithReturn } from "./shipped-refunds.ts";

/*
 * Goods that are shipped: Easy Order's product order. Its rows are kept; what differs, because it did harm there:
 * - The rows without a person behind them follow by themselves as soon as their guard holds, not because the code of
 *   another row remembered to call them. Without its guard nobody can take one.
 * - "item finished refund" lets the order go on only when no other agreed refund holds it. There a second one, still
 *   being paid back, could be shipped.
 * - "item closed refund" is possible in HS too. There an item whose request was withdrawn while another one held the
 *   order stayed in WR for ever.
 * - "all items refunded" asks for full refunds: an order whose buyer got a part of the money back goes on.
 * - "no refund request" and "auto ack reception of order" have a second row each, for the case that a refund is open:
 *   the end of the wait is noted, and "no more open refund" acts on it.
 * - The time for refund requests stands still while a refund is open, instead of running out meanwhile.
 * - "allow extending" was a task without a row.
 */

const machines = {
  order: productOrder,
  item: productItem,
  pre_shipping: preShippingRefund,
  refund_only: refundOnly,
  with_return: refundWithReturn,
};

export const product: WorkflowDefinition<LomsNames> = {
  name: "product",
  version: 1,
  title: "Goods that are shipped",
  roles: roleNames,
  machines,
  ...meaningsOf(Object.values(machines)),
};
