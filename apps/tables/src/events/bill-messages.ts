import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import {
  type BillSchema,
  type BillShareSchema,
  BillState as BillStateMessage,
  SettlementKind,
  ShareState as ShareStateMessage,
} from "@ordermesh/proto/ordermesh/tables/v1/session_pb";
import type { Bill, BillShare, BillState, Settlement, ShareState } from "../domain/bill.ts";
import { money } from "./session-messages.ts";

const billStates: Readonly<Record<BillState, BillStateMessage>> = {
  open: BillStateMessage.OPEN,
  settled: BillStateMessage.SETTLED,
  void: BillStateMessage.VOID,
};

const shareStates: Readonly<Record<ShareState, ShareStateMessage>> = {
  unpaid: ShareStateMessage.UNPAID,
  processing: ShareStateMessage.PROCESSING,
  paid: ShareStateMessage.PAID,
};

const settlements: Readonly<Record<Settlement, SettlementKind>> = {
  card: SettlementKind.CARD,
  cash: SettlementKind.CASH,
  written_off: SettlementKind.WRITTEN_OFF,
};

export function billMessage(bill: Bill): MessageInitShape<typeof BillSchema> {
  const { currencyCode } = bill;
  return {
    billId: bill.id,
    state: billStates[bill.state],
    orderIds: [...bill.orderIds],
    total: money(currencyCode, bill.totalMinor),
    shares: bill.shares.map((share) => shareMessage(share, currencyCode)),
    madeTime: timestampFromDate(bill.madeAt),
  };
}

export function shareMessage(
  share: BillShare,
  currencyCode: string,
): MessageInitShape<typeof BillShareSchema> {
  return {
    shareId: share.id,
    guestId: share.guestId ?? 0n,
    amount: money(currencyCode, share.amountMinor),
    state: shareStates[share.state],
    settledBy: share.settledBy === undefined ? SettlementKind.UNSPECIFIED : settlements[share.settledBy],
    declineCode: share.declineCode,
  };
}
