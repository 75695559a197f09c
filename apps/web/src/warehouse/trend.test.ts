import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { StockTrendPointSchema } from "@ordermesh/proto/ordermesh/loms/v1/inventory_pb";
import { expect, test } from "vitest";
import { signed } from "./signed.ts";
import { trendChanges, trendColumns } from "./trend.ts";

const points = [
  [10n, 0n],
  [10n, 0n],
  [10n, 4n],
  [10n, 4n],
  [8n, 4n],
  [8n, 4n],
].map(([onHand, reserved], index) =>
  create(StockTrendPointSchema, {
    time: timestampFromMs(index * 900_000),
    onHand: onHand ?? 0n,
    reserved: reserved ?? 0n,
  }),
);

test("the chart has a value for each moment", () => {
  const { seconds, onHand, reserved } = trendColumns(points);
  expect(seconds).toEqual([0, 900, 1800, 2700, 3600, 4500]);
  expect(onHand).toEqual([10, 10, 10, 10, 8, 8]);
  expect(reserved.at(-1)).toBe(4);
});

test("the table tells the first moment, every change, and now", () => {
  expect(trendChanges(points).map(({ onHand, reserved }) => [onHand, reserved])).toEqual([
    [8n, 4n],
    [8n, 4n],
    [10n, 4n],
    [10n, 0n],
  ]);
});

test("a change has its sign", () => {
  expect([signed(5), signed(-1200), signed(0)]).toEqual(["+5", "−1,200", ""]);
});
