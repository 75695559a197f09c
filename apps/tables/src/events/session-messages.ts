import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { OrderStatus } from "@ordermesh/proto/ordermesh/loms/v1/order_pb";
import {
  type BillSchema,
  type GuestSchema,
  type SessionOrderSchema,
  SessionState as SessionStateMessage,
  type TableSessionSchema,
} from "@ordermesh/proto/ordermesh/tables/v1/session_pb";
import type { Guest, Session, SessionState, SessionSums } from "../domain/session.ts";
import type { OrderState, PlacedOrder } from "../domain/session-order.ts";

/** The messages that calls, streams and events share. */

export type BillMessage = MessageInitShape<typeof BillSchema>;

const states: Readonly<Record<SessionState, SessionStateMessage>> = {
  open: SessionStateMessage.OPEN,
  closing: SessionStateMessage.CLOSING,
  closed: SessionStateMessage.CLOSED,
};

export const orderStatuses: Readonly<Record<OrderState["status"], OrderStatus>> = {
  placed: OrderStatus.PLACED,
  accepted: OrderStatus.ACCEPTED,
  preparing: OrderStatus.PREPARING,
  served: OrderStatus.SERVED,
  paid: OrderStatus.PAID,
  declined: OrderStatus.DECLINED,
  canceled: OrderStatus.CANCELED,
};

/** Our words for what LOMS says; undefined for a status that no order at a table has. */
export function orderStatusOf(message: OrderStatus): OrderState["status"] | undefined {
  const found = Object.entries(orderStatuses).find(([, status]) => status === message);
  return found?.[0] as OrderState["status"] | undefined;
}

/** Undefined for UNSPECIFIED. */
export function sessionStateOf(message: SessionStateMessage): SessionState | undefined {
  const found = Object.entries(states).find(([, state]) => state === message);
  return found?.[0] as SessionState | undefined;
}

export function money(currencyCode: string, amountMinor: bigint) {
  return { currencyCode, amountMinor };
}

export function sumsMessage({ currencyCode }: Session, { totalMinor, paidMinor }: SessionSums) {
  return totalMinor === undefined
    ? {}
    : { total: money(currencyCode, totalMinor), paid: money(currencyCode, paidMinor) };
}

/** What belongs to a session. */
export interface SessionParts {
  readonly guests: readonly Guest[];
  readonly orders: readonly PlacedOrder[];
  readonly bills: readonly BillMessage[];
}

/** @param parts left out where the contract says so. */
export function sessionMessage(
  session: Session,
  sums: SessionSums,
  parts?: SessionParts,
): MessageInitShape<typeof TableSessionSchema> {
  return {
    sessionId: session.id,
    locationId: session.locationId,
    name: session.name,
    state: states[session.state],
    code: session.code,
    openedTime: timestampFromDate(session.openedAt),
    closedTime: session.closedAt && timestampFromDate(session.closedAt),
    closeReason: session.closeReason,
    version: session.version,
    ...sumsMessage(session, sums),
    ...(parts !== undefined && {
      guests: parts.guests.map(guestMessage),
      orders: parts.orders.map((order) => orderMessage(order, session.currencyCode)),
      bills: [...parts.bills],
    }),
  };
}

export function guestMessage(guest: Guest): MessageInitShape<typeof GuestSchema> {
  return {
    guestId: guest.id,
    nickname: guest.nickname,
    joinedTime: timestampFromDate(guest.joinedAt),
    isTable: guest.isTable,
    isRemoved: guest.isRemoved,
  };
}

export function orderMessage(
  order: PlacedOrder,
  currencyCode: string,
): MessageInitShape<typeof SessionOrderSchema> {
  return {
    orderId: order.orderId,
    guestId: order.guestId,
    staffUserId: order.staffUserId ?? 0n,
    lines: order.lines.map(({ sku, quantity, name, unitPriceMinor, note }) => ({
      sku,
      quantity,
      name,
      unitPrice: money(currencyCode, unitPriceMinor),
      note,
    })),
    note: order.note,
    status: order.status === "placing" ? OrderStatus.UNSPECIFIED : orderStatuses[order.status],
    total: money(currencyCode, order.totalMinor),
    placedTime: timestampFromDate(order.placedAt),
    changedTime: timestampFromDate(order.changedAt),
    version: order.version,
    reason: order.reason,
    billId: order.billId ?? 0n,
  };
}
