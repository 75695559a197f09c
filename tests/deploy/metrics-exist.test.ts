import { createMetrics } from "@ordermesh/telemetry/metrics";
import { beforeAll, describe, expect, test } from "vitest";
import { filesBelow, isFolder, packageFolders, readText, readYaml } from "./files.ts";
import type { RuleFile } from "./rule-file.ts";

/**
 * An alert on a metric that nobody registers never fires, and a graph of one is empty, and neither says why. So every
 * name that a rule or a dashboard uses must be one that the source registers.
 */

/** Where each name is used. */
const used = new Map<string, string>();
/** Names in the source: everything that is a whole string there and looks like a metric. */
const registered = new Set<string>();

beforeAll(() => {
  for (const path of filesBelow("deploy/prometheus/rules")) {
    for (const { expr } of readYaml<RuleFile>(path).groups.flatMap(({ rules }) => rules)) {
      collect(path, expr);
    }
  }
  for (const path of filesBelow("deploy/grafana/dashboards")) {
    const { panels } = JSON.parse(readText(path)) as { panels: { targets?: { expr: string }[] }[] };
    for (const { expr } of panels.flatMap(({ targets = [] }) => targets)) {
      collect(path, expr);
    }
  }
  const sources = [...packageFolders("apps"), ...packageFolders("libs")]
    .map((folder) => `${folder}/src`)
    .filter(isFolder);
  for (const path of filesBelow(...sources)) {
    if (/\.ts$/.test(path) && !/\.test\.ts$/.test(path)) {
      for (const [, name] of readText(path).matchAll(/"(ordermesh_[a-z0-9_]+)"/g)) {
        registered.add(name!);
      }
    }
  }
});

function collect(path: string, expression: string): void {
  // A name after a colon is the tail of a recording rule's.
  for (const [name] of expression.matchAll(/(?<![\w:])(ordermesh|nodejs|process)_[a-z0-9_]+/g)) {
    used.set(name, path);
  }
}

/** A histogram is registered as one and queried as three. */
function familyOf(name: string, known: ReadonlySet<string>): string {
  return known.has(name) ? name : name.replace(/_(bucket|sum|count)$/, "");
}

describe("metrics in rules and dashboards", () => {
  test("are registered by the source", () => {
    const ours = [...used].filter(([name]) => name.startsWith("ordermesh_"));
    const unknown = ours.filter(([name]) => !registered.has(familyOf(name, registered)));

    expect(unknown).toEqual([]);
    // So that a moved folder or a changed format can not make this pass by looking at nothing.
    expect(ours.length).toBeGreaterThan(20);
    expect(registered.size).toBeGreaterThan(15);
  });

  test("are in the registry of every process, where they are Node's own", async () => {
    const registry = createMetrics({ service: "test", version: "0" });
    const known = new Set(registry.getMetricsAsArray().map(({ name }) => name));
    const nodes = [...used].filter(([name]) => !name.startsWith("ordermesh_"));

    expect(nodes.filter(([name]) => !known.has(familyOf(name, known)))).toEqual([]);
    expect(nodes.length).toBeGreaterThan(4);
  });
});
