import type { ItemSnapshot, OrderSnapshot } from "../workflows/order-snapshot.ts";
import { findWorkflow, type LomsWorkflow } from "../workflows/registry.ts";
import { codeOfStatus, itemStateWithoutRow } from "../workflows/states.ts";
import type { Fulfillment } from "./fulfillment.ts";
import type { OrderHead, OrderLine, TableReference } from "./order.ts";
import type { RefundSheet } from "./refund-sheet.ts";
import type { VoucherFacts } from "./voucher.ts";

/** All that is stored of an order and decides what can be done with it. */
export interface StoredOrder {
  readonly head: OrderHead;
  readonly lines: readonly OrderLine[];
  /** State by SKU, of items that an action has been about. */
  readonly items: ReadonlyMap<number, string>;
  /** By SKU and number. */
  readonly sheets: readonly RefundSheet[];
  readonly fulfillment: Fulfillment | undefined;
  /** Of a service order. */
  readonly voucher: VoucherFacts | undefined;
  /** Of an order at a table. */
  readonly table: TableReference | undefined;
}

/** @throws Error for an order that began with a definition that this version does not have. */
export function workflowOf({ id, workflow }: OrderHead): LomsWorkflow {
  const definition = findWorkflow(workflow.name, workflow.version);
  if (definition === undefined) {
    throw new Error(
      `Order ${id} lives by ${workflow.name}@${workflow.version}, which this version does not know.`,
    );
  }
  return definition;
}

/** The order as its workflow sees it. */
export function snapshotOf(order: StoredOrder): OrderSnapshot {
  const { head, fulfillment } = order;
  const state = codeOfStatus(head.status);
  const isPaid = itemStateWithoutRow(state) !== "" || order.sheets.length > 0;
  const elsewhereMinor = fulfillment?.refundedElsewhereMinor ?? 0;
  return {
    state,
    since: head.step,
    version: head.version,
    flags: fulfillment?.flags ?? [],
    capturedMinor: isPaid ? Math.max(0, (head.total?.amountMinor ?? 0) - elsewhereMinor) : 0,
    items: order.lines.map((line) => itemOf(order, line)),
    facts: { stockIsReserved: head.status !== "failed", paymentIsInTime: !head.isPastDeadline },
  };
}

function itemOf({ head, items, sheets, voucher }: StoredOrder, line: OrderLine): ItemSnapshot {
  const sheet = sheets.findLast(({ sku }) => sku === line.sku);
  const hasItems = workflowOf(head).machines.item !== undefined;
  const state = hasItems ? (items.get(line.sku) ?? itemStateWithoutRow(codeOfStatus(head.status))) : "";
  return {
    sku: line.sku,
    lineTotalMinor: (line.unitPriceMinor ?? 0) * line.quantity,
    state,
    ...(sheet !== undefined && {
      sheet: {
        number: sheet.number,
        kind: sheet.kind,
        state: sheet.state,
        since: sheet.step,
        amountMinor: sheet.amountMinor,
      },
    }),
    ...(voucher !== undefined && { voucher }),
  };
}
