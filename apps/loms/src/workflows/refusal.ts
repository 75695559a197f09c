import { type Refusal, refusalReasons } from "@ordermesh/workflow/decide";
import { listMachines } from "@ordermesh/workflow/definition";
import type { ActionRefusal, ActionRequest } from "./action-outcome.ts";
import type { OrderSnapshot } from "./order-snapshot.ts";
import type { LomsWorkflow } from "./registry.ts";
import { hasItems } from "./subjects.ts";

/**
 * The refusal to tell of those that an action met: the one that came nearest. If the order has no such item, or if the
 * action is one of items and no item was named, it is that.
 */
export function refusalOf(
  definition: LomsWorkflow,
  order: OrderSnapshot,
  { role, action, sku }: ActionRequest,
  refusals: readonly Refusal[],
): ActionRefusal {
  const base = {
    machine: "item",
    state: "",
    role,
    action,
    guard: undefined,
    whoMay: [],
    possibleIn: [],
  };
  if (sku !== undefined && !order.items.some((item) => item.sku === sku)) {
    return { ...base, reason: "UNKNOWN_ITEM", text: `The order has no item with the SKU ${sku}.` };
  }
  const [first, ...others] = refusals;
  if (first === undefined) {
    throw new Error("A refusal needs somebody who refused.");
  }
  const nearest = others.reduce((best, other) => (nearness(other) > nearness(best) ? other : best), first);
  if (nearest.reason !== "UNKNOWN_ACTION" || !hasItems(definition)) {
    return nearest;
  }
  const knowing = listMachines(definition).filter(([, { rows }]) =>
    rows.some((row) => row.action === action),
  );
  if (sku === undefined && knowing.length > 0) {
    const text = `"${action}" is about one item: say which.`;
    return { ...nearest, reason: "ITEM_REQUIRED", text };
  }
  if (knowing.some(([machine]) => machine === "order")) {
    return { ...nearest, text: `"${action}" is about the order as a whole: name no item.` };
  }
  return { ...nearest, text: `The workflow "${definition.name}" knows no action "${action}".` };
}

function nearness({ reason }: Refusal): number {
  return refusalReasons.indexOf(reason);
}
