import { expect, test } from "vitest";
import { reportOf } from "./report.ts";
import { runBench, sectionNames } from "./run-bench.ts";
import { smokeSizes } from "./sizes.ts";

test.each(sectionNames)("%s measures something", async (name) => {
  const sections = await runBench({ names: [name], sizes: smokeSizes, onProgress() {} });
  expect(sections).toHaveLength(1);
  for (const { targets, table } of sections) {
    expect(targets.every(({ measured }) => Number.isFinite(measured) && measured > 0)).toBe(true);
    expect(table.rows.length).toBeGreaterThan(0);
  }
  expect(reportOf(sections, "a machine")).toContain("| what | measured | target |");
});
