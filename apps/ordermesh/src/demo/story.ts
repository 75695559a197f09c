import { randomUUID } from "node:crypto";
import { ConnectError } from "@connectrpc/connect";
import { pause } from "@ordermesh/process/wait";
import { PreconditionFailureSchema } from "@ordermesh/proto/google/rpc/error_details_pb";
import { CancelReason, OrderStatus } from "@ordermesh/proto/ordermesh/loms/v1/order_pb";
import type { Payment } from "@ordermesh/proto/ordermesh/payments/v1/payment_pb";
import type { MeshClients } from "../clients.ts";
import type { SignedIn } from "../credentials.ts";
import { dineOut } from "./dining.ts";
import { amount, type Narrator } from "./narrator.ts";
import type { Sightings } from "./observers.ts";
import { payAtSecondTry, payWithGoodCard, refundSome } from "./paying.ts";
import { sendBack } from "./returning.ts";
import { useVoucher } from "./voucher.ts";

/** How long the third order's buyer gets to pay. */
const shortWindowSeconds = 3;

/**
 * What the whole story makes. Of orders: created, second status and end for three of them, two for the failed one, eleven
 * for the one that is sent back, and six for the voucher. Of payments: declined, captured and refunded for the first,
 * canceled for the second and the third, captured and refunded for the last two. A buyer is not told of steps of his own,
 * nor of what follows from another step.
 */
export const sightingsExpected: Sightings = { orderEvents: 28, paymentEvents: 9, notifications: 25 };

/** Who plays in it. */
export interface Cast {
  readonly buyer: SignedIn;
  /** Ships, takes back, and gives money back. */
  readonly seller: SignedIn;
  /** Places orders with a deadline and prices of its own, for the buyer. */
  readonly platform: SignedIn;
  /** Staff of the first demo location. */
  readonly waiter: SignedIn;
  /** Clients that carry a guest's token. */
  openFor(guestToken: string): Promise<MeshClients>;
}

/**
 * Six orders of one buyer: paid, canceled, too late, more than there is, sent back, and a voucher; and an evening of
 * others at a table, of which this buyer hears nothing. Every line of it is what a service answered.
 */
export async function tellStory(cast: Cast, narrator: Narrator): Promise<void> {
  const { buyer, seller, platform, waiter } = cast;
  const { clients } = buyer;
  const [kettle, lamp] = await chooseProducts(clients);
  await emptyCart(buyer, narrator);

  narrator.chapter("1. A cart becomes an order, and is paid");
  await payForCart(buyer, [kettle, lamp], narrator, (payment) => refundSome(seller, payment, narrator));

  narrator.chapter("2. A second thought");
  await clients.checkout.addToCart({ sku: lamp, quantity: 3, userId: buyer.userId });
  const second = await clients.checkout.purchase({ userId: buyer.userId });
  narrator.step(`purchased: order ${second.orderId}`);
  await clients.orders.cancelOrder({ orderId: second.orderId });
  narrator.step(`canceled order ${second.orderId}: ${await describe(clients, second.orderId)}`);

  narrator.chapter(`3. Too late (this buyer has ${shortWindowSeconds} s to pay instead of ten minutes)`);
  const third = await orderWithShortWindow(platform, buyer.userId, kettle);
  narrator.step(`ordered: order ${third}, and goes for a walk`);
  await untilCanceled(clients, third);
  narrator.step(`comes back: ${await describe(clients, third)}`);
  narrator.step(`tries to pay: ${await refusalOf(payWithGoodCard(buyer, third))}`);

  narrator.chapter("4. More than there is");
  await orderTooMany(platform, buyer, lamp, narrator);

  narrator.chapter("5. It does not fit");
  await sendBack(buyer, seller, lamp, narrator);

  narrator.chapter("6. Three visits");
  await useVoucher({ buyer, seller, platform }, kettle, narrator);

  narrator.chapter("7. An evening at a table");
  await dineOut(waiter, cast.openFor, narrator);
}

/** What an earlier visitor of this mesh may have left in the buyer's cart. */
async function emptyCart({ clients, userId }: SignedIn, narrator: Narrator): Promise<void> {
  const { lines } = await clients.checkout.listCart({ userId });
  for (const { sku, quantity } of lines) {
    await clients.checkout.deleteFromCart({ userId, sku, quantity });
    narrator.step(`puts back what was in the cart: ${quantity} of SKU ${sku}`);
  }
}

async function payForCart(
  buyer: SignedIn,
  [kettle, lamp]: readonly [number, number],
  narrator: Narrator,
  afterwards: (payment: Payment) => Promise<void>,
): Promise<void> {
  const { clients, userId } = buyer;
  await clients.checkout.addToCart({ userId, sku: kettle, quantity: 2 });
  await clients.checkout.addToCart({ userId, sku: lamp, quantity: 1 });
  const cart = await clients.checkout.listCart({ userId });
  for (const { sku, quantity, name, price } of cart.lines) {
    narrator.step(`cart: ${quantity} × ${name} (SKU ${sku}) at ${amount(price)}`);
  }
  narrator.step(`cart: ${amount(cart.total)} in all`);
  const { orderId, total } = await clients.checkout.purchase({ userId });
  narrator.step(`purchased: order ${orderId}, ${amount(total)}`);
  const payment = await payAtSecondTry(buyer, orderId, narrator);
  narrator.step(`has paid order ${orderId}: ${await describe(clients, orderId)}`);
  await afterwards(payment);
}

async function orderWithShortWindow({ clients }: SignedIn, userId: bigint, sku: number): Promise<bigint> {
  const { product } = await clients.products.getProduct({ sku });
  const { orderId } = await clients.orders.createOrder({
    userId,
    idempotencyKey: randomUUID(),
    lines: [{ sku, quantity: 1, unitPrice: product?.price }],
    paymentWindow: { seconds: BigInt(shortWindowSeconds), nanos: 0 },
  });
  return orderId;
}

async function orderTooMany(
  platform: SignedIn,
  { clients, userId }: SignedIn,
  sku: number,
  narrator: Narrator,
): Promise<void> {
  const { availabilities } = await clients.inventory.getAvailability({ skus: [sku] });
  const tooMany = Number(availabilities[0]?.available ?? 0n) + 1;
  narrator.step(
    `puts ${tooMany} into the cart: ${await refusalOf(clients.checkout.addToCart({ userId, sku, quantity: tooMany }))}`,
  );
  const { orderId, status, shortages } = await platform.clients.orders.createOrder({
    userId,
    idempotencyKey: randomUUID(),
    lines: [{ sku, quantity: tooMany }],
  });
  const short = shortages.map(
    (shortage) => `SKU ${shortage.sku}: ${shortage.requested} asked, ${shortage.available} there`,
  );
  narrator.step(
    `has the platform order them anyway: order ${orderId} is ${OrderStatus[status]} (${short.join(", ")})`,
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

/** An order of this buyer, in words. */
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
