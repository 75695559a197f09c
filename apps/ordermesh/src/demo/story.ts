import { randomUUID } from "node:crypto";
import { ConnectError } from "@connectrpc/connect";
import { pause } from "@ordermesh/process/wait";
import { PreconditionFailureSchema } from "@ordermesh/proto/google/rpc/error_details_pb";
import { CancelReason, OrderStatus } from "@ordermesh/proto/ordermesh/loms/v1/order_pb";
import type { MeshClients } from "../clients.ts";
import { amount, type Narrator } from "./narrator.ts";

/** How long the third order's buyer gets to pay. */
const shortWindowSeconds = 3;

/** Events that the whole story makes: created, second status and end for three orders; two for the failed one. */
export const eventsExpected = 11;

/**
 * Four orders of one buyer: paid, canceled, too late, and more than there is. Every line of it is what a service
 * answered.
 */
export async function tellStory(clients: MeshClients, userId: bigint, narrator: Narrator): Promise<void> {
  const [kettle, lamp] = await chooseProducts(clients);

  narrator.chapter("1. A cart becomes an order, and is paid");
  await clients.checkout.addToCart({ userId, sku: kettle, quantity: 2 });
  await clients.checkout.addToCart({ userId, sku: lamp, quantity: 1 });
  const cart = await clients.checkout.listCart({ userId });
  for (const { sku, quantity, name, price } of cart.lines) {
    narrator.step(`cart: ${quantity} × ${name} (SKU ${sku}) at ${amount(price)}`);
  }
  narrator.step(`cart: ${amount(cart.total)} in all`);
  const first = await clients.checkout.purchase({ userId });
  narrator.step(`purchased: order ${first.orderId}, ${amount(first.total)}`);
  await clients.orders.payOrder({ orderId: first.orderId });
  narrator.step(`paid order ${first.orderId}: ${await describe(clients, first.orderId)}`);

  narrator.chapter("2. A second thought");
  await clients.checkout.addToCart({ userId, sku: lamp, quantity: 3 });
  const second = await clients.checkout.purchase({ userId });
  narrator.step(`purchased: order ${second.orderId}`);
  await clients.orders.cancelOrder({ orderId: second.orderId });
  narrator.step(`canceled order ${second.orderId}: ${await describe(clients, second.orderId)}`);

  narrator.chapter(`3. Too late (this buyer has ${shortWindowSeconds} s to pay instead of ten minutes)`);
  const third = await clients.orders.createOrder({
    userId,
    idempotencyKey: randomUUID(),
    lines: [{ sku: kettle, quantity: 1 }],
    paymentWindow: { seconds: BigInt(shortWindowSeconds), nanos: 0 },
  });
  narrator.step(`ordered: order ${third.orderId}, and goes for a walk`);
  await untilCanceled(clients, third.orderId);
  narrator.step(`comes back: ${await describe(clients, third.orderId)}`);
  narrator.step(`tries to pay: ${await refusalOf(clients.orders.payOrder({ orderId: third.orderId }))}`);

  narrator.chapter("4. More than there is");
  const { availabilities } = await clients.inventory.getAvailability({ skus: [lamp] });
  const tooMany = Number(availabilities[0]?.available ?? 0n) + 1;
  narrator.step(
    `puts ${tooMany} into the cart: ${await refusalOf(clients.checkout.addToCart({ userId, sku: lamp, quantity: tooMany }))}`,
  );
  const fourth = await clients.orders.createOrder({
    userId,
    idempotencyKey: randomUUID(),
    lines: [{ sku: lamp, quantity: tooMany }],
  });
  const short = fourth.shortages.map(
    ({ sku, requested, available }) => `SKU ${sku}: ${requested} asked, ${available} there`,
  );
  narrator.step(
    `orders them anyway: order ${fourth.orderId} is ${OrderStatus[fourth.status]} (${short.join(", ")})`,
  );
}

/** Two products of the catalogue that are in stock. */
async function chooseProducts(clients: MeshClients): Promise<[number, number]> {
  const { skus } = await clients.products.listSkus({ count: 100 });
  const { availabilities } =
    skus.length === 0 ? { availabilities: [] } : await clients.inventory.getAvailability({ skus });
  const [first, second] = availabilities.filter(({ available }) => available >= 10n).map(({ sku }) => sku);
  if (first === undefined || second === undefined) {
    throw new Error(
      "The first 100 SKUs of the catalogue are sold out. Run `npx ordermesh seed`, or start with --fresh.",
    );
  }
  return [first, second];
}

async function describe(clients: MeshClients, orderId: bigint): Promise<string> {
  const { order } = await clients.orders.getOrder({ orderId });
  const reason = order?.cancelReason ? ` (${CancelReason[order.cancelReason]})` : "";
  return `it is ${OrderStatus[order?.status ?? 0]}${reason}, version ${order?.version}`;
}

async function untilCanceled(clients: MeshClients, orderId: bigint): Promise<void> {
  for (let waitedMs = 0; waitedMs < shortWindowSeconds * 1_000 + 10_000; waitedMs += 100) {
    const { order } = await clients.orders.getOrder({ orderId });
    if (order?.status === OrderStatus.CANCELED) {
      return;
    }
    await pause(100);
  }
  throw new Error(`Order ${orderId} was not canceled after its deadline.`);
}

/** Why a call was refused, as its caller reads it. */
async function refusalOf(call: Promise<unknown>): Promise<string> {
  try {
    await call;
  } catch (error) {
    const refusal = ConnectError.from(error);
    const [violation] = refusal.findDetails(PreconditionFailureSchema)[0]?.violations ?? [];
    return violation === undefined ? refusal.rawMessage : `refused, ${violation.description}`;
  }
  throw new Error("A call succeeded that should have been refused.");
}
