import { timestampMs } from "@bufbuild/protobuf/wkt";
import { OrderStatus } from "@ordermesh/proto/ordermesh/loms/v1/order_pb";
import { expect, test } from "vitest";
import {
  filterText,
  isFiltered,
  listRequest,
  searchedNumber,
  statusesOf,
  statusNames,
} from "./order-filter.ts";

const now = Date.UTC(2026, 2, 14, 10, 30, 20);

test("what the address says becomes a request", () => {
  const request = listRequest({ status: "PAID,SHIPPED,NONSENSE", sort: "oldest", refund: "open" }, now, 200);
  expect(request).toMatchObject({
    statuses: [OrderStatus.PAID, OrderStatus.SHIPPED],
    oldestFirst: true,
    withOpenRefund: true,
    pageSize: 200,
    userId: 0n,
  });
  expect(request.createdFrom).toBeUndefined();
});

test("days are whole, and the last one is included", () => {
  const { createdFrom, createdBefore } = listRequest({ from: "2026-03-01", to: "2026-03-01" }, now, 1);
  const milliseconds = (time: unknown) => timestampMs(time as Parameters<typeof timestampMs>[0]);
  expect(milliseconds(createdBefore) - milliseconds(createdFrom)).toBe(24 * 60 * 60_000);
  expect(listRequest({ from: "yesterday", to: "2026-13-45" }, now, 1).createdBefore).toBeUndefined();
});

test("an age counts whole minutes, and the earlier end holds", () => {
  const older = (fields: Record<string, string>) =>
    timestampMs(listRequest(fields, now, 1).createdBefore as Parameters<typeof timestampMs>[0]);
  expect(older({ older: "60" })).toBe(Date.UTC(2026, 2, 14, 9, 30));
  expect(older({ older: "60", to: "2026-03-20" })).toBe(Date.UTC(2026, 2, 14, 9, 30));
});

test("a number is searched for exactly, however long", () => {
  expect(searchedNumber({ q: "# 9007199254740993" })).toBe(9_007_199_254_740_993n);
  expect(searchedNumber({ q: "lamp" })).toBeUndefined();
  expect(searchedNumber({ q: "0" })).toBeUndefined();
  expect(searchedNumber({})).toBeUndefined();
});

test("the same filter has the same text, and the number of rows is no part of it", () => {
  expect(filterText({ sort: "oldest", status: "PAID", rows: "400" })).toBe("?status=PAID&sort=oldest");
  expect(isFiltered({ sort: "oldest", rows: "400" })).toBe(false);
  expect(isFiltered({ refund: "open" })).toBe(true);
});

test("every state that an order can be kept in can be chosen", () => {
  expect(statusesOf({ status: statusNames.join(",") })).toHaveLength(statusNames.length);
  expect(statusNames).toContain("AWAITING_SETTLEMENT");
  expect(statusNames).not.toContain("NEW");
});
