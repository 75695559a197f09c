import { type DescMessage, fromBinary, type MessageShape } from "@bufbuild/protobuf";
import { Failure } from "@ordermesh/failure/failure";
import type { IncomingRecord } from "@ordermesh/kafka/record";
import {
  PaymentCanceledSchema,
  PaymentCapturedSchema,
  PaymentDeclinedSchema,
  PaymentRefundedSchema,
  PaymentRefundFailedSchema,
  type PaymentSnapshot,
} from "@ordermesh/proto/ordermesh/events/v1/payment_events_pb";
import { PaymentCancelReason, RefundReason } from "@ordermesh/proto/ordermesh/payments/v1/payment_pb";
import type { PaymentNews, RefundNews } from "../domain/payment-news.ts";

/** What this service reads. The number of partitions is the payment service's. */
export const paymentsTopic = { name: "payments.events.v1", partitions: 12 } as const;

/** Whose offsets and inbox rows are this service's. */
export const paymentsGroup = "loms";

/** One event of the topic. */
export interface PaymentEvent {
  readonly eventId: string;
  /** Of what published it. */
  readonly traceparent: string;
  /**
   * Undefined for a type that this version does not know, because a newer payment service may tell more, and for the
   * payment of a bill share at a table, which is no order's.
   */
  readonly news: PaymentNews | undefined;
  /** Of an event that is about a refund. */
  readonly refund: RefundNews | undefined;
}

/**
 * Reads a record.
 *
 * @throws Failure `invalid_argument` for one that is no event, or whose payload is not what its type says.
 */
export function paymentEventOf({ headers, value }: IncomingRecord): PaymentEvent {
  const eventId = headers.ce_id ?? "";
  if (!/^[\x21-\x7e]{1,200}$/.test(eventId)) {
    throw malformed("The header ce_id is missing or is no id.");
  }
  const eventType = headers.ce_type ?? "";
  return {
    eventId,
    traceparent: headers.traceparent ?? "",
    news: newsOf(eventType, value),
    refund: refundNewsOf(eventType, value),
  };
}

function refundNewsOf(eventType: string, value: Uint8Array): RefundNews | undefined {
  switch (eventType) {
    case PaymentRefundedSchema.typeName: {
      const { payment, refund } = decode(PaymentRefundedSchema, value);
      if (payment === undefined || refund === undefined) {
        return undefined;
      }
      if (payment.billShareId > 0n) {
        return undefined;
      }
      const { orderId } = payment;
      if (refund.orderRefundId > 0n) {
        return { kind: "refunded", orderId, refundId: refund.orderRefundId };
      }
      // What goes back because an order ended unpaid, or was paid twice, had never counted as its money.
      const isElsewhere =
        refund.reason === RefundReason.REQUESTED || refund.reason === RefundReason.MADE_AT_PROVIDER;
      const amountMinor = Number(refund.amount?.amountMinor ?? 0n);
      return isElsewhere && amountMinor > 0
        ? { kind: "refunded_elsewhere", orderId, amountMinor }
        : undefined;
    }
    case PaymentRefundFailedSchema.typeName: {
      const { orderId, orderRefundId, failureCode } = decode(PaymentRefundFailedSchema, value);
      return orderRefundId > 0n
        ? { kind: "failed", orderId, refundId: orderRefundId, failureCode: failureCode.slice(0, 100) }
        : undefined;
    }
    default:
      return undefined;
  }
}

function newsOf(eventType: string, value: Uint8Array): PaymentNews | undefined {
  switch (eventType) {
    case PaymentCapturedSchema.typeName:
      return newsAbout(decode(PaymentCapturedSchema, value).payment, "captured", "");
    case PaymentDeclinedSchema.typeName: {
      const { payment, declineCode } = decode(PaymentDeclinedSchema, value);
      return newsAbout(payment, "declined", declineCode);
    }
    case PaymentRefundedSchema.typeName: {
      const { payment, refund } = decode(PaymentRefundedSchema, value);
      return newsAbout(payment, "refunded", nameOf(RefundReason, refund?.reason));
    }
    case PaymentCanceledSchema.typeName: {
      const { payment, reason } = decode(PaymentCanceledSchema, value);
      return newsAbout(payment, "canceled", nameOf(PaymentCancelReason, reason));
    }
    default:
      return undefined;
  }
}

/** "order_expired" for ORDER_EXPIRED; a number that this version has no name for stays one. */
function nameOf(names: Readonly<Record<number, string>>, value: number | undefined): string {
  return (names[value ?? 0] ?? `${value}`).toLowerCase();
}

function newsAbout(
  payment: PaymentSnapshot | undefined,
  kind: PaymentNews["kind"],
  reason: string,
): PaymentNews | undefined {
  if (payment !== undefined && payment.billShareId > 0n) {
    return undefined;
  }
  if (payment === undefined || payment.orderId <= 0n || payment.paymentId <= 0n || payment.version === 0) {
    throw malformed("The event does not say which payment of which order it is about.");
  }
  const { orderId, paymentId, version, amount, captured, refunded } = payment;
  return {
    kind,
    orderId,
    paymentId,
    version,
    // It ends up in a table that people read.
    reason: reason.slice(0, 100),
    currencyCode: amount?.currencyCode ?? "",
    capturedMinor: captured?.amountMinor ?? 0n,
    refundedMinor: refunded?.amountMinor ?? 0n,
  };
}

function decode<Schema extends DescMessage>(schema: Schema, value: Uint8Array): MessageShape<Schema> {
  try {
    return fromBinary(schema, value);
  } catch (error) {
    throw malformed(`The value is no ${schema.typeName}.`, error);
  }
}

function malformed(message: string, cause?: unknown): Failure {
  return new Failure("invalid_argument", message, { reason: "MALFORMED_EVENT", cause });
}
