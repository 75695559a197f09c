import { randomUUID } from "node:crypto";
import type { Message, MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { CheckoutService } from "@ordermesh/proto/ordermesh/checkout/v1/checkout_pb";
import { LomsService } from "@ordermesh/proto/ordermesh/loms/v1/loms_pb";
import { OrderStatus } from "@ordermesh/proto/ordermesh/loms/v1/order_pb";
import type { ApplyActionRequestSchema } from "@ordermesh/proto/ordermesh/loms/v1/workflow_pb";
import { PaymentsService } from "@ordermesh/proto/ordermesh/payments/v1/payments_pb";
import { eventually } from "@ordermesh/testkit/eventually";
import type { Caller } from "./caller.ts";

/*
 * Orders that are there before a story begins, or that somebody makes of whom the story does not tell: by calls, which
 * are a hundred times faster than pages.
 */

const weekMs = 7 * 86_400_000;
const lamp = 1_076_963;

/** An order that is not paid. @param skus one of each; a lamp unless told. */
export async function orderOf(buyer: Caller, skus: readonly number[] = [lamp]): Promise<bigint> {
  const checkout = buyer.client(CheckoutService);
  const { userId } = buyer;
  const { lines } = await checkout.listCart({ userId });
  for (const { sku, quantity } of lines) {
    await checkout.deleteFromCart({ userId, sku, quantity });
  }
  for (const sku of skus) {
    await checkout.addToCart({ userId, sku, quantity: 1 });
  }
  return (await checkout.purchase({ userId })).orderId;
}

/** Pays an order with a card that is good, and waits until the order knows. */
export async function payFor(buyer: Caller, orderId: bigint): Promise<bigint> {
  const payments = buyer.client(PaymentsService);
  // A payment is made by the order's event, a moment after the order.
  await eventually(() => payments.getPayment({ orderId }));
  const card = { number: "4242424242424242", expiryMonth: 12, expiryYear: 2030, code: "123" };
  const { paymentMethodToken } = await payments.createPaymentMethod({ userId: buyer.userId, card });
  await payments.pay({ orderId, paymentMethodToken, idempotencyKey: randomUUID() });
  await untilStatus(buyer, orderId, OrderStatus.PAID);
  return orderId;
}

export async function paidOrderOf(buyer: Caller, skus?: readonly number[]): Promise<bigint> {
  return await payFor(buyer, await orderOf(buyer, skus));
}

/** Three visits, of which the money can be had back. Not paid. @param platform whoever sells services. */
export async function voucherFor(buyer: Caller, platform: Caller): Promise<bigint> {
  const { orderId } = await platform.client(LomsService).createOrder({
    userId: buyer.userId,
    idempotencyKey: randomUUID(),
    workflow: "service",
    lines: [
      {
        sku: lamp,
        quantity: 1,
        name: "Three visits to the bath",
        unitPrice: { currencyCode: "EUR", amountMinor: 3_000n },
      },
    ],
    voucher: {
      serviceTimes: 3,
      unitPrice: { currencyCode: "EUR", amountMinor: 1_200n },
      validUntilTime: timestampFromDate(new Date(Date.now() + weekMs)),
      anytimeRefund: true,
      expirationRefund: true,
      mobile: "+4915112345678",
    },
  });
  return orderId;
}

/** Takes an action, as the desk does. */
export async function act(
  caller: Caller,
  orderId: bigint,
  action: string,
  more: Exclude<MessageInitShape<typeof ApplyActionRequestSchema>, Message> = {},
): Promise<void> {
  await caller.client(LomsService).applyAction({ ...more, orderId, action, idempotencyKey: randomUUID() });
}

export async function untilStatus(caller: Caller, orderId: bigint, status: OrderStatus): Promise<void> {
  await eventually(async () => {
    const { order } = await caller.client(LomsService).getOrder({ orderId });
    if (order?.status !== status) {
      throw new Error(`Order ${orderId} is ${OrderStatus[order?.status ?? 0]}, not ${OrderStatus[status]}.`);
    }
  });
}
