import { codeOfStatus } from "../workflows/states.ts";
import type { OrderStep } from "./order-step.ts";

/** The states through which the machines of an order went, oldest first, by machine. */
export function statesSeen(steps: readonly OrderStep[]): ReadonlyMap<string, readonly string[]> {
  const seen = new Map<string, string[]>();
  const note = (machine: string, state: string | undefined) => {
    if (state === undefined) {
      return;
    }
    const states = seen.get(machine) ?? [];
    if (states.at(-1) !== state) {
      states.push(state);
    }
    seen.set(machine, states);
  };
  for (const { status, itemState, refundKind, refundState } of steps) {
    note("order", codeOfStatus(status));
    note("item", itemState);
    if (refundKind !== undefined) {
      note(refundKind, refundState);
    }
  }
  return seen;
}
