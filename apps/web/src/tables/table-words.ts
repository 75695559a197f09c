import { OrderStatus } from "@ordermesh/proto/ordermesh/loms/v1/order_pb";
import {
  type BillShare,
  BillState,
  SessionState,
  SettlementKind,
  ShareState,
} from "@ordermesh/proto/ordermesh/tables/v1/session_pb";
import { deskStatus, type StatusWord } from "../words.ts";

/** What things at a table are called. */

const orderWords: Partial<Record<OrderStatus, StatusWord>> = {
  [OrderStatus.PLACED]: { tone: "waiting", word: "Waiting" },
  [OrderStatus.ACCEPTED]: { tone: "active", word: "Accepted" },
  [OrderStatus.PREPARING]: { tone: "active", word: "Preparing" },
  [OrderStatus.SERVED]: { tone: "done", word: "Served" },
  [OrderStatus.PAID]: { tone: "done", word: "Paid" },
  [OrderStatus.DECLINED]: { tone: "failed", word: "Declined" },
  [OrderStatus.CANCELED]: { tone: "closed", word: "Canceled" },
};

/** Of an order at a table. */
export function tableOrderStatus(status: OrderStatus): StatusWord {
  return orderWords[status] ?? deskStatus(status);
}

export const sessionWords: Readonly<Record<SessionState, string>> = {
  [SessionState.UNSPECIFIED]: "unknown",
  [SessionState.OPEN]: "open",
  [SessionState.CLOSING]: "closing",
  [SessionState.CLOSED]: "closed",
};

export const billStatus: Readonly<Record<BillState, StatusWord>> = {
  [BillState.UNSPECIFIED]: { tone: "neutral", word: "Unknown" },
  [BillState.OPEN]: { tone: "waiting", word: "To pay" },
  [BillState.SETTLED]: { tone: "done", word: "Settled" },
  [BillState.VOID]: { tone: "closed", word: "Taken back" },
};

const settled: Readonly<Record<SettlementKind, StatusWord>> = {
  [SettlementKind.UNSPECIFIED]: { tone: "done", word: "Paid" },
  [SettlementKind.CARD]: { tone: "done", word: "Paid by card" },
  [SettlementKind.CASH]: { tone: "done", word: "Paid in cash" },
  [SettlementKind.WRITTEN_OFF]: { tone: "closed", word: "Written off" },
};

export function shareStatus({ state, settledBy }: Pick<BillShare, "state" | "settledBy">): StatusWord {
  switch (state) {
    case ShareState.PAID:
      return settled[settledBy];
    case ShareState.PROCESSING:
      return { tone: "active", word: "Being paid" };
    default:
      return { tone: "waiting", word: "To pay" };
  }
}
