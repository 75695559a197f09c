import { create } from "@bufbuild/protobuf";
import { OrderStatus } from "@ordermesh/proto/ordermesh/loms/v1/order_pb";
import {
  BillState,
  SessionOrderSchema,
  SessionState,
  SettlementKind,
  ShareState,
} from "@ordermesh/proto/ordermesh/tables/v1/session_pb";
import { expect, test } from "vitest";
import { dishCounts } from "./dish-counts.ts";
import { billStatus, sessionWords, shareStatus, tableOrderStatus } from "./table-words.ts";

const valuesOf = (type: object) =>
  Object.values(type).filter((value): value is number => typeof value === "number");

test("everything at a table has a word", () => {
  for (const state of valuesOf(SessionState) as SessionState[]) {
    expect(sessionWords[state]).toMatch(/\w/);
  }
  for (const state of valuesOf(BillState) as BillState[]) {
    expect(billStatus[state].word).toMatch(/\w/);
  }
  for (const state of valuesOf(ShareState) as ShareState[]) {
    for (const settledBy of valuesOf(SettlementKind) as SettlementKind[]) {
      expect(shareStatus({ state, settledBy }).word).toMatch(/\w/);
    }
  }
  for (const status of valuesOf(OrderStatus) as OrderStatus[]) {
    expect(tableOrderStatus(status).word).toMatch(/\w/);
  }
  expect(tableOrderStatus(OrderStatus.PLACED)).toEqual({ tone: "waiting", word: "Waiting" });
});

test("dishes are counted over all orders, the most first", () => {
  const orderOf = (...lines: readonly { name: string; quantity: number }[]) => ({
    order: create(SessionOrderSchema, { lines: [...lines] }),
  });
  const orders = [
    orderOf({ name: "Soup", quantity: 1 }, { name: "Cake", quantity: 2 }),
    orderOf({ name: "Cake", quantity: 1 }),
    {},
  ];
  expect(dishCounts(orders)).toEqual([
    { name: "Cake", quantity: 3 },
    { name: "Soup", quantity: 1 },
  ]);
});
