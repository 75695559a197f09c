import { OrderStatus } from "@ordermesh/proto/ordermesh/loms/v1/order_pb";
import {
  BillState,
  type SessionOrder,
  type TableSession,
} from "@ordermesh/proto/ordermesh/tables/v1/session_pb";
import { TableAction } from "@ordermesh/proto/ordermesh/tables/v1/tables_pb";
import type { Money } from "@ordermesh/proto/ordermesh/type/v1/money_pb";

/** One thing that the staff can do with an order. */
export interface OrderStep {
  readonly action: TableAction;
  readonly text: string;
  readonly pendingText: string;
  /** The one that is usually next. */
  readonly isNext: boolean;
}

const accept = { action: TableAction.ACCEPT, text: "Accept", pendingText: "Accepting…" };
const prepare = { action: TableAction.PREPARE, text: "Prepare", pendingText: "Preparing…" };
const serve = { action: TableAction.SERVE, text: "Serve", pendingText: "Serving…" };
const cancel = { action: TableAction.CANCEL, text: "Cancel", pendingText: "Canceling…" };

/**
 * From where each action begins, as the contract has it. Declining needs a reason, so it is a form. Nothing leads back: what
 * was served may be on a bill a moment later.
 */
const steps: Partial<Record<OrderStatus, readonly OrderStep[]>> = {
  [OrderStatus.PLACED]: [
    { ...accept, isNext: true },
    { ...cancel, isNext: false },
  ],
  [OrderStatus.ACCEPTED]: [
    { ...prepare, isNext: true },
    { ...serve, isNext: false },
  ],
  [OrderStatus.PREPARING]: [{ ...serve, isNext: true }],
};

export function stepsOf(status: OrderStatus): readonly OrderStep[] {
  return steps[status] ?? [];
}

export function mayDecline(status: OrderStatus): boolean {
  return status === OrderStatus.PLACED || status === OrderStatus.ACCEPTED;
}

/** Whether the kitchen is still to do something with it. */
export function isUnderWay(status: OrderStatus): boolean {
  return stepsOf(status).length > 0;
}

/** Declined and canceled orders cost nothing. */
export function isCharged({ status }: SessionOrder): boolean {
  return status !== OrderStatus.DECLINED && status !== OrderStatus.CANCELED;
}

/** What was served and is on no bill yet: what can be put on one. */
export function billableOrders({ orders }: TableSession): readonly SessionOrder[] {
  return orders.filter(({ status, billId }) => status === OrderStatus.SERVED && billId === 0n);
}

/** What keeps a session from being closed. */
export interface OpenEnds {
  readonly orders: readonly SessionOrder[];
  readonly bills: TableSession["bills"];
}

export function openEnds({ orders, bills }: TableSession): OpenEnds {
  return {
    orders: orders.filter(({ status }) => isUnderWay(status)),
    bills: bills.filter(({ state }) => state === BillState.OPEN),
  };
}

/** The sum of some amounts of one currency; undefined of none. */
export function sumOf(amounts: readonly (Money | undefined)[]): Money | undefined {
  const known = amounts.filter((amount) => amount !== undefined);
  const [first] = known;
  const amountMinor = known.reduce((sum, each) => sum + each.amountMinor, 0n);
  return first === undefined ? undefined : { ...first, amountMinor };
}

/** What is left of one amount after another was taken from it. */
export function differenceOf(whole: Money | undefined, part: Money | undefined): Money | undefined {
  return whole === undefined || part === undefined
    ? whole
    : { ...whole, amountMinor: whole.amountMinor - part.amountMinor };
}

/** "2 × Roast pork, 1 × Helles". */
export function linesText({ lines }: Pick<SessionOrder, "lines">): string {
  return lines.map(({ quantity, name }) => `${quantity} × ${name}`).join(", ");
}
