import { create } from "@bufbuild/protobuf";
import type { ServiceImpl } from "@connectrpc/connect";
import { CardSchema } from "@ordermesh/proto/ordermesh/payments/v1/payments_pb";
import { SettlementKind } from "@ordermesh/proto/ordermesh/tables/v1/session_pb";
import type { MakeBillRequest, TablesService } from "@ordermesh/proto/ordermesh/tables/v1/tables_pb";
import { callOf } from "@ordermesh/rpc/call";
import type { BillDesk } from "../bill-desk.ts";
import { forGuestsOnly } from "../domain/bill-failures.ts";
import { badRequest } from "../domain/session-failures.ts";
import { billMessage, shareMessage } from "../events/bill-messages.ts";
import { makeBill, type MakeBillRequest as Wanted } from "../make-bill.ts";
import { payShare } from "../pay-share.ts";
import { callerOf, requireSession } from "../session-access.ts";
import { settleShare } from "../settle-share.ts";
import { voidBill } from "../void-bill.ts";

/** What of TablesService is about bills. */
export type BillCalls = Pick<
  ServiceImpl<typeof TablesService>,
  "makeBill" | "voidBill" | "createGuestPaymentMethod" | "payShare" | "settleShare"
>;

/** The calls of TablesService that are about bills. */
export function billCalls(desk: BillDesk): BillCalls {
  return {
    async makeBill({ sessionId, split, orderIds }, context) {
      const call = callOf(context);
      const request = { sessionId, split: splitOf(split), orderIds, traceparent: call.traceparent };
      return { bill: billMessage(await makeBill(desk, callerOf(call), request)) };
    },

    async voidBill({ sessionId, billId }, context) {
      return { bill: billMessage(await voidBill(desk, callerOf(callOf(context)), { sessionId, billId })) };
    },

    async createGuestPaymentMethod({ sessionId, card }, context) {
      const call = callOf(context);
      const caller = callerOf(call);
      await desk.database.read((db) => requireSession(db, caller, sessionId));
      if (caller.kind !== "guest") {
        throw forGuestsOnly("Giving a card");
      }
      const given = card ?? create(CardSchema);
      return { paymentMethod: await desk.payments.createMethod(caller.guestId, given, call) };
    },

    async payShare({ sessionId, shareId, paymentMethod, idempotencyKey }, context) {
      const call = callOf(context);
      const { share, currencyCode } = await payShare(desk, callerOf(call), {
        sessionId,
        shareId,
        methodToken: paymentMethod,
        idempotencyKey,
        traceparent: call.traceparent,
      });
      return { share: shareMessage(share, currencyCode) };
    },

    async settleShare({ sessionId, shareId, kind, memo }, context) {
      const call = callOf(context);
      const { share, currencyCode, changed } = await settleShare(desk, callerOf(call), {
        sessionId,
        shareId,
        how: settlementOf(kind),
        memo,
        traceparent: call.traceparent,
      });
      return { share: shareMessage(share, currencyCode), changed };
    },
  };
}

function splitOf(split: MakeBillRequest["split"]): Wanted["split"] {
  switch (split.case) {
    case "byGuest":
      return { kind: "by_guest" };
    case "evenly":
      return { kind: "evenly", shares: split.value.shares };
    default:
      throw badRequest("split", "says by_guest or evenly");
  }
}

function settlementOf(kind: SettlementKind): "cash" | "written_off" {
  switch (kind) {
    case SettlementKind.CASH:
      return "cash";
    case SettlementKind.WRITTEN_OFF:
      return "written_off";
    default:
      throw badRequest("kind", "is CASH or WRITTEN_OFF: a card is charged with PayShare");
  }
}
