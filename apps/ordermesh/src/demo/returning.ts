import type { Message, MessageInitShape } from "@bufbuild/protobuf";
import { pause } from "@ordermesh/process/wait";
import { OrderStatus } from "@ordermesh/proto/ordermesh/loms/v1/order_pb";
import type { ApplyActionRequestSchema } from "@ordermesh/proto/ordermesh/loms/v1/workflow_pb";
import type { SignedIn } from "../credentials.ts";
import { amount, type Narrator } from "./narrator.ts";
import { payWithGoodCard } from "./paying.ts";

const waitMs = 15_000;

/** A lamp that does not fit: it is shipped, sent back, and its money comes back with an event of the payment service. */
export async function sendBack(
  buyer: SignedIn,
  seller: SignedIn,
  sku: number,
  narrator: Narrator,
): Promise<void> {
  const { clients, userId } = buyer;
  await clients.checkout.addToCart({ userId, sku, quantity: 1 });
  const { orderId } = await clients.checkout.purchase({ userId });
  await payWithGoodCard(buyer, orderId);
  await untilStatus(buyer, orderId, OrderStatus.PAID);
  narrator.step(`has paid order ${orderId}; ${await offers(seller, orderId, "S")}`);

  const parcel = { carrier: "DHL", trackingNumber: "JD014600003829" };
  await actAs(seller, orderId, "ship the order", { parameters: parcel });
  narrator.step(`the seller ships it: ${parcel.carrier} ${parcel.trackingNumber}`);
  narrator.step(`has another look; ${await offers(buyer, orderId, "B", sku)}`);

  const wish = { itemSku: sku, parameters: { reason: "It does not fit." } };
  await actAs(buyer, orderId, "request refund with return", wish);
  await actAs(seller, orderId, "agree refund", {
    itemSku: sku,
    parameters: { memo: "Please send it back." },
  });
  narrator.step(`asks for the money back, and the seller agrees: ${await codes(buyer, orderId)}`);
  await actAs(buyer, orderId, "ship back", {
    itemSku: sku,
    parameters: { ...parcel, trackingNumber: "1Z999" },
  });
  await actAs(seller, orderId, "agree refund", { itemSku: sku });
  narrator.step(`sends it back, and the seller has it: ${await codes(buyer, orderId)}`);
  await untilStatus(buyer, orderId, OrderStatus.CANCELED);
  const { order } = await clients.orders.getOrder({ orderId });
  narrator.step(`has ${amount(order?.refunded)} back: ${await codes(buyer, orderId)}`);
}

async function actAs(
  { clients }: SignedIn,
  orderId: bigint,
  action: string,
  more: Exclude<MessageInitShape<typeof ApplyActionRequestSchema>, Message>,
): Promise<void> {
  await clients.orders.applyAction({ ...more, orderId, action });
}

/** What somebody may do with an order, or with an item of it, in words. */
async function offers({ clients }: SignedIn, orderId: bigint, role: string, sku = 0): Promise<string> {
  const { roles } = await clients.orders.listAllowedActions({ orderId, role });
  const actions = roles.flatMap(({ actions: ofOrder, items }) =>
    sku === 0 ? ofOrder : items.filter(({ itemSku }) => itemSku === sku).flatMap((item) => item.actions),
  );
  return `${role} may: ${actions.join(", ")}`;
}

/** Where an order, its item and its refund stand: "FS/WR/WSA". */
async function codes({ clients }: SignedIn, orderId: bigint): Promise<string> {
  const { order } = await clients.orders.getOrder({ orderId });
  const [item] = order?.items ?? [];
  return [order?.stateCode, item?.stateCode, item?.refunds.at(-1)?.stateCode].join("/");
}

/** The order hears of money by the payment service's events. */
export async function untilStatus(
  { clients }: SignedIn,
  orderId: bigint,
  status: OrderStatus,
): Promise<void> {
  for (const deadline = performance.now() + waitMs; performance.now() < deadline; await pause(50)) {
    const { order } = await clients.orders.getOrder({ orderId });
    if (order?.status === status) {
      return;
    }
  }
  throw new Error(`Order ${orderId} was not ${OrderStatus[status]} after ${waitMs / 1_000} s.`);
}
