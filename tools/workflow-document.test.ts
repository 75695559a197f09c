import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { workflows } from "../apps/loms/src/workflows/registry.ts";
import { listMachines } from "../libs/workflow/src/definition.ts";
import * as old from "./workflow-document/old-names.ts";
import { renderWorkflowDocument } from "./workflow-document.ts";

const document = readFileSync(new URL("../docs/workflows.md", import.meta.url), "utf8");

test("docs/workflows.md is what `tsx tools/workflow-document.ts` makes", () => {
  expect(document === renderWorkflowDocument(), "docs/workflows.md is not up to date").toBe(true);
});

test("it names every row, state and timer of every machine, and has a diagram of each", () => {
  const machines = Object.values(workflows)
    .flatMap((versions) => versions.slice(-1))
    .flatMap((definition) => listMachines(definition));
  expect(machines.length).toBe(10);
  expect(document.match(/^```mermaid$/gm)).toHaveLength(machines.length);
  for (const [, { rows, states, timers }] of machines) {
    for (const word of [
      ...rows.map(({ action }) => action),
      ...states.map(({ code }) => code),
      ...timers.map(({ name }) => name),
    ]) {
      expect(document).toContain(word);
    }
  }
});

test("every state, machine, timer and duration has its old name, or is said to have had none", () => {
  const machines = Object.values(workflows)
    .flatMap((versions) => versions.slice(-1))
    .flatMap((definition) =>
      listMachines(definition).map(([name, machine]) => ({ definition, name, machine })),
    );
  for (const { definition, name, machine } of machines) {
    const known = name === "order" ? old.orderStates : name === "item" ? old.itemStates : old.refundStates;
    expect(machine.states.filter(({ code }) => !Object.hasOwn(known, code))).toEqual([]);
    expect(machine.timers.filter((timer) => !Object.hasOwn(old.timers, timer.name))).toEqual([]);
    expect(machine.timers.filter(({ after }) => !Object.hasOwn(old.durations, after))).toEqual([]);
    expect(old.machines.some(({ workflow, ours }) => workflow === definition.name && ours === name)).toBe(
      true,
    );
  }
});
