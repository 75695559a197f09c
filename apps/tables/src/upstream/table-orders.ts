import type { Client } from "@connectrpc/connect";
import { Failure } from "@ordermesh/failure/failure";
import type { LomsService } from "@ordermesh/proto/ordermesh/loms/v1/loms_pb";
import { upstreamFailure } from "@ordermesh/rpc/upstream-failure";
import type { OrderState, SessionOrder } from "../domain/session-order.ts";
import { orderStatusOf } from "../events/session-messages.ts";
import type { CallContext } from "./catalogue.ts";

/** What LOMS is told of an order besides its row. */
export interface OrderPlace {
  readonly locationId: bigint;
  readonly currencyCode: string;
  readonly guestNickname: string;
}

/** What is done with an order in LOMS, by the names of its workflow. */
export type OrderAction =
  | "accept the order"
  | "decline the order"
  | "start preparing"
  | "serve the order"
  | "cancel order"
  | "end the order";

/** What tables asks of LOMS. Failures keep the kind that LOMS gave them. */
export interface TableOrders {
  /** Has LOMS make the order of a row; repeated, it is the same order, as it is now. */
  create(
    order: SessionOrder,
    place: OrderPlace,
    call: CallContext,
  ): Promise<{ readonly orderId: bigint; readonly state: OrderState }>;
  /**
   * Takes an order a step further.
   *
   * @throws Failure `failed_precondition` with reason WRONG_STATE if it is not where the action begins.
   */
  act(
    orderId: bigint,
    action: OrderAction,
    by: { readonly role: "S" | "B"; readonly userId: bigint | undefined; readonly reason: string },
    call: CallContext,
  ): Promise<OrderState>;
  find(orderId: bigint, call: CallContext): Promise<OrderState>;
}

/** LOMS records that an order was made and that it was placed at once: these are its first two versions. */
const versionWhenPlaced = 2;

export function createTableOrders(orders: Client<typeof LomsService>): TableOrders {
  async function find(orderId: bigint, call: CallContext): Promise<OrderState> {
    const { order } = await orders.getOrder({ orderId }, callOptions(call)).catch(throwFailure);
    const { status, version } = stateOf(orderId, order?.status ?? 0, order?.version ?? 0, "");
    const isEnded = status === "declined" || status === "canceled";
    return { status, version, reason: isEnded ? await findReason(orderId, version, call) : "" };
  }

  async function findReason(orderId: bigint, version: number, call: CallContext): Promise<string> {
    const request = { orderId, afterVersion: version - 1, pageSize: 1 };
    const { entries } = await orders.getHistory(request, callOptions(call)).catch(throwFailure);
    return entries[0]?.parameters?.reason ?? "";
  }

  return {
    find,

    async create(order, { locationId, currencyCode, guestNickname }, call) {
      const request = {
        userId: order.guestId,
        idempotencyKey: `table-order-${order.id}`,
        workflow: "table",
        lines: order.lines.map(({ sku, quantity, name, unitPriceMinor, note }) => ({
          sku,
          quantity,
          name,
          unitPrice: { currencyCode, amountMinor: unitPriceMinor },
          attributes: note === "" ? [] : [{ name: "note", value: note }],
        })),
        table: {
          locationId,
          sessionId: order.sessionId,
          guestNickname,
          staffUserId: order.staffUserId ?? 0n,
          note: order.note,
        },
      };
      // Without a signal: whoever hangs up now has ordered all the same.
      const made = await orders.createOrder(request, callOptions(call)).catch(throwFailure);
      const { orderId } = made;
      const state = made.replayed
        ? await find(orderId, call)
        : stateOf(orderId, made.status, versionWhenPlaced, "");
      return { orderId, state };
    },

    async act(orderId, action, { role, userId, reason }, call) {
      const request = { orderId, role, action, parameters: { reason }, actingUserId: userId ?? 0n };
      const { status, version } = await orders.applyAction(request, callOptions(call)).catch(throwFailure);
      return stateOf(orderId, status, version, reason);
    },
  };
}

function stateOf(orderId: bigint, message: number, version: number, reason: string): OrderState {
  const status = orderStatusOf(message);
  if (status === undefined || version === 0) {
    throw new Failure("internal", "internal error", {
      reason: "UNEXPECTED_ORDER",
      cause: new Error(`LOMS told of order ${orderId} that it has status ${message} in version ${version}.`),
    });
  }
  return { status, version, reason };
}

function callOptions({ traceparent, remainingMs }: CallContext) {
  const timeoutMs = remainingMs();
  return {
    headers: { traceparent },
    ...(Number.isFinite(timeoutMs) && { timeoutMs: Math.max(1, timeoutMs) }),
  };
}

function throwFailure(error: unknown): never {
  throw upstreamFailure("LOMS", error);
}
