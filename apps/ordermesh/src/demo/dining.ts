import { randomUUID } from "node:crypto";
import { pause } from "@ordermesh/process/wait";
import { OrderStatus } from "@ordermesh/proto/ordermesh/loms/v1/order_pb";
import {
  type BillShare,
  SessionState,
  SettlementKind,
  ShareState,
} from "@ordermesh/proto/ordermesh/tables/v1/session_pb";
import { TableAction } from "@ordermesh/proto/ordermesh/tables/v1/tables_pb";
import type { MeshClients } from "../clients.ts";
import type { SignedIn } from "../credentials.ts";
import { demoLocations } from "../demo-locations.ts";
import { amount, type Narrator } from "./narrator.ts";
import { goodCard } from "./paying.ts";

const waitMs = 10_000;

interface Evening {
  readonly waiter: SignedIn;
  readonly narrator: Narrator;
  readonly sessionId: bigint;
  readonly locationId: bigint;
}

interface Guest {
  readonly nickname: string;
  readonly guestId: bigint;
  /** With the guest's own token. */
  readonly clients: MeshClients;
}

/**
 * Two guests at a table of the first demo location: they join, order, are served, pay and leave.
 *
 * @param openFor clients that carry a guest's token.
 */
export async function dineOut(
  waiter: SignedIn,
  openFor: (guestToken: string) => Promise<MeshClients>,
  narrator: Narrator,
): Promise<void> {
  const [location] = (await waiter.clients.locations.listLocations({ name: demoLocations[0]?.name ?? "" }))
    .locations;
  if (location === undefined) {
    throw new Error("There is no location. Run `npx ordermesh seed`, or start with --fresh.");
  }
  const { locationId } = location;
  const name = `Demo ${randomUUID().slice(0, 4)}`;
  const { session, link } = await waiter.clients.tables.openSession({ locationId, name });
  const sessionId = session?.sessionId ?? 0n;
  narrator.table(`the waiter of ${location.name} opens "${name}": code ${session?.code}`);
  const evening: Evening = { waiter, narrator, sessionId, locationId };

  const ada = await join("Ada", { case: "link", value: link });
  const ben = await join("Ben", { case: "code", value: session?.code ?? "" });
  narrator.table("Ada has scanned the QR code, Ben has typed the code: both sit there");
  const screen = watch(ben, evening);

  await orderFromMenu(evening, [ada, ben]);
  await cook(evening);
  await payTheBill(evening, ada);
  const closed = await waiter.clients.tables.closeSession({ sessionId });
  narrator.table(`the waiter closes it: the session is ${SessionState[closed.session?.state ?? 0]}`);
  await screen;

  async function join(
    nickname: string,
    invitation: { case: "link" | "code"; value: string },
  ): Promise<Guest> {
    const joined = await waiter.clients.tables.joinSession({ nickname, invitation });
    return {
      nickname,
      guestId: joined.guest?.guestId ?? 0n,
      clients: await openFor(joined.guestToken),
    };
  }
}

/** Tells what one guest sees, until the session is closed and the stream ends by itself. */
async function watch({ clients, nickname }: Guest, { sessionId, narrator }: Evening): Promise<void> {
  const stream = clients.tables.watchSession({ sessionId }, { timeoutMs: Number.POSITIVE_INFINITY });
  for await (const { update } of stream) {
    const what = update.case === "change" ? update.value.what : undefined;
    if (what?.case === "order") {
      const { orderId, status } = what.value;
      narrator.table(`${nickname}'s screen: order ${orderId} is ${OrderStatus[status]}`);
    }
    if (what?.case === "session" && what.value.state === SessionState.CLOSED) {
      narrator.table(`${nickname}'s screen: goodbye`);
    }
  }
}

async function orderFromMenu(
  { sessionId, locationId, narrator }: Evening,
  guests: readonly Guest[],
): Promise<void> {
  for (const [index, { clients, nickname }] of guests.entries()) {
    const { items } = await clients.locations.listMenu({ locationId });
    const item = items.filter(({ isSoldOut }) => !isSoldOut)[index];
    const { order } = await clients.tables.placeOrder({
      sessionId,
      lines: [{ sku: item?.sku ?? 0, quantity: index + 1, note: index === 0 ? "" : "no onions" }],
      idempotencyKey: randomUUID(),
    });
    narrator.table(
      `${nickname} orders ${index + 1} × ${item?.name}: order ${order?.orderId}, ${amount(order?.total)}`,
    );
  }
}

async function cook({ waiter, sessionId, locationId, narrator }: Evening): Promise<void> {
  const { tables } = waiter.clients;
  const { orders } = await tables.listKitchenQueue({ locationId });
  const ours = orders.filter((entry) => entry.sessionId === sessionId);
  narrator.table(`the kitchen has ${ours.length} orders of this table, the oldest first`);
  for (const { order } of ours) {
    for (const action of [TableAction.ACCEPT, TableAction.PREPARE, TableAction.SERVE]) {
      await tables.actOnOrder({ sessionId, orderId: order?.orderId ?? 0n, action });
    }
  }
}

/** Each pays what he or she had: the first by card, the other in cash. */
async function payTheBill({ waiter, sessionId, narrator }: Evening, byCard: Guest): Promise<void> {
  const { tables } = waiter.clients;
  const { bill } = await tables.makeBill({ sessionId, split: { case: "byGuest", value: {} } });
  const shares = bill?.shares ?? [];
  narrator.table(`the bill of ${amount(bill?.total)} is in ${shares.length} shares`);
  for (const share of shares) {
    if (share.guestId === byCard.guestId) {
      const paid = await payByCard(byCard, sessionId, share);
      narrator.table(
        `${byCard.nickname} pays ${amount(share.amount)} by card: ${ShareState[paid?.state ?? 0]}`,
      );
    } else {
      const { shareId } = share;
      await tables.settleShare({ sessionId, shareId, kind: SettlementKind.CASH });
      narrator.table(`the waiter gets ${amount(share.amount)} in cash`);
    }
  }
  for (const deadline = performance.now() + waitMs; performance.now() < deadline; await pause(50)) {
    const { session } = await tables.getSession({ sessionId });
    if (session?.orders.every(({ status }) => status === OrderStatus.PAID)) {
      narrator.table(`${amount(session.paid)} of ${amount(session.total)} are paid, and so are all orders`);
      return;
    }
  }
  throw new Error(`The orders of session ${sessionId} were not paid ${waitMs / 1_000} s after its bill.`);
}

async function payByCard(
  { clients }: Guest,
  sessionId: bigint,
  { shareId }: BillShare,
): Promise<BillShare | undefined> {
  const expiryYear = new Date().getUTCFullYear() + 1;
  const card = { number: goodCard, expiryMonth: 12, expiryYear, code: "123" };
  const { paymentMethod } = await clients.tables.createGuestPaymentMethod({ sessionId, card });
  const { share } = await clients.tables.payShare({
    sessionId,
    shareId,
    paymentMethod: paymentMethod?.paymentMethodToken ?? "",
    idempotencyKey: randomUUID(),
  });
  return share;
}
