import { create, toBinary } from "@bufbuild/protobuf";
import type { IncomingRecord } from "@ordermesh/kafka/record";
import {
  PaymentCanceledSchema,
  PaymentCapturedSchema,
  PaymentDeclinedSchema,
  PaymentRefundedSchema,
  PaymentRefundFailedSchema,
} from "@ordermesh/proto/ordermesh/events/v1/payment_events_pb";
import { RefundReason } from "@ordermesh/proto/ordermesh/payments/v1/payment_pb";
import { expect, test } from "vitest";
import { paymentEventOf } from "./incoming.ts";

const money = { currencyCode: "EUR", amountMinor: 500n };
const refund = { refundId: 3n, amount: money, reason: RefundReason.REQUESTED };

function recordsAbout(subject: { orderId: bigint; billShareId: bigint }): IncomingRecord[] {
  const payment = { paymentId: 9n, version: 4, amount: money, captured: money, ...subject };
  return [
    [PaymentCapturedSchema, { payment }] as const,
    [PaymentDeclinedSchema, { payment, declineCode: "card_declined" }] as const,
    [PaymentRefundedSchema, { payment, refund }] as const,
    [PaymentRefundFailedSchema, { payment, refund, orderId: subject.orderId }] as const,
    [PaymentCanceledSchema, { payment }] as const,
  ].map(([schema, message], index) => ({
    topic: "payments.events.v1",
    partition: 0,
    offset: BigInt(index),
    key: "17",
    headers: { ce_id: `${index}`, ce_type: schema.typeName },
    value: toBinary(schema, create(schema, message)),
  }));
}

test("the payment of a bill share pays, refunds and changes no order, whatever is told of it", () => {
  for (const record of recordsAbout({ orderId: 0n, billShareId: 17n })) {
    expect(paymentEventOf(record)).toMatchObject({ news: undefined, refund: undefined });
  }
  const ofOrder = recordsAbout({ orderId: 17n, billShareId: 0n }).map(paymentEventOf);
  expect(ofOrder.map(({ news }) => news?.orderId)).toEqual([17n, 17n, 17n, undefined, 17n]);
  expect(ofOrder[2]?.refund).toEqual({ kind: "refunded_elsewhere", orderId: 17n, amountMinor: 500 });
});
