import type { WorkflowDefinition } from "@ordermesh/workflow/definition";
import type { LomsNames } from "./names.ts";
import { product } from "./product.ts";
import { service } from "./service.ts";
import { simple } from "./simple.ts";
import { table } from "./table.ts";

export type LomsWorkflow = WorkflowDefinition<LomsNames>;

export type WorkflowName = "product" | "service" | "simple" | "table";

/**
 * All that orders may have begun with, of each workflow the oldest version first. A version that was published is never
 * changed or taken out, because orders live by it: a new one is added.
 */
export const workflows: Readonly<Record<WorkflowName, readonly [LomsWorkflow, ...LomsWorkflow[]]>> = {
  product: [product],
  service: [service],
  simple: [simple],
  table: [table],
};

/** The version with which new orders begin; undefined for a workflow that there is not. */
export function newestWorkflow(name: string): LomsWorkflow | undefined {
  return isWorkflowName(name) ? workflows[name].at(-1) : undefined;
}

/** The definition that an order began with; undefined if there is none. */
export function findWorkflow(name: string, version: number): LomsWorkflow | undefined {
  return isWorkflowName(name) ? workflows[name].find((workflow) => workflow.version === version) : undefined;
}

export function isWorkflowName(name: string): name is WorkflowName {
  return Object.hasOwn(workflows, name);
}
