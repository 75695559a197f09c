import { createMetrics } from "@ordermesh/telemetry/metrics";
import { Histogram } from "prom-client";
import { expect, test } from "vitest";
import { parseMetrics } from "./metrics-text.ts";
import { figuresBetween, sampleOf } from "./replica-figures.ts";

function openPage() {
  const metrics = createMetrics({ service: 'a "service"', version: "1.2.3" });
  const histogram = new Histogram({
    name: "ordermesh_rpc_server_duration_seconds",
    help: "-",
    labelNames: ["rpc_service", "rpc_method", "code"],
    buckets: [0.001, 0.01, 0.1, 1],
    registers: [metrics],
  });
  return {
    call: (method: string, code: string, seconds: number) =>
      histogram.labels("s", method, code).observe(seconds),
    sample: async (takenAtMs: number) => sampleOf(parseMetrics(await metrics.metrics()), takenAtMs),
  };
}

test("a page tells how a replica did between two looks at it", async () => {
  const page = openPage();
  page.call("GetOrder", "INTERNAL", 5);
  const before = await page.sample(1_000_000);
  for (let count = 0; count < 98; count += 1) {
    page.call("GetOrder", "OK", 0.0005);
  }
  page.call("PayOrder", "NOT_FOUND", 0.05);
  page.call("PayOrder", "UNAVAILABLE", 0.05);
  page.call("WatchOrders", "UNAVAILABLE", 600);
  const now = await page.sample(1_010_000);
  expect(now).toMatchObject({ version: "1.2.3", calls: 101, errors: 2 });
  expect(now.residentBytes).toBeGreaterThan(1_000_000);
  expect(now.startedAtMs).toBeGreaterThan(1_600_000_000_000);
  const figures = figuresBetween(before, now);
  expect(figures).toMatchObject({ windowMs: 10_000, callsPerSecond: 10, errorsPerMinute: 6 });
  expect(figures.p99Ms).toBeGreaterThan(10);
  expect(figures.p99Ms).toBeLessThanOrEqual(100);
});

test("without calls there is no time that they took, and what lasts long is at the last bound", async () => {
  const page = openPage();
  expect(figuresBetween(undefined, await page.sample(2_000_000_000_000))).toMatchObject({ p99Ms: 0 });
  page.call("GetOrder", "OK", 50);
  expect(figuresBetween(undefined, await page.sample(2_000_000_000_000)).p99Ms).toBe(1_000);
});

test("what is no metrics page has no figures", () => {
  expect(parseMetrics('<html>\n\n# HELP a b\na{b="c" 1\nnot a number NaN\n')).toEqual([]);
  expect(parseMetrics('a{b="c\\"d",e="f"} 1 1700000000000\nb +Inf\n')).toEqual([
    { name: "a", labels: { b: 'c"d', e: "f" }, value: 1 },
    { name: "b", labels: {}, value: Number.POSITIVE_INFINITY },
  ]);
});
