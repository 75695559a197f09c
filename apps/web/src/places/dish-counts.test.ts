import { create } from "@bufbuild/protobuf";
import { SessionOrderSchema } from "@ordermesh/proto/ordermesh/tables/v1/session_pb";
import { expect, test } from "vitest";
import { dishCounts } from "./dish-counts.ts";

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
