import { fitsState, isMet } from "@ordermesh/workflow/decide";
import { machineOf } from "@ordermesh/workflow/definition";
import type { ActionOutcome, ActionRequest, AppliedAction, Move } from "./action-outcome.ts";
import type { LomsNames } from "./names.ts";
import { copyOf, type ItemInHand, type OrderInHand } from "./order-in-hand.ts";
import type { OrderSnapshot } from "./order-snapshot.ts";
import { refusalOf } from "./refusal.ts";
import type { LomsWorkflow } from "./registry.ts";
import { hasItems, itemOfOrder, situationOf, subjectsOf } from "./subjects.ts";
import { enter, takeAction } from "./take-action.ts";
import { timerChanges } from "./timer-changes.ts";

/** More rounds than any definition needs: reaching it means that rows follow each other for ever. */
const roundsMax = 10;

/**
 * What one action makes of an order with its items and refunds: the move that was asked for, and all that follow from it
 * by themselves; what is to be done, and the timers that change. It changes nothing itself.
 */
export function applyAction(
  definition: LomsWorkflow,
  order: OrderSnapshot,
  request: ActionRequest,
): ActionOutcome {
  const inHand = copyOf(order);
  const item =
    request.sku === undefined
      ? itemOfOrder(definition, inHand.items)
      : inHand.items.find(({ sku }) => sku === request.sku);
  if (request.sku !== undefined && item === undefined) {
    return { kind: "refused", refusal: refusalOf(definition, order, request, []) };
  }
  const taken = takeAction(definition, inHand, item, request, { isAutomatic: false });
  if (taken.kind === "refused") {
    return { kind: "refused", refusal: refusalOf(definition, order, request, taken.refusals) };
  }
  const moves = [taken.move, ...followUp(definition, inHand)];
  return {
    kind: "applied",
    order: inHand,
    moves,
    timers: timerChanges(definition, order, inHand, taken.extensions),
    refusedWith: taken.refusedWith,
  };
}

/**
 * What follows by itself when something outside of the order has changed: the last code of a voucher was used.
 *
 * @returns undefined if nothing does.
 */
export function settle(definition: LomsWorkflow, order: OrderSnapshot): AppliedAction | undefined {
  const inHand = copyOf(order);
  const moves = followUp(definition, inHand);
  return moves.length === 0
    ? undefined
    : {
        kind: "applied",
        order: inHand,
        moves,
        timers: timerChanges(definition, order, inHand, []),
        refusedWith: undefined,
      };
}

/**
 * Takes automatic rows until none is left to take: first those of items and their refunds, then those of the order, which
 * look at them.
 */
function followUp(definition: LomsWorkflow, order: OrderInHand): Move[] {
  const moves: Move[] = [];
  const items = hasItems(definition) ? order.items : [];
  for (let round = 0; round < roundsMax; round += 1) {
    let isSettled = true;
    for (const item of items) {
      isSettled = !takeNext(definition, order, item, moves) && isSettled;
    }
    if (!takeNext(definition, order, itemOfOrder(definition, order.items), moves) && isSettled) {
      return moves;
    }
  }
  throw new Error(
    `What follows in ${definition.name}@${definition.version} from "${order.state}" never ends.`,
  );
}

/** Takes the first automatic row that can be taken, and says whether there was one. */
function takeNext(
  definition: LomsWorkflow,
  order: OrderInHand,
  item: ItemInHand | undefined,
  moves: Move[],
): boolean {
  for (const subject of subjectsOf(definition, order, item)) {
    const situation = situationOf(order, item, subject);
    const row = machineOf(definition, subject.machine).rows.find(
      (candidate) =>
        candidate.cause === "automatic" &&
        fitsState(candidate, situation) &&
        isMet<LomsNames>(situation, candidate.guard),
    );
    if (row?.silent === true) {
      // Of each line of an order that is paid, so it is made short.
      enter(order, item, subject, row);
      return true;
    }
    if (row !== undefined) {
      const request = { role: "P", action: row.action } as const;
      const taken = takeAction(definition, order, item, request, { isAutomatic: true });
      moves.push(...(taken.kind === "taken" ? [taken.move] : []));
      return taken.kind === "taken";
    }
  }
  return false;
}
