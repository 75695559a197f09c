import type { StockTrendPoint } from "@ordermesh/proto/ordermesh/loms/v1/inventory_pb";
import { useEffect, useRef } from "react";
import UPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { formatClock, formatCount } from "../format.ts";
import { Time } from "../ui/time.tsx";
import { trendChanges, trendColumns } from "./trend.ts";

const height = 200;

/** What there was during the last day, as steps. Drawn anew with the theme and the width; the same is there as a table. */
export default function TrendChart({ points }: { readonly points: readonly StockTrendPoint[] }) {
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const element = place.current;
    if (element === null || points.length === 0) {
      return undefined;
    }
    let chart = draw(element, points);
    const redraw = () => {
      chart.destroy();
      chart = draw(element, points);
    };
    const resizing = new ResizeObserver(() => chart.setSize({ width: element.clientWidth, height }));
    resizing.observe(element);
    const theming = new MutationObserver(redraw);
    theming.observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
    return () => {
      resizing.disconnect();
      theming.disconnect();
      chart.destroy();
    };
  }, [points]);
  return (
    <>
      <p className="stock-legend">
        <span className="stock-legend-on-hand" /> units on hand <span className="stock-legend-reserved" />{" "}
        units reserved
      </p>
      <div ref={place} className="stock-chart" aria-hidden="true" />
      <details>
        <summary>As a table</summary>
        <table className="stock-table">
          <caption className="unseen">Stock during the last day</caption>
          <thead>
            <tr>
              <th scope="col">From</th>
              <th scope="col" className="number">
                On hand
              </th>
              <th scope="col" className="number">
                Reserved
              </th>
            </tr>
          </thead>
          <tbody>
            {trendChanges(points).map(({ time, onHand, reserved }) => (
              <tr key={String(time?.seconds)}>
                <td>
                  <Time value={time} />
                </td>
                <td className="number">{formatCount(onHand)}</td>
                <td className="number">{formatCount(reserved)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </details>
    </>
  );
}

function draw(element: HTMLElement, points: readonly StockTrendPoint[]): UPlot {
  const style = getComputedStyle(element);
  const token = (name: string) => style.getPropertyValue(name).trim();
  const { seconds, onHand, reserved } = trendColumns(points);
  const stepped = UPlot.paths.stepped?.({ align: 1 });
  const axis = {
    stroke: token("--ink3"),
    font: `12px ${token("--font")}`,
    grid: { stroke: token("--line"), width: 1 },
    ticks: { stroke: token("--line"), width: 1 },
  };
  const line = (stroke: string, width: number) => ({
    stroke,
    width,
    points: { show: false },
    ...(stepped !== undefined && { paths: stepped }),
  });
  return new UPlot(
    {
      width: element.clientWidth,
      height,
      legend: { show: false },
      cursor: { show: false },
      scales: { y: { range: (_, __, max) => [0, Math.max(1, Math.ceil(max * 1.1))] } },
      axes: [
        { ...axis, values: (_, ticks) => ticks.map((tick) => formatClock(tick * 1000, false)) },
        {
          ...axis,
          size: 56,
          values: (_, ticks) => ticks.map((tick) => (Number.isInteger(tick) ? formatCount(tick) : "")),
        },
      ],
      series: [{}, line(token("--accent"), 2), line(token("--waiting-fg"), 2)],
    },
    [seconds, onHand, reserved],
    element,
  );
}
