import type { Situation } from "@ordermesh/workflow/decide";
import { guards } from "./guards.ts";
import type { LomsNames, MachineName } from "./names.ts";
import type { ItemSnapshot, OrderSnapshot } from "./order-snapshot.ts";
import type { LomsWorkflow } from "./registry.ts";

/** An instance of a machine to which an action is sent. */
export interface Subject {
  readonly part: "order" | "item" | "sheet";
  readonly machine: MachineName;
  readonly state: string;
}

/** Whether items have a machine, so that an action is either about the order or about one item. */
export function hasItems(definition: LomsWorkflow): boolean {
  return definition.machines.item !== undefined;
}

/** The item of an order whose items have no machine: its refund belongs to the order's actions. */
export function itemOfOrder<Item extends ItemSnapshot>(
  definition: LomsWorkflow,
  items: readonly Item[],
): Item | undefined {
  return hasItems(definition) ? undefined : items[0];
}

/**
 * Who hears of an action: the item and its refund, or the order. Where items have no machine, the order and the refund of
 * its only item.
 */
export function subjectsOf(
  definition: LomsWorkflow,
  order: OrderSnapshot,
  item: ItemSnapshot | undefined,
): readonly Subject[] {
  const first: Subject =
    item === undefined || !hasItems(definition)
      ? { part: "order", machine: "order", state: order.state }
      : { part: "item", machine: "item", state: item.state };
  const sheet = item?.sheet;
  return sheet === undefined || definition.machines[sheet.kind] === undefined
    ? [first]
    : [first, { part: "sheet", machine: sheet.kind, state: sheet.state }];
}

/** A subject as the library sees it. */
export function situationOf(
  order: OrderSnapshot,
  item: ItemSnapshot | undefined,
  subject: Subject,
  amountMinor?: number,
): Situation<LomsNames> {
  return {
    machine: subject.machine,
    state: subject.state,
    parentState: order.state,
    holds: (guard) => guards[guard]({ order, item, amountMinor }),
  };
}
