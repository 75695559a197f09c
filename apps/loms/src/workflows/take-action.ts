import { decide, type Refusal } from "@ordermesh/workflow/decide";
import type { Row } from "@ordermesh/workflow/definition";
import type { ActionRequest, EffectCall, Move } from "./action-outcome.ts";
import { defaultAmountMinor } from "./guards.ts";
import type { DurationName, EffectName, FlagName, LomsNames, RefundKind, TimerName } from "./names.ts";
import type { ItemInHand, OrderInHand } from "./order-in-hand.ts";
import type { LomsWorkflow } from "./registry.ts";
import { type Subject, situationOf, subjectsOf } from "./subjects.ts";

export type Taken =
  | {
      readonly kind: "taken";
      readonly move: Move;
      readonly extensions: readonly Extension[];
      readonly refusedWith: string | undefined;
    }
  | { readonly kind: "refused"; readonly refusals: readonly Refusal[] };

/** A timer that fires later. */
export interface Extension {
  readonly timer: TimerName;
  readonly by: DurationName;
}

interface TakenRow {
  readonly subject: Subject;
  readonly row: Row<LomsNames>;
}

/**
 * Lets all that hear of an action take it: the item and its refund, or the order. Changes the order in hand; nothing, if
 * none of them can.
 */
export function takeAction(
  definition: LomsWorkflow,
  order: OrderInHand,
  item: ItemInHand | undefined,
  request: ActionRequest,
  { isAutomatic }: { readonly isAutomatic: boolean },
): Taken {
  const decided = subjectsOf(definition, order, item).map((subject) => ({
    subject,
    decision: decide(definition, situationOf(order, item, subject, request.amountMinor), request),
  }));
  const taken = decided.flatMap(({ subject, decision }): TakenRow[] =>
    decision.kind === "move" ? [{ subject, row: decision.row }] : [],
  );
  if (taken.length === 0) {
    const refusals = decided.flatMap(({ decision }) =>
      decision.kind === "refused" ? [decision.refusal] : [],
    );
    return { kind: "refused", refusals };
  }
  order.version += 1;
  for (const { subject, row } of taken) {
    enter(order, item, subject, row);
    applyParameters(order, item, row, request);
  }
  const opened = taken.flatMap(({ row }) => row.opens ?? []);
  for (const kind of opened) {
    // The buyer may say how much only where a guard looks at it. What is left of a voucher follows from its terms.
    const isAsked = taken.some(({ row }) => row.guard === "amount_is_refundable");
    openRefund(definition, order, item, kind as RefundKind, isAsked ? request.amountMinor : undefined);
  }
  return {
    kind: "taken",
    move: moveOf(order, item, taken, opened.length > 0, request, isAutomatic),
    extensions: taken.flatMap(({ row }) => row.extends ?? []),
    refusedWith: taken.find(({ row }) => row.refusesWith !== undefined)?.row.refusesWith,
  };
}

/** Puts one subject into the state to which its row leads. */
export function enter(
  order: OrderInHand,
  item: ItemInHand | undefined,
  subject: Subject,
  row: Row<LomsNames>,
): void {
  const isLeft = row.to !== subject.state;
  if (subject.part === "order") {
    order.state = row.to;
    order.since = isLeft ? order.version : order.since;
    order.flags = flagsAfter(isLeft ? [] : order.flags, row);
  } else if (subject.part === "item" && item !== undefined) {
    item.state = row.to;
  } else if (item?.sheet !== undefined) {
    item.sheet = { ...item.sheet, state: row.to, since: isLeft ? order.version : item.sheet.since };
  }
}

function flagsAfter(
  flags: readonly FlagName[],
  { raises = [], lowers = [] }: Row<LomsNames>,
): readonly FlagName[] {
  return [...new Set([...flags, ...raises])].filter((flag) => !lowers.includes(flag));
}

/** What the request says of the money. */
function applyParameters(
  order: OrderInHand,
  item: ItemInHand | undefined,
  { effects = [] }: Row<LomsNames>,
  { amountMinor, capturedMinor, refundKind }: ActionRequest,
): void {
  if (effects.includes("commit_reservation") || effects.includes("settle_bill")) {
    order.capturedMinor = capturedMinor ?? order.items.reduce((sum, line) => sum + line.lineTotalMinor, 0);
  }
  if (effects.includes("change_refund") && item?.sheet !== undefined) {
    item.sheet = {
      ...item.sheet,
      kind: refundKind ?? item.sheet.kind,
      amountMinor: amountMinor ?? item.sheet.amountMinor,
    };
  }
}

function openRefund(
  definition: LomsWorkflow,
  order: OrderInHand,
  item: ItemInHand | undefined,
  kind: RefundKind,
  amountMinor: number | undefined,
): void {
  const state = definition.machines[kind]?.initial;
  if (item === undefined || state === undefined) {
    throw new Error(`A refund "${kind}" can not begin in ${definition.name}@${definition.version}.`);
  }
  item.sheet = {
    number: (item.sheet?.number ?? 0) + 1,
    kind,
    state,
    since: order.version,
    amountMinor: amountMinor ?? defaultAmountMinor(order, item),
  };
}

function moveOf(
  order: OrderInHand,
  item: ItemInHand | undefined,
  taken: readonly TakenRow[],
  hasOpened: boolean,
  { role, action }: ActionRequest,
  isAutomatic: boolean,
): Move {
  const { sheet } = item ?? {};
  const parts = taken.map(({ subject }) => subject.part);
  const isAboutRefund = hasOpened || parts.includes("sheet");
  const isAboutItem = isAboutRefund || parts.includes("item");
  const opening =
    hasOpened && sheet !== undefined ? [{ machine: sheet.kind, from: "", to: sheet.state }] : [];
  return {
    version: order.version,
    role,
    action,
    isAutomatic,
    steps: [
      ...taken.map(({ subject, row }) => ({
        machine: subject.part === "sheet" && sheet !== undefined ? sheet.kind : subject.machine,
        from: subject.state,
        to: row.to,
      })),
      ...opening,
    ],
    sku: isAboutItem ? item?.sku : undefined,
    orderState: order.state,
    itemState: isAboutItem ? item?.state : undefined,
    sheet: isAboutRefund ? sheet : undefined,
    event: taken.find(({ row }) => row.event !== undefined)?.row.event,
    reason: taken.find(({ row }) => row.reason !== undefined)?.row.reason,
    effects: taken.flatMap(({ row }) => row.effects ?? []).flatMap((effect) => effectCalls(effect, item)),
  };
}

const effectsOnItems: ReadonlySet<EffectName> = new Set([
  "store_return_shipment",
  "change_refund",
  "request_refund",
  "record_refund",
  "restock_item",
  "send_goods_back",
]);

/** None for an effect on money if there is none to move. */
function effectCalls(effect: EffectName, item: ItemInHand | undefined): readonly EffectCall[] {
  const isAboutMoney = effect === "request_refund" || effect === "record_refund";
  const amountMinor = isAboutMoney ? item?.sheet?.amountMinor : undefined;
  return amountMinor === 0
    ? []
    : [{ effect, sku: effectsOnItems.has(effect) ? item?.sku : undefined, amountMinor }];
}
