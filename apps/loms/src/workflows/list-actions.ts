import { allowedActions } from "@ordermesh/workflow/allowed-actions";
import { listMachines } from "@ordermesh/workflow/definition";
import type { Role } from "./names.ts";
import type { ItemSnapshot, OrderSnapshot } from "./order-snapshot.ts";
import type { LomsWorkflow } from "./registry.ts";
import { hasItems, itemOfOrder, situationOf, subjectsOf } from "./subjects.ts";

/** What one role may do. */
export interface RoleActions {
  readonly role: Role;
  /** With the order as a whole. */
  readonly actions: readonly string[];
  /** With its items, and with their refunds. Items with which it may do nothing are left out. */
  readonly items: readonly { readonly sku: number; readonly actions: readonly string[] }[];
}

/** What a role may ask for now; what follows by itself is left out. */
export function listActions(definition: LomsWorkflow, order: OrderSnapshot, role: Role): RoleActions {
  const ofItems = hasItems(definition) ? order.items : [];
  return {
    role,
    actions: actionsOf(definition, order, itemOfOrder(definition, order.items), role),
    items: ofItems
      .map((item) => ({ sku: item.sku, actions: actionsOf(definition, order, item, role) }))
      .filter(({ actions }) => actions.length > 0),
  };
}

/** An item and its refund hear of the same actions, so what they allow is one list. */
function actionsOf(
  definition: LomsWorkflow,
  order: OrderSnapshot,
  item: ItemSnapshot | undefined,
  role: Role,
): readonly string[] {
  const actions = subjectsOf(definition, order, item).flatMap((subject) =>
    allowedActions(definition, situationOf(order, item, subject), role),
  );
  return [...new Set(actions)];
}

/** Whether any machine of a workflow has such an action. */
export function knowsAction(definition: LomsWorkflow, action: string): boolean {
  return listMachines(definition).some(([, { rows }]) => rows.some((row) => row.action === action));
}
