import { create } from "@bufbuild/protobuf";
import { OrderStatus } from "@ordermesh/proto/ordermesh/loms/v1/order_pb";
import {
  BillSchema,
  GuestSchema,
  SessionOrderSchema,
  SessionState,
  TableSessionSchema,
} from "@ordermesh/proto/ordermesh/tables/v1/session_pb";
import { type SessionChange, SessionChangeSchema } from "@ordermesh/proto/ordermesh/tables/v1/tables_pb";
import { describe, expect, test } from "vitest";
import { guestName, newerSession, ordersByGuest, sessionAfter } from "./session-changes.ts";

const euro = (amountMinor: bigint) => ({ currencyCode: "EUR", amountMinor });

const session = create(TableSessionSchema, {
  sessionId: 7n,
  name: "Table 7",
  code: "K7M4QX",
  state: SessionState.OPEN,
  version: 4,
  total: euro(500n),
  guests: [
    create(GuestSchema, { guestId: 1n, nickname: "Table 7", isTable: true }),
    create(GuestSchema, { guestId: 2n, nickname: "Ana" }),
  ],
  orders: [create(SessionOrderSchema, { orderId: 10n, guestId: 2n, status: OrderStatus.PLACED })],
});

function change(version: number, what: SessionChange["what"], total?: bigint): SessionChange {
  const known = create(SessionChangeSchema, {
    sessionId: 7n,
    version,
    ...(total !== undefined && { total: euro(total) }),
  });
  return { ...known, what };
}

describe("a session after a change", () => {
  test("has the order as it is now, in its place, and the sums", () => {
    const accepted = create(SessionOrderSchema, { orderId: 10n, guestId: 2n, status: OrderStatus.ACCEPTED });
    const after = sessionAfter(session, change(5, { case: "order", value: accepted }, 900n));
    expect(after?.orders).toEqual([accepted]);
    expect(after?.total?.amountMinor).toBe(900n);
    expect(after?.version).toBe(5);
    expect(session.orders[0]?.status).toBe(OrderStatus.PLACED);
  });

  test("has new orders, guests and bills at the end, and no sum where there is none any more", () => {
    const order = create(SessionOrderSchema, { orderId: 11n, guestId: 1n });
    const one = sessionAfter(session, change(5, { case: "order", value: order }));
    expect(one?.orders.map(({ orderId }) => orderId)).toEqual([10n, 11n]);
    expect(one?.total).toBeUndefined();
    const guest = create(GuestSchema, { guestId: 3n, nickname: "Ben" });
    expect(sessionAfter(session, change(5, { case: "guest", value: guest }))?.guests).toHaveLength(3);
    const bill = create(BillSchema, { billId: 1n });
    expect(sessionAfter(session, change(5, { case: "bill", value: bill }))?.bills).toEqual([bill]);
  });

  test("keeps guests and orders when it is closed", () => {
    const closed = create(TableSessionSchema, {
      name: "Table 7",
      code: "K7M4QX",
      state: SessionState.CLOSED,
    });
    const after = sessionAfter(session, change(5, { case: "session", value: closed }));
    expect([after?.state, after?.orders.length, after?.guests.length]).toEqual([SessionState.CLOSED, 1, 2]);
  });

  test("is the same for what it knew, for another session, and unknown after a hole", () => {
    const guest = { case: "guest", value: create(GuestSchema, { guestId: 3n }) } as const;
    expect(sessionAfter(session, change(4, guest))).toBe(session);
    expect(sessionAfter(session, { ...change(5, guest), sessionId: 8n })).toBe(session);
    expect(sessionAfter(session, change(6, guest))).toBeUndefined();
  });
});

test("the newer of two pictures counts", () => {
  const newer = { ...session, version: 5 };
  expect(newerSession(session, newer)).toBe(newer);
  expect(newerSession(newer, session)).toBe(newer);
  expect(newerSession(undefined, session)).toBe(session);
});

test("orders stand under whom they are for", () => {
  expect(ordersByGuest(session).map(({ name, orders }) => [name, orders.length])).toEqual([["Ana", 1]]);
  expect([guestName(session, 1n), guestName(session, 2n), guestName(session, 9n)]).toEqual([
    "The table",
    "Ana",
    "Somebody",
  ]);
});
