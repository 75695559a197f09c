import { create, type DescMessage, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import type { OutboxEvent } from "@ordermesh/outbox/outbox";
import {
  PaymentCanceledSchema,
  PaymentCapturedSchema,
  PaymentDeclinedSchema,
  PaymentRefundedSchema,
  PaymentRefundFailedSchema,
  type PaymentSnapshotSchema,
} from "@ordermesh/proto/ordermesh/events/v1/payment_events_pb";
import { type OrderRefundRefusal, type OrderRefundRequest, refusalTextOf } from "../domain/order-refund.ts";
import { endReasonOf, type Payment, type Refund } from "../domain/payment.ts";
import { cancelReasonMessage, money, refundMessage, statusMessage, subjectFields } from "./messages.ts";

/** Where the events of this service go. The number of partitions is fixed: another one would break the order per key. */
export const paymentsTopic = { name: "payments.events.v1", partitions: 12 } as const;

/** What the world is told. */
export type News =
  | { readonly kind: "captured" }
  | { readonly kind: "declined" }
  | { readonly kind: "refunded"; readonly refund: Refund }
  | { readonly kind: "refund_failed"; readonly refund: Refund }
  | { readonly kind: "canceled" };

/** The event that tells of a change, with the payment as it is after it. */
export function paymentEvent(payment: Payment, news: News, traceparent: string): OutboxEvent {
  const snapshot = snapshotOf(payment);
  switch (news.kind) {
    case "captured":
      return eventOf(payment, PaymentCapturedSchema, { payment: snapshot }, traceparent);
    case "declined": {
      const { declineCode } = payment;
      return eventOf(payment, PaymentDeclinedSchema, { payment: snapshot, declineCode }, traceparent);
    }
    case "refunded": {
      const refund = refundMessage(news.refund, payment.currencyCode);
      return eventOf(payment, PaymentRefundedSchema, { payment: snapshot, refund }, traceparent);
    }
    case "refund_failed": {
      const { failureCode, orderRefundId } = news.refund;
      const message = {
        payment: snapshot,
        refund: refundMessage(news.refund, payment.currencyCode),
        ...subjectFields(payment),
        orderRefundId: orderRefundId ?? 0n,
        failureCode,
        description: `The payment provider refused the refund: ${failureCode}.`,
      };
      return eventOf(payment, PaymentRefundFailedSchema, message, traceparent);
    }
    case "canceled": {
      const reason = cancelReasonMessage(endReasonOf(payment.orderState));
      return eventOf(payment, PaymentCanceledSchema, { payment: snapshot, reason }, traceparent);
    }
  }
}

/** The event that tells an order that it does not get what it has asked for, and why. */
export function refusedRefundEvent(
  payment: Payment | undefined,
  request: OrderRefundRequest,
  refusal: OrderRefundRefusal,
  traceparent: string,
): OutboxEvent {
  const { orderId, orderRefundId } = request;
  const message = {
    payment: payment && snapshotOf(payment),
    orderId,
    orderRefundId,
    failureCode: refusal,
    description: refusalTextOf(refusal, request),
  };
  return eventOf(
    { subject: { kind: "order", id: orderId } },
    PaymentRefundFailedSchema,
    message,
    traceparent,
  );
}

function eventOf<Schema extends DescMessage>(
  { subject }: Pick<Payment, "subject">,
  schema: Schema,
  message: MessageInitShape<Schema>,
  traceparent: string,
): OutboxEvent {
  return {
    aggregateType: "payment",
    // The order's or share's id and not the payment's: whoever follows an order finds its payment's news in order.
    aggregateId: subject.id,
    type: schema.typeName,
    payload: toBinary(schema, create(schema, message)),
    traceparent,
  };
}

function snapshotOf(payment: Payment): MessageInitShape<typeof PaymentSnapshotSchema> {
  const { currencyCode } = payment;
  return {
    paymentId: payment.id,
    ...subjectFields(payment),
    userId: payment.userId,
    version: payment.version,
    status: statusMessage(payment.status),
    amount: money(currencyCode, payment.amountMinor),
    captured: money(currencyCode, payment.capturedMinor),
    refunded: money(currencyCode, payment.refundedMinor),
    createdTime: timestampFromDate(payment.createdAt),
  };
}
