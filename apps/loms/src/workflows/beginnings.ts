import { type LomsWorkflow, type WorkflowName, workflows } from "./registry.ts";
import { type StatusName, statusOfCode } from "./states.ts";

/** How orders of a workflow begin, as its definition says. */
export interface Beginning {
  /** If nothing stands in the way. */
  readonly status: StatusName;
  /** Whether units are reserved, without which the order fails. */
  readonly takesStock: boolean;
  /** Whether it has to be paid by a certain time. */
  readonly hasDeadline: boolean;
}

/** Of the newest versions. Looked up for each order that is created. */
export const beginnings: Readonly<Record<WorkflowName, Beginning>> = {
  product: beginningOf(workflows.product),
  service: beginningOf(workflows.service),
  simple: beginningOf(workflows.simple),
  table: beginningOf(workflows.table),
};

function beginningOf(versions: readonly LomsWorkflow[]): Beginning {
  const { rows = [], timers = [] } = versions.at(-1)?.machines.order ?? {};
  const births = rows.filter(({ from }) => from.includes(""));
  const success = births.find(({ guard }) => guard === undefined || guard === "stock_is_reserved");
  if (success === undefined) {
    throw new Error("A workflow has no way to begin.");
  }
  return {
    status: statusOfCode(success.to),
    takesStock: success.effects?.includes("reserve_stock") ?? false,
    hasDeadline: timers.some(({ name }) => name === "payment_deadline"),
  };
}
