import { randomUUID } from "node:crypto";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { OrderStatus } from "@ordermesh/proto/ordermesh/loms/v1/order_pb";
import type { SignedIn } from "../credentials.ts";
import { amount, type Narrator } from "./narrator.ts";
import { payWithGoodCard } from "./paying.ts";
import { untilStatus } from "./returning.ts";

const weekMs = 7 * 86_400_000;
const euros = (amountMinor: bigint) => ({ currencyCode: "EUR", amountMinor });

/** Three visits are sold; one is used, and the money for the rest goes back. */
export async function useVoucher(
  cast: { readonly buyer: SignedIn; readonly seller: SignedIn; readonly platform: SignedIn },
  sku: number,
  narrator: Narrator,
): Promise<void> {
  const { buyer, seller, platform } = cast;
  const { orderId } = await platform.clients.orders.createOrder({
    userId: buyer.userId,
    idempotencyKey: randomUUID(),
    workflow: "service",
    lines: [{ sku, quantity: 1, name: "Three visits", unitPrice: euros(3_000n) }],
    voucher: {
      serviceTimes: 3,
      unitPrice: euros(1_200n),
      validUntilTime: timestampFromDate(new Date(Date.now() + weekMs)),
      anytimeRefund: true,
      expirationRefund: true,
      mobile: "+4915112345678",
    },
  });
  await payWithGoodCard(buyer, orderId);
  await untilStatus(buyer, orderId, OrderStatus.PAID);
  const { codes } = await buyer.clients.orders.getVoucher({ orderId });
  const texts = codes.map(({ code }) => code);
  narrator.step(`has three visits for ${amount(euros(3_000n))}, order ${orderId}: ${texts.join(", ")}`);

  const show = async (code = "") => {
    const { message } = await seller.clients.orders.validateVoucherCode({ code });
    narrator.step(`shows ${code} at the counter: ${message}`);
  };
  await show(texts[0]);
  await show(texts[0]);
  await buyer.clients.orders.applyAction({ orderId, action: "request refund" });
  narrator.step("moves away, and asks for the rest of the money");
  await show(texts[1]);
  await untilStatus(buyer, orderId, OrderStatus.COMPLETED);
  const { order } = await buyer.clients.orders.getOrder({ orderId });
  narrator.step(
    `has ${amount(order?.refunded)} back: order ${orderId} is ${OrderStatus[order?.status ?? 0]}`,
  );
}
