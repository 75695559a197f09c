import { create } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { Failure } from "@ordermesh/failure/failure";
import {
  CardSchema,
  type GetPaymentRequest,
  type ListPaymentsRequest,
  PaymentsService,
  PayOutcome,
} from "@ordermesh/proto/ordermesh/payments/v1/payments_pb";
import type { Money } from "@ordermesh/proto/ordermesh/type/v1/money_pb";
import { type BoundService, bindService } from "@ordermesh/rpc/bound-service";
import { type Call, callOf } from "@ordermesh/rpc/call";
import { decodePageToken, encodePageToken, malformed } from "@ordermesh/rpc/page-token";
import { cancelBillPayment, createBillPayment } from "../bill-payments.ts";
import type { Caller } from "../domain/caller.ts";
import { checkCard } from "../domain/card.ts";
import type { AttemptStatus } from "../domain/payment.ts";
import { paymentMessage, refundMessage } from "../events/messages.ts";
import { handleProviderEvent, type ProviderEventOptions } from "../handle-provider-event.ts";
import { type PaymentDesk, pay } from "../pay.ts";
import { getPayment, listPayments } from "../payment-queries.ts";
import { refundPayment } from "../refund.ts";
import { databaseTime, type PaymentName } from "../sql/payments.ts";

export interface PaymentsHandlers {
  readonly desk: PaymentDesk;
  readonly providerEvents: ProviderEventOptions;
}

const pageSizeDefault = 50;

const outcomes: Readonly<Record<AttemptStatus, PayOutcome>> = {
  processing: PayOutcome.PROCESSING,
  captured: PayOutcome.CAPTURED,
  declined: PayOutcome.DECLINED,
};

export function bindPaymentsService({ desk, providerEvents }: PaymentsHandlers): BoundService {
  const { database, askProvider } = desk;
  return bindService(PaymentsService, {
    async createPaymentMethod({ userId, card }, context) {
      const payer = userId === 0n ? selfOf(callOf(context)) : userId;
      const { number, expiryMonth, expiryYear, code } = card ?? create(CardSchema);
      const now = await database.read(databaseTime);
      const checked = checkCard({ number, expiryMonth, expiryYear, code }, now);
      const { token, expiresAt } = await askProvider("tokenise", { card: checked, userId: payer });
      return { paymentMethodToken: token, expiresTime: timestampFromDate(expiresAt) };
    },

    async createBillPayment({ billShareId, userId, amount }) {
      const payment = await createBillPayment(desk, { billShareId, userId, ...checkAmount(amount) });
      return { payment: paymentMessage(payment, []) };
    },

    async cancelBillPayment({ billShareId, giveBack }, context) {
      const { traceparent } = callOf(context);
      const canceled = await cancelBillPayment(desk, { billShareId, givesBack: giveBack, traceparent });
      return { payment: paymentMessage(canceled.payment, canceled.refunds), changed: canceled.changed };
    },

    async pay({ orderId, paymentId, paymentMethodToken, idempotencyKey }, context) {
      const call = callOf(context);
      const { attempt, payment, refunds, replayed } = await pay(desk, callerOf(call), {
        name: nameOf({ orderId, paymentId }),
        methodToken: paymentMethodToken,
        idempotencyKey,
        traceparent: call.traceparent,
      });
      return {
        outcome: outcomes[attempt.status],
        declineCode: attempt.declineCode,
        payment: paymentMessage(payment, refunds),
        replayed,
      };
    },

    async getPayment(request, context) {
      const caller = callerOf(callOf(context));
      const { payment, refunds } = await database.read((db) => getPayment(db, caller, nameOf(request)));
      return { payment: paymentMessage(payment, refunds) };
    },

    listPayments: (request, context) => listPaymentsPage(desk, request, callOf(context)),

    async refund({ paymentId, amount, reason, idempotencyKey }, context) {
      const call = callOf(context);
      const { refund, payment, refunds, replayed } = await refundPayment(desk, callerOf(call), {
        paymentId,
        amount,
        note: reason,
        idempotencyKey,
        traceparent: call.traceparent,
      });
      return {
        refund: refundMessage(refund, payment.currencyCode),
        payment: paymentMessage(payment, refunds),
        replayed,
      };
    },

    async handleProviderEvent({ payload, signature }) {
      const { changed } = await handleProviderEvent(providerEvents, payload, signature, Date.now() / 1000);
      return { changed };
    },
  });
}

function callerOf({ principal, limitedToUserId }: Call): Caller {
  switch (principal.kind) {
    case "user":
      return { name: `user:${principal.userId}`, limitedToUserId };
    case "service":
      return { name: `service:${principal.name}`, limitedToUserId };
    case "guest":
      // Nobody here knows a guest's token: guests pay through the tables service.
      return { name: `guest:${principal.guestId}`, limitedToUserId };
    case "anonymous":
      return { name: "anonymous", limitedToUserId };
  }
}

function selfOf({ principal }: Call): bigint {
  if (principal.kind !== "user") {
    throw invalid("user_id", "must name the user who will pay");
  }
  return principal.userId;
}

function nameOf({ paymentId, orderId }: Pick<GetPaymentRequest, "paymentId" | "orderId">): PaymentName {
  if (paymentId > 0n === orderId > 0n) {
    throw invalid("payment_id", "give either this or order_id");
  }
  return paymentId > 0n ? { paymentId } : { orderId };
}

/** The amount of a bill share. */
function checkAmount(amount: Money | undefined): { currencyCode: string; amountMinor: bigint } {
  const { currencyCode = "", amountMinor = 0n } = amount ?? {};
  if (!/^[A-Z]{3}$/.test(currencyCode)) {
    throw invalid("amount.currency_code", "must be three capital letters");
  }
  if (amountMinor <= 0n) {
    throw invalid("amount.amount_minor", "must be more than 0");
  }
  return { currencyCode, amountMinor };
}

function invalid(field: string, description: string): Failure {
  return new Failure("invalid_argument", `${field}: ${description}.`, {
    reason: "INVALID_REQUEST",
    fieldViolations: [{ field, description }],
  });
}

async function listPaymentsPage({ database }: PaymentDesk, request: ListPaymentsRequest, call: Call) {
  // A token belongs to its caller: another one's would else tell where that one's page ended.
  const userId = request.userId === 0n ? call.limitedToUserId : request.userId;
  const query = { userId: userId ?? 0n, caller: callerOf(call).name };
  const [position] = decodePageToken(request.pageToken, query, 1) ?? [];
  if (position !== undefined && !/^\d{1,18}$/.test(position)) {
    throw malformed("is malformed");
  }
  const before = position === undefined ? undefined : BigInt(position);
  const page = await database.read((db) =>
    listPayments(db, userId, before, request.pageSize || pageSizeDefault),
  );
  return {
    payments: page.payments.map((payment) => paymentMessage(payment, [])),
    nextPageToken: page.before === undefined ? "" : encodePageToken([`${page.before}`], query),
  };
}
