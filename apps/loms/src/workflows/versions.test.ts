import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { listMachines } from "@ordermesh/workflow/definition";
import { type HistoryEntry, replay } from "@ordermesh/workflow/replay";
import { expect, test } from "vitest";
import { historyOf, type Scenario, scenarios, tell } from "../../test/order-scenarios.ts";
import { findWorkflow, isWorkflowName, newestWorkflow, workflows } from "./registry.ts";

/*
 * Orders live by the version of the definition with which they began. So a version that was published stays as it is,
 * and histories from then are explained by it for ever. Files that are missing are made with CREATE_WORKFLOW_FILES=1;
 * none is ever written over.
 */

const versionsFolder = fileURLToPath(new URL("../../test/workflow-versions/", import.meta.url));
const historiesFolder = fileURLToPath(new URL("../../test/workflow-histories/", import.meta.url));

interface StoredHistory {
  readonly workflow: string;
  readonly version: number;
  /** Version | role | action | machine, instance and state of each that moved. "-" for what is empty. */
  readonly entries: readonly string[];
  /** Instance → state, at the end. */
  readonly leadsTo: Readonly<Record<string, string>>;
}

type Histories = Readonly<Record<string, StoredHistory>>;

/** What makes a definition, without what is only there for people to read. */
function frozen(definition: object): unknown {
  return JSON.parse(
    JSON.stringify(definition, (key, value) => (key === "title" || key === "text" ? undefined : value)),
  );
}

const creates = process.env.CREATE_WORKFLOW_FILES === "1";

function write(path: string, value: unknown): void {
  writeFileSync(path, `${JSON.stringify(value, undefined, 2)}\n`);
}

const published = Object.values(workflows).flat();

test.each(published)("$name@$version is as it was published: a change needs a new version", (definition) => {
  const path = join(versionsFolder, `${definition.name}-${definition.version}.json`);
  if (creates && !existsSync(path)) {
    write(path, frozen(definition));
  }
  expect(frozen(definition)).toEqual(JSON.parse(readFileSync(path, "utf8")));
});

test("no published version has gone", () => {
  const files = readdirSync(versionsFolder).map((file) => file.replace(".json", ""));
  expect(files.sort()).toEqual(published.map(({ name, version }) => `${name}-${version}`).sort());
});

test("definitions survive being stored", () => {
  for (const definition of published) {
    expect(JSON.parse(JSON.stringify(definition))).toEqual(definition);
  }
});

test("workflows are found by name, and by the version that an order pins", () => {
  expect(newestWorkflow("product")).toBe(findWorkflow("product", 1));
  expect(newestWorkflow("toString")).toBeUndefined();
  expect(findWorkflow("simple", 2)).toBeUndefined();
  expect(isWorkflowName("service")).toBe(true);
});

function told(scenario: Scenario): StoredHistory {
  const { workflow } = scenario;
  const definition = newestWorkflow(workflow);
  if (definition === undefined) {
    throw new Error("There is no such workflow.");
  }
  const entries = historyOf(tell(definition, scenario).moves);
  const last = replay(definition, entries).steps.at(-1);
  return {
    workflow,
    version: definition.version,
    entries: entries.map(textOf),
    leadsTo: statesOf(last?.states ?? new Map()),
  };
}

function textOf({ version, role, action, after }: HistoryEntry): string {
  const instances = after.map(({ machine, subject, state }) =>
    [machine, subject || "-", state || "-"].join(" "),
  );
  return [version, role ?? "-", action ?? "-", instances.join(", ")].join(" | ");
}

function entryOf(text: string): HistoryEntry {
  const [version, role, action, instances = ""] = text.split(" | ");
  const read = (word: string | undefined) => (word === "-" ? "" : (word ?? ""));
  const after = instances.split(", ").map((instance) => {
    const [machine = "", subject, state] = instance.split(" ");
    return { machine, subject: read(subject), state: read(state) };
  });
  return {
    version: Number(version),
    role: read(role) || undefined,
    action: read(action) || undefined,
    after,
  };
}

function statesOf(states: ReadonlyMap<string, { readonly state: string }>): Record<string, string> {
  return Object.fromEntries([...states].map(([subject, { state }]) => [subject, state]));
}

/** Those of one file; in it, those that are missing if they are to be made. */
function readHistories(file: string): Histories {
  const path = join(historiesFolder, file);
  const stored: Histories = existsSync(path) ? JSON.parse(readFileSync(path, "utf8")) : {};
  const missing = scenarios
    .filter((scenario) => fileOf(scenario) === file && stored[scenario.name] === undefined)
    .map((scenario) => [scenario.name, told(scenario)]);
  if (!creates || missing.length === 0) {
    return stored;
  }
  const all = { ...stored, ...Object.fromEntries(missing) };
  write(path, all);
  return all;
}

function fileOf({ workflow }: Scenario): string {
  return `${workflow}-${newestWorkflow(workflow)?.version}.json`;
}

const files = [...new Set([...readdirSync(historiesFolder), ...scenarios.map(fileOf)])];
const histories = files.flatMap((file) =>
  Object.entries(readHistories(file)).map(([name, history]) => ({
    file,
    name,
    ...history,
    entries: history.entries.map(entryOf),
  })),
);

test.each(scenarios)("$workflow, $name: today's code goes the way that was recorded", (scenario) => {
  const stored = histories.find(({ file, name }) => file === fileOf(scenario) && name === scenario.name);
  expect(told(scenario).entries).toEqual(stored?.entries.map(textOf));
});

test.each(histories)("$file, $name: explained by the version that it pins", (history) => {
  const definition = findWorkflow(history.workflow, history.version);
  if (definition === undefined) {
    throw new Error(`${history.workflow}@${history.version} is gone, but orders live by it.`);
  }
  const { steps, problems } = replay(definition, history.entries);
  expect(problems).toEqual([]);
  expect(statesOf(steps.at(-1)?.states ?? new Map())).toEqual(history.leadsTo);
  expect(steps.map((step) => step.version)).toEqual(history.entries.map((_, index) => index + 1));
});

/** What replay finds, if one entry is gone or leads somewhere else. */
test("a history that was tampered with is not explained", () => {
  let tampered = 0;
  for (const { workflow, version, entries, file, name } of histories) {
    const problemsOf = (changed: readonly HistoryEntry[]) => {
      const definition = findWorkflow(workflow, version);
      return definition === undefined ? [] : replay(definition, changed).problems;
    };
    for (const [index, entry] of entries.entries()) {
      const place = `${file}, ${name}, version ${entry.version}`;
      const without = entries.filter((other) => other !== entry);
      if (index < entries.length - 1) {
        expect(problemsOf(without).length, `${place} is gone`).toBeGreaterThan(0);
      }
      const astray = { ...entry, after: entry.after.map((instance) => ({ ...instance, state: "XX" })) };
      expect(problemsOf(entries.with(index, astray)).length, `${place} is wrong`).toBeGreaterThan(0);
      tampered += 1;
    }
  }
  expect(tampered).toBeGreaterThan(200);
});

test("the old histories take every row of every definition", () => {
  const taken = new Set<string>();
  for (const { workflow, version, entries } of histories) {
    const states = new Map<string, string>();
    for (const { action, after } of entries) {
      for (const { machine, subject, state } of after) {
        const from = states.get(subject) ?? (machine === "item" ? "FP" : "");
        taken.add(`${workflow}@${version} ${machine} ${action}: ${from} -> ${state}`);
        states.set(subject, state);
      }
    }
  }
  const rows = published.flatMap((definition) =>
    listMachines(definition).flatMap(([machine, table]) =>
      table.rows
        .filter((row) => row.silent !== true)
        .flatMap((row) =>
          row.from.map(
            (from) =>
              `${definition.name}@${definition.version} ${machine} ${row.action}: ${from} -> ${row.to}`,
          ),
        ),
    ),
  );
  expect(rows.length).toBeGreaterThan(80);
  expect(rows.filter((row) => !taken.has(row))).toEqual([]);
});
