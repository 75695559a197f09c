import { randomUUID } from "node:crypto";
import { Failure } from "@ordermesh/failure/failure";
import type { Database } from "@ordermesh/postgres/database";
import { PaymentStatus } from "@ordermesh/proto/ordermesh/payments/v1/payment_pb";
import { closeCheckout, findOpenCheckout, openCheckout } from "../sql/aliases.ts";
import { type CardInput, createPaymentMethod, findPayment, untilDecided } from "./pay-with-card.ts";
import type { ReplacedClients, UserCalls } from "./user-calls.ts";

interface CheckOut {
  readonly database: Database;
  readonly clients: ReplacedClients;
  readonly calls: UserCalls;
  readonly clientId: string;
  readonly card: CardInput;
}

/**
 * Orders what is in the cart and pays it, or leaves everything as it was. An empty cart is a success, as it was in
 * AngelProj. What has begun is written down first: a checkout that broke off is gone on with by the next one.
 *
 * @throws Failure that says why not.
 */
export async function checkOutCart(checkOut: CheckOut): Promise<void> {
  const { database, clients, calls, clientId } = checkOut;
  const cartVersion = await beginOrGoOn(checkOut);
  if (cartVersion === undefined) {
    return;
  }
  let orderId: bigint;
  try {
    ({ orderId } = await calls.call("checkout", (call) =>
      clients.carts.purchase({ userId: calls.userId, cartVersion }, call),
    ));
  } catch (error) {
    if (error instanceof Failure && (error.kind === "failed_precondition" || error.kind === "aborted")) {
      // Nothing was reserved: the cart is as it was, or somebody has changed it.
      await database.transaction((tx) => closeCheckout(tx, clientId, cartVersion));
    }
    throw error;
  }
  const status = await pay(checkOut, orderId);
  if (status === PaymentStatus.CAPTURED) {
    await database.transaction((tx) => closeCheckout(tx, clientId, cartVersion));
    return;
  }
  if (status === PaymentStatus.PROCESSING || status === PaymentStatus.REQUIRES_PAYMENT) {
    throw new Failure("unavailable", "The payment is not decided yet. Check out again to go on.", {
      reason: "PAYMENT_UNDECIDED",
      retryAfterMs: 1_000,
    });
  }
  await rollBack(checkOut, cartVersion, orderId);
  throw new Failure("failed_precondition", "The payment was declined. The cart is as it was.", {
    reason: "PAYMENT_DECLINED",
  });
}

/** The version of the cart to order; undefined if there is nothing in it. */
async function beginOrGoOn({ database, clients, calls, clientId }: CheckOut): Promise<bigint | undefined> {
  const open = await database.read((db) => findOpenCheckout(db, clientId));
  if (open !== undefined) {
    return open;
  }
  const cart = await calls.call("checkout", (call) => clients.carts.listCart({ userId: calls.userId }, call));
  if (cart.lines.length === 0) {
    return undefined;
  }
  return await database.transaction((tx) => openCheckout(tx, clientId, cart.cartVersion));
}

/** Pays, unless somebody is at it or was: then it is waited for how that ends. */
async function pay({ clients, calls, card }: CheckOut, orderId: bigint): Promise<PaymentStatus> {
  const before = await findPayment(clients, calls, orderId);
  if (before.status !== PaymentStatus.REQUIRES_PAYMENT) {
    return await untilDecided(clients, calls, orderId, before.status);
  }
  const token = await createPaymentMethod(clients, calls, card);
  try {
    const { payment } = await calls.call("payments", (call) =>
      clients.payments.pay({ orderId, paymentMethodToken: token, idempotencyKey: randomUUID() }, call),
    );
    return await untilDecided(clients, calls, orderId, payment?.status);
  } catch (error) {
    if (error instanceof Failure && error.kind === "failed_precondition") {
      return await untilDecided(clients, calls, orderId, undefined);
    }
    throw error;
  }
}

/** Frees the goods and puts them back into the cart; whoever closes the checkout does that, and nobody else. */
async function rollBack(
  { database, clients, calls, clientId }: CheckOut,
  cartVersion: bigint,
  orderId: bigint,
): Promise<void> {
  await calls
    .call("loms", (call) => clients.orders.cancelOrder({ orderId }, call))
    .catch((error: unknown) => {
      // It may have ended by itself meanwhile.
      if (!(error instanceof Failure) || error.kind !== "failed_precondition") {
        throw error;
      }
    });
  if (!(await database.transaction((tx) => closeCheckout(tx, clientId, cartVersion)))) {
    return;
  }
  const { order } = await calls.call("loms", (call) => clients.orders.getOrder({ orderId }, call));
  for (const { sku, quantity } of order?.lines ?? []) {
    await calls.call("checkout", (call) =>
      clients.carts.increaseInCart({ userId: calls.userId, sku, quantity }, call),
    );
  }
}
