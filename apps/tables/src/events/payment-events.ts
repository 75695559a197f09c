import { type DescMessage, fromBinary, type MessageShape } from "@bufbuild/protobuf";
import { Failure } from "@ordermesh/failure/failure";
import type { IncomingRecord } from "@ordermesh/kafka/record";
import {
  PaymentCanceledSchema,
  PaymentCapturedSchema,
  PaymentDeclinedSchema,
  type PaymentSnapshot,
} from "@ordermesh/proto/ordermesh/events/v1/payment_events_pb";
import type { PaymentNews } from "../domain/payment-news.ts";

/** An event about the payment of a share. */
export interface SharePaymentEvent {
  readonly eventId: string;
  /** Of what published it. */
  readonly traceparent: string;
  readonly news: PaymentNews;
}

/**
 * Reads a record.
 *
 * @returns undefined for what says nothing here: about an order's payment, about a refund, or of a type that this version
 * does not know. A share stays paid when staff give something back.
 * @throws Failure `invalid_argument` for one that is no event, or whose payload is not what its type says.
 */
export function sharePaymentEventOf({ headers, value }: IncomingRecord): SharePaymentEvent | undefined {
  const eventId = headers.ce_id ?? "";
  if (!/^[\x21-\x7e]{1,200}$/.test(eventId)) {
    throw malformed("The header ce_id is missing or is no id.");
  }
  const news = newsOf(headers.ce_type ?? "", value);
  return news && { eventId, traceparent: headers.traceparent ?? "", news };
}

function newsOf(eventType: string, value: Uint8Array): PaymentNews | undefined {
  switch (eventType) {
    case PaymentCapturedSchema.typeName:
      return newsAbout(decode(PaymentCapturedSchema, value).payment, "captured", "");
    case PaymentDeclinedSchema.typeName: {
      const { payment, declineCode } = decode(PaymentDeclinedSchema, value);
      return newsAbout(payment, "declined", declineCode);
    }
    case PaymentCanceledSchema.typeName:
      return newsAbout(decode(PaymentCanceledSchema, value).payment, "canceled", "");
    default:
      return undefined;
  }
}

function newsAbout(
  payment: PaymentSnapshot | undefined,
  standing: PaymentNews["standing"],
  declineCode: string,
): PaymentNews | undefined {
  if (payment === undefined || payment.paymentId <= 0n || payment.version === 0) {
    throw malformed("The event does not say which payment it is about.");
  }
  const { billShareId: shareId, paymentId, version } = payment;
  // It ends up in a table that people read.
  return shareId > 0n
    ? { shareId, paymentId, version, standing, declineCode: declineCode.slice(0, 100) }
    : undefined;
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
