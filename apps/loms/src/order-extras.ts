import type { Tx } from "@ordermesh/postgres/tx";
import { emptyFulfillment } from "./domain/fulfillment.ts";
import type { Order, OrderWorkflow } from "./domain/order.ts";
import type { OrderDraft } from "./domain/order-draft.ts";
import { writeFulfillments } from "./sql/fulfillments.ts";
import { pinWorkflows } from "./sql/new-orders.ts";
import { insertTableReferences } from "./sql/table-references.ts";
import { insertVoucherTerms } from "./sql/vouchers.ts";
import { newestWorkflow } from "./workflows/registry.ts";

/** The version of a workflow with which new orders begin. */
export function newestVersion(name: OrderWorkflow): number {
  const workflow = newestWorkflow(name);
  if (workflow === undefined) {
    throw new Error(`There is no workflow "${name}".`);
  }
  return workflow.version;
}

/**
 * Writes what few orders have: a shipping address or fee, a voucher's terms, a table, another workflow than most. Nothing
 * is sent for those that have none of it.
 *
 * @param drafts of the orders, in the same order.
 */
export function insertExtras(tx: Tx, orders: readonly Order[], drafts: readonly OrderDraft[]): void {
  const fulfillments = orders.flatMap(({ id }, index) => {
    const { shippingAddress, shippingFeeMinor } = drafts[index] ?? {};
    return shippingAddress === undefined && shippingFeeMinor === undefined
      ? []
      : [{ ...emptyFulfillment(id), shippingAddress, shippingFeeMinor }];
  });
  const vouchers = orders.flatMap(({ id }, index) => {
    const terms = drafts[index]?.voucher;
    return terms === undefined ? [] : [{ orderId: id, terms }];
  });
  writeFulfillments(tx, fulfillments);
  insertVoucherTerms(tx, vouchers);
  insertTableReferences(
    tx,
    orders.flatMap(({ id, table }) => (table === undefined ? [] : [{ orderId: id, table }])),
  );
  pinWorkflows(tx, orders);
}
