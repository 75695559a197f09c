import type { LomsNames, MachineName } from "../../apps/loms/src/workflows/names.ts";
import type { LomsWorkflow } from "../../apps/loms/src/workflows/registry.ts";
import { conditionText } from "../../libs/workflow/src/decide.ts";
import { type Machine, machineOf, type Row } from "../../libs/workflow/src/definition.ts";
import { toMermaid } from "../../libs/workflow/src/mermaid.ts";
import { table } from "./table.ts";

/** One machine: its diagram, its rows and its timers. */
export function machineSection(definition: LomsWorkflow, name: MachineName): string {
  const machine = machineOf(definition, name);
  return [
    `### ${definition.name}: ${name}\n`,
    `\`\`\`mermaid\n${toMermaid(definition, name)}\`\`\`\n`,
    table(
      ["who", "action", "from → to", "if", "does", "told as"],
      machine.rows.map((row) => rowCells(definition, machine, row)),
    ),
    ...(machine.timers.length === 0 ? [] : [timerTable(definition, machine)]),
  ].join("\n");
}

function rowCells(
  definition: LomsWorkflow,
  machine: Machine<LomsNames>,
  row: Row<LomsNames>,
): readonly string[] {
  const who = row.cause === "automatic" ? "by itself" : row.roles.join(", ");
  const parent = row.whileParent === undefined ? [] : [`the order is ${row.whileParent.join(", ")}`];
  const guard = row.guard === undefined ? [] : [conditionText(definition, row.guard)];
  const always = machine.initial === "" ? "new" : "";
  const from = row.from.map((code) => code || always).join(", ");
  return [
    `${who}${row.cause === "time" ? " (timer)" : ""}`,
    `${row.action}${row.hidden === true ? " (not listed)" : ""}`,
    `${from} → ${row.to}`,
    [...parent, ...guard].join("; "),
    doings(definition, row).join("; "),
    [row.event ?? [], row.reason === undefined ? [] : `canceled: ${row.reason}`, row.refusesWith ?? []]
      .flat()
      .join("; "),
  ];
}

function doings(definition: LomsWorkflow, row: Row<LomsNames>): readonly string[] {
  return [
    ...(row.effects ?? []).map((effect) => `${definition.effects[effect]?.text} (${effect})`),
    ...(row.opens === undefined ? [] : [`a refund begins: ${row.opens}`]),
    ...(row.raises ?? []).map((flag) => `notes ${flag}`),
    ...(row.lowers ?? []).map((flag) => `takes back ${flag}`),
    ...(row.extends === undefined ? [] : [`${row.extends.timer} fires later by ${row.extends.by}`]),
  ];
}

function timerTable(definition: LomsWorkflow, { timers }: Machine<LomsNames>): string {
  const rows = timers.map(({ name, states, after, action, heldWhile }) => [
    name,
    states.join(", "),
    after,
    action,
    heldWhile === undefined ? "" : conditionText(definition, heldWhile),
  ]);
  return table(["timer", "runs in", "fires after", "does", "stands still while"], rows);
}
