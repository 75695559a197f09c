import { Failure } from "@ordermesh/failure/failure";
import { appendEvents } from "@ordermesh/outbox/outbox";
import type { Tx } from "@ordermesh/postgres/tx";
import { allocate } from "./domain/allocate.ts";
import type { Order } from "./domain/order.ts";
import type { OrderDraft } from "./domain/order-draft.ts";
import { birthEvents } from "./events/outgoing.ts";
import { insertExtras, newestVersion } from "./order-extras.ts";
import { claimIntents, findIntents, type Intent } from "./sql/idempotency-keys.ts";
import { insertOrders } from "./sql/new-orders.ts";
import { findOrders, transactionTime } from "./sql/orders.ts";
import { insertHolds, lockStockLevels } from "./sql/stock.ts";
import { insertTimers } from "./sql/timers.ts";
import { stepTraceOf } from "./step-trace.ts";
import { beginnings } from "./workflows/beginnings.ts";

export interface OrderToCreate {
  readonly draft: OrderDraft;
  readonly traceparent: string;
}

export type CreateOutcome =
  | {
      readonly kind: "created";
      /** As it was created: awaiting payment, placed, or failed. */
      readonly order: Order;
      /** True if an earlier call with the same key created it. */
      readonly replayed: boolean;
    }
  | { readonly kind: "refused"; readonly failure: Failure };

const method = "CreateOrder";

/**
 * Records a batch of orders and reserves their stock in one transaction, deciding in the order of arrival.
 *
 * An order that can not be supplied is recorded as failed and announced: that is an outcome to commit, so it is
 * returned. A key that was used for another request refuses that one order and leaves its neighbours alone.
 *
 * Two round trips: claim the keys and lock the stock; then write everything and commit. Replays cost a third.
 *
 * @param newIds an id for each order; those of replayed orders are not used.
 */
export async function createOrders(
  tx: Tx,
  orders: readonly OrderToCreate[],
  newIds: readonly bigint[],
): Promise<CreateOutcome[]> {
  const intents = distinctIntents(orders, newIds);
  const skus = [...new Set(orders.flatMap(({ draft }) => linesFromStock(draft).map((line) => line.sku)))];
  const ids = intents.map((intent) => intent.id);

  const [claimed, createdAt, stock] = await Promise.all([
    claimIntents(tx, method, intents, ids),
    transactionTime(tx),
    lockStockLevels(tx, skus),
  ]);
  const earlier =
    claimed === intents.length ? new Map<string, EarlierOrder>() : await findEarlier(tx, intents, ids);

  const fresh = intents.filter((intent) => !earlier.has(intent.name));
  const allocations = allocate(
    fresh.map(({ order }) => linesFromStock(order.draft)),
    stock,
  );
  const created = fresh.map(({ id, order: { draft } }, index): Order => {
    const allocation = allocations[index];
    const isAllocated = allocation?.kind === "allocated";
    const { status, hasDeadline } = beginnings[draft.workflow];
    return {
      id,
      userId: draft.userId,
      status: isAllocated ? status : "failed",
      version: 2,
      workflow: { name: draft.workflow, version: newestVersion(draft.workflow) },
      lines: draft.lines,
      total: draft.total,
      createdAt,
      paymentDueAt: hasDeadline ? new Date(createdAt.getTime() + draft.paymentWindowMs) : undefined,
      cancelReason: undefined,
      shortages: allocation?.kind === "short" ? allocation.shortages : [],
      refundedMinor: 0,
      table: draft.table,
    };
  });

  insertOrders(
    tx,
    created,
    fresh.map(({ order }) => stepTraceOf(order.traceparent)),
  );
  insertExtras(
    tx,
    created,
    fresh.map(({ order }) => order.draft),
  );
  insertHolds(
    tx,
    allocations.flatMap((allocation, index) => {
      const holderId = created[index]?.id ?? 0n;
      return allocation.kind === "allocated" ? allocation.units.map((units) => ({ ...units, holderId })) : [];
    }),
  );
  insertTimers(
    tx,
    created.flatMap(({ id, status, version, paymentDueAt }) =>
      status === "failed" || paymentDueAt === undefined
        ? []
        : [{ subjectId: id, kind: "payment_deadline", sku: 0, step: version, dueAt: paymentDueAt }],
    ),
  );
  appendEvents(
    tx,
    created.flatMap((order, index) => birthEvents(order, fresh[index]?.order.traceparent ?? "")),
  );

  const createdByName = new Map(fresh.map((intent, index) => [intent.name, created[index]]));
  return outcomesOf(orders, createdByName, earlier);
}

const noLines: OrderDraft["lines"] = [];

/** What is to be reserved. */
function linesFromStock({ workflow, lines }: OrderDraft): OrderDraft["lines"] {
  return beginnings[workflow].takesStock ? lines : noLines;
}

interface EarlierOrder {
  readonly order: Order;
  readonly requestHash: string;
}

interface OrderIntent extends Intent {
  /** Tells it from all others of this method. */
  readonly name: string;
  /** What its order will have, unless there is one already. */
  readonly id: bigint;
  readonly order: OrderToCreate;
}

function nameOf({ userId, idempotencyKey }: OrderDraft): string {
  return intentName(callerOf(userId), idempotencyKey);
}

function callerOf(userId: bigint): string {
  return `user:${userId}`;
}

function intentName(caller: string, key: string): string {
  return `${caller}/${key}`;
}

/** Two calls with one key can meet in a batch: the first speaks for both. */
function distinctIntents(orders: readonly OrderToCreate[], newIds: readonly bigint[]): OrderIntent[] {
  const distinct = new Map<string, OrderIntent>();
  for (const order of orders) {
    const { userId, idempotencyKey: key, requestHash } = order.draft;
    const caller = callerOf(userId);
    const name = intentName(caller, key);
    if (!distinct.has(name)) {
      distinct.set(name, { caller, key, requestHash, name, id: idAt(newIds, distinct.size), order });
    }
  }
  return [...distinct.values()];
}

/** Orders that earlier transactions created for these keys, as they were when they were created. */
async function findEarlier(
  tx: Tx,
  intents: readonly Intent[],
  ids: readonly bigint[],
): Promise<Map<string, EarlierOrder>> {
  const ours = new Set(ids);
  const claims = (await findIntents(tx, method, intents)).filter((claim) => !ours.has(claim.subjectId));
  const orders = await findOrders(
    tx,
    claims.map((claim) => claim.subjectId),
  );
  const ordersById = new Map(orders.map((order) => [order.id, order]));
  const earlier = new Map<string, EarlierOrder>();
  for (const claim of claims) {
    const order = ordersById.get(claim.subjectId);
    if (order === undefined) {
      throw new Error(
        `Idempotency key of ${claim.caller} names order ${claim.subjectId}, which does not exist.`,
      );
    }
    const status = order.status === "failed" ? "failed" : beginnings[order.workflow.name].status;
    earlier.set(intentName(claim.caller, claim.key), {
      order: { ...order, status, version: 2, cancelReason: undefined, refundedMinor: 0 },
      requestHash: claim.requestHash,
    });
  }
  return earlier;
}

function outcomesOf(
  orders: readonly OrderToCreate[],
  created: ReadonlyMap<string, Order | undefined>,
  earlier: ReadonlyMap<string, EarlierOrder>,
): CreateOutcome[] {
  const firstHash = new Map<string, string>();
  return orders.map(({ draft }): CreateOutcome => {
    const { requestHash } = draft;
    const name = nameOf(draft);
    const before = earlier.get(name);
    const isFirst = before === undefined && !firstHash.has(name);
    const expectedHash = before?.requestHash ?? firstHash.get(name) ?? requestHash;
    firstHash.set(name, expectedHash);
    if (requestHash !== expectedHash) {
      return { kind: "refused", failure: reusedKey() };
    }
    const order = before?.order ?? created.get(name);
    if (order === undefined) {
      throw new Error(`Order of ${name} was neither created nor found.`);
    }
    return { kind: "created", order, replayed: !isFirst };
  });
}

export function reusedKey(): Failure {
  return new Failure(
    "invalid_argument",
    "This idempotency key was used for another request. Use a new key for a new intent.",
    {
      reason: "IDEMPOTENCY_KEY_REUSED",
      fieldViolations: [{ field: "idempotency_key", description: "was used for another request" }],
    },
  );
}

function idAt(ids: readonly bigint[], index: number): bigint {
  const id = ids[index];
  if (id === undefined) {
    throw new Error(`Only ${ids.length} ids were given for the orders of a batch.`);
  }
  return id;
}
