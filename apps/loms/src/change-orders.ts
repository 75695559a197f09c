import type { Failure } from "@ordermesh/failure/failure";
import type { Tx } from "@ordermesh/postgres/tx";
import { intentFailure } from "./domain/change-failures.ts";
import { type ChangeDecision, decideChange } from "./domain/decide-change.ts";
import type { OrderWorkflow } from "./domain/order.ts";
import type { ActionChange, ActionIntent, OrderChange } from "./domain/order-change.ts";
import { type OrderInHand, takeInHand } from "./domain/order-in-hand.ts";
import type { StoredOrder } from "./domain/stored-order.ts";
import { assembleOrders, findProgress, mayHaveProgress, noProgress } from "./load-orders.ts";
import { type ClaimedIntent, findIntents, insertActionIntents } from "./sql/idempotency-keys.ts";
import { findOrderLines, lockOrders, transactionTime } from "./sql/orders.ts";
import { findHolds, lockStockLevelsOfHolders } from "./sql/stock.ts";
import type { VoucherKey } from "./voucher-key.ts";
import type { Durations } from "./workflows/durations.ts";
import { touchesStock, type WrittenOrder, writeChanges } from "./write-changes.ts";

/** What an installation decides about workflows. */
export interface ChangeSettings {
  /** How long timers wait. */
  readonly durations: Durations;
  /** Undefined: vouchers are not sold here. */
  readonly voucherKey: VoucherKey | undefined;
}

export type ChangeOutcome =
  | {
      readonly kind: "done";
      /** The order's, after the change. */
      readonly version: number;
      readonly changed: boolean;
      /** The order's. */
      readonly workflow?: OrderWorkflow | undefined;
      /** Of an action: the order after it, with its steps. */
      readonly after?: OrderAfterAction;
      /** Of an action that was repeated: its first call led to `version`. */
      readonly replayed?: true;
    }
  | { readonly kind: "refused"; readonly failure: Failure };

export interface OrderAfterAction extends Pick<StoredOrder, "head" | "lines" | "items" | "sheets"> {
  /** The steps of this change. */
  readonly steps: WrittenOrder["steps"];
}

const actionMethod = "ApplyAction";

/**
 * Applies a batch of changes to existing orders in one transaction, in the order of arrival. Changes that find their work
 * done succeed and change nothing; those that are not allowed are refused one by one. A payment that comes too late
 * cancels its order, which is recorded, and is refused.
 *
 * Two round trips for steps of the purchase path: lock orders, then stock, and read what they hold; then write everything
 * and commit. Actions of later steps take one more to lock stock, if any moves.
 */
export async function changeOrders(
  tx: Tx,
  changes: readonly OrderChange[],
  settings: ChangeSettings,
): Promise<ChangeOutcome[]> {
  const orderIds = [...new Set(changes.map((change) => change.orderId))];
  const isPurchase = changes.every(
    ({ command }) => command === "pay" || command === "cancel" || command === "expire",
  );
  const intents = changes.flatMap((change) => (change.command === "act" ? (change.intent ?? []) : []));
  const [heads, lines, changedAt, progress, claims, heldEarly] = await Promise.all([
    lockOrders(tx, orderIds),
    findOrderLines(tx, orderIds),
    transactionTime(tx),
    isPurchase ? noProgress : findProgress(tx, orderIds),
    intents.length === 0 ? [] : findIntents(tx, actionMethod, intents),
    // All stock is locked by one statement, in order: either now, or when it is known whose.
    isPurchase ? findLockedHolds(tx, orderIds) : undefined,
  ]);
  const late = isPurchase ? heads.filter(mayHaveProgress).map(({ id }) => id) : [];
  const stored = await assembleOrders(
    tx,
    heads,
    lines,
    late.length === 0 ? progress : await findProgress(tx, late),
  );

  const orders = new Map(stored.map((order): [bigint, OrderInHand] => [order.head.id, takeInHand(order)]));
  const fresh = new Map<string, ActionIntent & { orderId: bigint; version: number }>();
  const made = changes.map((change) => {
    const order = orders.get(change.orderId);
    const earlier = change.command === "act" ? repeated(change, claims, fresh) : undefined;
    const firstMove = order?.moves.length ?? 0;
    const decision = earlier ?? decideChange(change, order, changedAt);
    if (
      change.command === "act" &&
      change.intent !== undefined &&
      "changed" in decision &&
      order !== undefined
    ) {
      const { version } = order.head;
      fresh.set(nameOf(change.intent), { ...change.intent, orderId: change.orderId, version });
    }
    return {
      change,
      decision,
      order,
      firstMove,
      endMove: order?.moves.length ?? 0,
      version: order?.head.version ?? 0,
    };
  });

  const changed = [...orders.values()];
  const movingStock = heldEarly === undefined ? changed.filter(touchesStock) : [];
  const holds =
    heldEarly ??
    (movingStock.length === 0
      ? []
      : await findLockedHolds(
          tx,
          movingStock.map(({ head }) => head.id),
        ));
  const written = await writeChanges(tx, changed, { holds, changedAt, settings });
  insertActionIntents(tx, actionMethod, [...fresh.values()]);
  return made.map((entry) => outcomeOf(entry, written));
}

async function findLockedHolds(tx: Tx, orderIds: readonly bigint[]) {
  const [holds] = await Promise.all([findHolds(tx, orderIds), lockStockLevelsOfHolders(tx, orderIds)]);
  return holds;
}

interface Repeated {
  readonly kind: "repeated";
  /** To which the first call led. */
  readonly version: number;
}

/** What an earlier call with the same key came to, in an earlier transaction or in this one. */
function repeated(
  { intent, orderId }: ActionChange,
  claims: readonly ClaimedIntent[],
  fresh: ReadonlyMap<string, ActionIntent & { readonly orderId: bigint; readonly version: number }>,
): Repeated | (ChangeDecision & { readonly kind: "refused" }) | undefined {
  if (intent === undefined) {
    return undefined;
  }
  const name = nameOf(intent);
  const claim = claims.find((candidate) => nameOf(candidate) === name);
  const earlier = claim === undefined ? fresh.get(name) : { ...claim, orderId: claim.subjectId };
  if (earlier === undefined) {
    return undefined;
  }
  return earlier.requestHash === intent.requestHash && earlier.orderId === orderId
    ? { kind: "repeated", version: earlier.version ?? 0 }
    : { kind: "refused", failure: intentFailure() };
}

function nameOf({ caller, key }: Pick<ActionIntent, "caller" | "key">): string {
  return `${caller}/${key}`;
}

function outcomeOf(
  entry: {
    readonly change: OrderChange;
    readonly decision: ChangeDecision | Repeated;
    readonly order: OrderInHand | undefined;
    readonly firstMove: number;
    readonly endMove: number;
    readonly version: number;
  },
  written: ReadonlyMap<bigint, WrittenOrder>,
): ChangeOutcome {
  const { change, decision, order, version } = entry;
  if (decision.kind === "refused") {
    return decision;
  }
  if (decision.kind === "repeated") {
    return { kind: "done", version: decision.version, changed: false, replayed: true };
  }
  const { changed } = decision;
  const isPurchase = change.command === "pay" || change.command === "cancel" || change.command === "expire";
  if (isPurchase || order === undefined) {
    return { kind: "done", version, changed, workflow: order?.head.workflow.name };
  }
  const steps = written.get(order.head.id)?.steps.slice(entry.firstMove, entry.endMove) ?? [];
  const { head, before, items, sheets } = order;
  const after = { head, lines: before.lines, items: new Map([...before.items, ...items]), sheets, steps };
  return { kind: "done", version, changed, workflow: head.workflow.name, after };
}
