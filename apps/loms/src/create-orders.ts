import { Failure } from "@ordermesh/failure/failure";
import { appendEvents } from "@ordermesh/outbox/outbox";
import type { Tx } from "@ordermesh/postgres/tx";
import { allocate } from "./domain/allocate.ts";
import type { Order } from "./domain/order.ts";
import type { OrderDraft } from "./domain/order-draft.ts";
import { orderEvent } from "./events/outgoing.ts";
import { claimIntents, findIntents, type Intent } from "./sql/idempotency-keys.ts";
import { findOrders, insertHistory, insertOrders, transactionTime } from "./sql/orders.ts";
import { insertHolds, lockStockLevels } from "./sql/stock.ts";
import { insertTimers } from "./sql/timers.ts";

export interface OrderToCreate {
  readonly draft: OrderDraft;
  readonly traceparent: string;
}

export type CreateOutcome =
  | {
      readonly kind: "created";
      /** As it was created: awaiting payment, or failed. */
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
  const intents = distinctIntents(orders);
  const skus = [...new Set(orders.flatMap(({ draft }) => draft.lines.map((line) => line.sku)))];
  const ids = intents.map((_, index) => idAt(newIds, index));

  const [claimed, createdAt, stock] = await Promise.all([
    claimIntents(tx, method, intents, ids),
    transactionTime(tx),
    lockStockLevels(tx, skus),
  ]);
  const earlier =
    claimed === intents.length ? new Map<string, EarlierOrder>() : await findEarlier(tx, intents, ids);

  const fresh = intents
    .map((intent, index) => ({ ...intent, id: idAt(ids, index) }))
    .filter((intent) => !earlier.has(intentName(intent)));
  const allocations = allocate(
    fresh.map(({ order }) => order.draft.lines),
    stock,
  );
  const created = fresh.map(({ id, order: { draft } }, index): Order => {
    const allocation = allocations[index];
    const isAllocated = allocation?.kind === "allocated";
    return {
      id,
      userId: draft.userId,
      status: isAllocated ? "awaiting_payment" : "failed",
      version: 2,
      lines: draft.lines,
      total: draft.total,
      createdAt,
      paymentDueAt: new Date(createdAt.getTime() + draft.paymentWindowMs),
      cancelReason: undefined,
      shortages: allocation?.kind === "short" ? allocation.shortages : [],
    };
  });

  insertOrders(tx, created);
  insertHistory(tx, created.flatMap(birthOf));
  insertHolds(
    tx,
    allocations.flatMap((allocation, index) => {
      const holderId = created[index]?.id ?? 0n;
      return allocation.kind === "allocated" ? allocation.units.map((units) => ({ ...units, holderId })) : [];
    }),
  );
  insertTimers(
    tx,
    created
      .filter((order) => order.status === "awaiting_payment")
      .map((order) => ({
        subjectId: order.id,
        kind: "payment_deadline",
        step: order.version,
        dueAt: order.paymentDueAt,
      })),
  );
  appendEvents(
    tx,
    created.flatMap((order, index) => {
      const traceparent = fresh[index]?.order.traceparent ?? "";
      return [orderEvent(order, "new", 1, traceparent), orderEvent(order, order.status, 2, traceparent)];
    }),
  );

  const createdByName = new Map(fresh.map((intent, index) => [intentName(intent), created[index]]));
  return outcomesOf(orders, createdByName, earlier);
}

interface EarlierOrder {
  readonly order: Order;
  readonly requestHash: string;
}

type OrderIntent = Intent & { readonly order: OrderToCreate };

function intentOf(order: OrderToCreate): OrderIntent {
  const { userId, idempotencyKey, requestHash } = order.draft;
  return { caller: `user:${userId}`, key: idempotencyKey, requestHash, order };
}

function intentName(intent: { readonly caller: string; readonly key: string }): string {
  return `${intent.caller}/${intent.key}`;
}

/** Two calls with one key can meet in a batch: the first speaks for both. */
function distinctIntents(orders: readonly OrderToCreate[]): OrderIntent[] {
  const distinct = new Map<string, OrderIntent>();
  for (const order of orders) {
    const intent = intentOf(order);
    const name = intentName(intent);
    if (!distinct.has(name)) {
      distinct.set(name, intent);
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
    const status = order.status === "failed" ? "failed" : "awaiting_payment";
    earlier.set(intentName(claim), {
      order: { ...order, status, version: 2, cancelReason: undefined },
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
  return orders.map((orderToCreate): CreateOutcome => {
    const intent = intentOf(orderToCreate);
    const name = intentName(intent);
    const before = earlier.get(name);
    const isFirst = before === undefined && !firstHash.has(name);
    const expectedHash = before?.requestHash ?? firstHash.get(name) ?? intent.requestHash;
    firstHash.set(name, expectedHash);
    if (intent.requestHash !== expectedHash) {
      return { kind: "refused", failure: reusedKey() };
    }
    const order = before?.order ?? created.get(name);
    if (order === undefined) {
      throw new Error(`Order of ${name} was neither created nor found.`);
    }
    return { kind: "created", order, replayed: !isFirst };
  });
}

/** An order is born with two history rows: it was recorded, and it was supplied or not. */
function birthOf(order: Order) {
  const common = { orderId: order.id, cancelReason: undefined, changedAt: order.createdAt };
  return [
    { ...common, version: 1, status: "new" as const },
    { ...common, version: 2, status: order.status },
  ];
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
