import { create } from "@bufbuild/protobuf";
import { type Workflow, WorkflowCause, WorkflowSchema } from "@ordermesh/proto/ordermesh/loms/v1/workflow_pb";
import { listMachines } from "@ordermesh/workflow/definition";
import { toMermaid } from "@ordermesh/workflow/mermaid";
import { statusMessages } from "../contract/enums.ts";
import { parameterFields } from "../domain/check-parameters.ts";
import type { OrderStep } from "../domain/order-step.ts";
import { statesSeen } from "../domain/states-seen.ts";
import type { DurationName } from "../workflows/names.ts";
import type { LomsWorkflow } from "../workflows/registry.ts";
import { statusOfCode } from "../workflows/states.ts";

const causes = {
  request: WorkflowCause.REQUEST,
  manual: WorkflowCause.MANUAL,
  input: WorkflowCause.INPUT,
  time: WorkflowCause.TIME,
  automatic: WorkflowCause.AUTOMATIC,
} as const;

/**
 * A definition for whoever wants to draw or follow it.
 *
 * @param waits how long each duration is here, in milliseconds.
 * @param steps of the order whose way is to be seen in the diagrams; undefined: of none.
 */
export function workflowMessage(
  definition: LomsWorkflow,
  waits: Readonly<Record<DurationName, number>>,
  steps: readonly OrderStep[] | undefined,
): Workflow {
  const seen = statesSeen(steps ?? []);
  const machines = listMachines(definition);
  return create(WorkflowSchema, {
    name: definition.name,
    version: definition.version,
    machines: machines.map(([name, machine]) => {
      const path = seen.get(name);
      return {
        name,
        states: machine.states.map(({ code, title, final }) => ({
          code,
          name: title,
          ...(name === "order" && { status: statusMessages[statusOfCode(code)] }),
          final: final ?? false,
        })),
        rows: machine.rows.flatMap((row) =>
          row.roles.map((role) => ({
            role,
            action: row.action,
            fromCodes: [...row.from],
            toCode: row.to,
            guards: row.guard === undefined ? [] : [row.guard],
            effects: [...(row.effects ?? [])],
            event: row.event,
            internal: row.cause === "automatic" || row.hidden === true,
            cause: causes[row.cause],
            ...parameterFields(definition, row.action),
          })),
        ),
        mermaid: toMermaid(definition, name, path && { path, current: path.at(-1) }),
      };
    }),
    timers: machines.flatMap(([machine, { timers }]) =>
      timers.map(({ name, states, action, after }) => ({
        name,
        machine,
        stateCodes: [...states],
        action,
        afterMs: BigInt(waits[after]),
      })),
    ),
  });
}
