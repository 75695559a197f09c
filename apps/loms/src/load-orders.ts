import type { Queryable } from "@ordermesh/postgres/tx";
import type { OrderHead, OrderLine, OrderWorkflow } from "./domain/order.ts";
import type { StoredOrder } from "./domain/stored-order.ts";
import { findFulfillments } from "./sql/fulfillments.ts";
import { findItems } from "./sql/order-items.ts";
import { findOrderHeads, findOrderLines } from "./sql/orders.ts";
import { findSheets } from "./sql/refund-sheets.ts";
import { findTableReferences } from "./sql/table-references.ts";
import { findVoucherFacts } from "./sql/vouchers.ts";

/** What is stored of orders beside their rows and lines. */
export interface OrderProgress {
  readonly items: Awaited<ReturnType<typeof findItems>>;
  readonly sheets: Awaited<ReturnType<typeof findSheets>>;
  readonly fulfillments: Awaited<ReturnType<typeof findFulfillments>>;
}

export const noProgress: OrderProgress = { items: [], sheets: [], fulfillments: [] };

/** Read after the orders were locked, when nobody else can change it. */
export async function findProgress(tx: Queryable, orderIds: readonly bigint[]): Promise<OrderProgress> {
  const [items, sheets, fulfillments] = await Promise.all([
    findItems(tx, orderIds),
    findSheets(tx, orderIds),
    findFulfillments(tx, orderIds),
  ]);
  return { items, sheets, fulfillments };
}

/**
 * Whether anything may be stored of an order beside its row and lines that decides what a command does to it. Of goods
 * that await payment there is nothing, nor of an order at a table, and nothing comes of a command on an order that has
 * ended.
 */
export function mayHaveProgress({ status, workflow }: OrderHead): boolean {
  const isOver = status === "failed" || status === "canceled" || workflow.name === "table";
  return !isOver && !(status === "awaiting_payment" && workflow.name !== "service");
}

/** Puts orders together from what was read of them. */
export async function assembleOrders(
  tx: Queryable,
  heads: readonly OrderHead[],
  lines: ReadonlyMap<bigint, readonly OrderLine[]>,
  progress: OrderProgress,
): Promise<StoredOrder[]> {
  const services = idsWith(heads, "service");
  const tables = idsWith(heads, "table");
  const vouchers = services.length === 0 ? undefined : await findVoucherFacts(tx, services);
  const references = tables.length === 0 ? undefined : await findTableReferences(tx, tables);
  const items = groupByOrder(progress.items);
  const sheets = groupByOrder(progress.sheets);
  const fulfillments = groupByOrder(progress.fulfillments);
  return heads.map((head) => ({
    head,
    lines: lines.get(head.id) ?? [],
    items: new Map(items.get(head.id)?.map(({ sku, state }) => [sku, state])),
    sheets: sheets.get(head.id) ?? [],
    fulfillment: fulfillments.get(head.id)?.[0],
    voucher: vouchers?.get(head.id),
    table: references?.get(head.id),
  }));
}

function idsWith(heads: readonly OrderHead[], workflow: OrderWorkflow): bigint[] {
  return heads.filter((head) => head.workflow.name === workflow).map(({ id }) => id);
}

function groupByOrder<Row extends { readonly orderId: bigint }>(rows: readonly Row[]): Map<bigint, Row[]> {
  const groups = new Map<bigint, Row[]>();
  for (const row of rows) {
    const group = groups.get(row.orderId);
    if (group === undefined) {
      groups.set(row.orderId, [row]);
    } else {
      group.push(row);
    }
  }
  return groups;
}

/** Orders as they are, for a look without a lock. Ids without an order are left out. */
export async function findStoredOrders(db: Queryable, orderIds: readonly bigint[]): Promise<StoredOrder[]> {
  const [heads, lines, progress] = await Promise.all([
    findOrderHeads(db, orderIds),
    findOrderLines(db, orderIds),
    findProgress(db, orderIds),
  ]);
  return await assembleOrders(db, heads, lines, progress);
}
