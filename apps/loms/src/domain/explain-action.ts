import type { ActionRefusal } from "../workflows/action-outcome.ts";
import { applyAction } from "../workflows/apply-action.ts";
import type { Role } from "../workflows/names.ts";
import type { OrderSnapshot } from "../workflows/order-snapshot.ts";
import type { LomsWorkflow } from "../workflows/registry.ts";
import { nearest } from "./decide-change.ts";

/** Why an action is allowed or refused. */
export interface Explanation {
  readonly allowed: boolean;
  /** Of those that were asked for, the role in which it is allowed, or came closest to it. */
  readonly role: string;
  /** Empty if it is allowed. */
  readonly reason: string;
  readonly text: string;
  readonly guard: string;
  /** The roles that may take it now. */
  readonly whoMay: readonly Role[];
  /** Of the order, and of the item and its refund if it is about one: "FS/WR/WSR". */
  readonly stateCode: string;
  /** The code that it leads to: of the refund, of the item or of the order, whichever moves first. */
  readonly leadsTo: string;
}

const everyRole: readonly Role[] = ["P", "A", "S", "B"];

/** @param sku 0: the order as a whole. */
export function explainAction(
  definition: LomsWorkflow,
  order: OrderSnapshot,
  asked: { readonly roles: readonly Role[]; readonly action: string; readonly sku: number },
): Explanation {
  const { roles, action } = asked;
  const sku = asked.sku === 0 ? undefined : asked.sku;
  const refusals: ActionRefusal[] = [];
  const whoMay = everyRole.filter(
    (role) => applyAction(definition, order, { role, action, sku }).kind === "applied",
  );
  const stateCode = stateCodeOf(order, sku);
  for (const role of roles) {
    const outcome = applyAction(definition, order, { role, action, sku });
    if (outcome.kind === "refused") {
      refusals.push(outcome.refusal);
    } else if (outcome.refusedWith !== undefined) {
      const text = "The time to pay is over: the order is about to be canceled.";
      return {
        allowed: false,
        role,
        reason: outcome.refusedWith,
        text,
        guard: "",
        whoMay: [],
        stateCode,
        leadsTo: "",
      };
    } else {
      const leadsTo = outcome.moves[0]?.steps.at(-1)?.to ?? "";
      const text = `${role} may take "${action}" now.`;
      return { allowed: true, role, reason: "", text, guard: "", whoMay, stateCode, leadsTo };
    }
  }
  const { role, reason, text, guard = "" } = nearest(refusals);
  return { allowed: false, role, reason, text, guard, whoMay, stateCode, leadsTo: "" };
}

function stateCodeOf({ state, items }: OrderSnapshot, sku: number | undefined): string {
  const item = items.find((candidate) => candidate.sku === sku);
  return [state, item?.state, item?.sheet?.state].filter((code) => code !== undefined).join("/");
}
