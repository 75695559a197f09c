import type { StockTrendPoint } from "@ordermesh/proto/ordermesh/loms/v1/inventory_pb";
import { momentOf } from "../format.ts";

/** What a chart is drawn from: seconds since 1970, and what there was. */
export interface TrendColumns {
  readonly seconds: number[];
  readonly onHand: number[];
  readonly reserved: number[];
}

export function trendColumns(points: readonly StockTrendPoint[]): TrendColumns {
  return {
    seconds: points.map(({ time }) => (momentOf(time) ?? 0) / 1000),
    onHand: points.map(({ onHand }) => Number(onHand)),
    reserved: points.map(({ reserved }) => Number(reserved)),
  };
}

/** The moments at which something was different from the one before, the newest first: the table twin of the chart. */
export function trendChanges(points: readonly StockTrendPoint[]): readonly StockTrendPoint[] {
  return points
    .filter((point, index) => {
      const before = points[index - 1];
      return (
        before === undefined ||
        index === points.length - 1 ||
        before.onHand !== point.onHand ||
        before.reserved !== point.reserved
      );
    })
    .toReversed();
}
