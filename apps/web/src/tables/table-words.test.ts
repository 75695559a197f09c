import { OrderStatus } from "@ordermesh/proto/ordermesh/loms/v1/order_pb";
import {
  BillState,
  SessionState,
  SettlementKind,
  ShareState,
} from "@ordermesh/proto/ordermesh/tables/v1/session_pb";
import { expect, test } from "vitest";
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
