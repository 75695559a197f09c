import { writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { fieldNames, neededBy, readBy } from "../apps/loms/src/domain/check-parameters.ts";
import { durationProfiles } from "../apps/loms/src/workflows/durations.ts";
import type { DurationName, MachineName } from "../apps/loms/src/workflows/names.ts";
import { type LomsWorkflow, workflows } from "../apps/loms/src/workflows/registry.ts";
import { roleNames } from "../apps/loms/src/workflows/roles.ts";
import { statusOfCode } from "../apps/loms/src/workflows/states.ts";
import { listMachines } from "../libs/workflow/src/definition.ts";
import { departures } from "./workflow-document/departures.ts";
import { machineSection } from "./workflow-document/machine-section.ts";
import * as old from "./workflow-document/old-names.ts";
import { table } from "./workflow-document/table.ts";

/** Makes docs/workflows.md. Run `tsx tools/workflow-document.ts` after a change; a test compares the committed file. */

const path = "docs/workflows.md";

export function renderWorkflowDocument(): string {
  const newest = Object.values(workflows).flatMap((versions) => versions.slice(-1));
  return [
    introduction,
    "## Roles\n",
    table(["code", "role", "who has it"], roleRows()),
    "Codes and names are read in any case: `b`, `Buyer`. An unknown one is INVALID_ARGUMENT and changes nothing.\n",
    "## Old names and new ones\n",
    "Actions are called as Easy Order called them. States have kept their codes, and got words for the API:\n",
    table(["code", "status in the API", "Easy Order", "order-processing-system"], stateRows(newest)),
    table(["item", "title", "Easy Order"], instanceRows(newest, ["item"], old.itemStates)),
    table(["refund", "title", "Easy Order"], instanceRows(newest, refundMachines(newest), old.refundStates)),
    table(["workflow", "machine", "Easy Order's table"], machineRows(newest)),
    table(["timer", "Easy Order's task"], timerRows(newest)),
    table(["duration", "was", "production", "demo"], durationRows()),
    table(["Easy Order's post action", "here"], old.postActions),
    table(["Easy Order's fields and calls", "here"], old.fields),
    table(["ordered-online", "here, in the workflow `table`"], old.orderedOnline),
    "## What differs, and why\n",
    table(
      ["there", "here"],
      departures.map(({ was, is }) => [was, is]),
    ),
    "## What an action may be given\n",
    "Every action takes `reason` and `memo`. Beside them:\n",
    table(["action", "reads", "needs"], parameterRows()),
    "Whatever else is given is INVALID_ARGUMENT, and nothing is changed. The refund of a voucher is of what its terms leave.\n",
    ...newest.flatMap(workflowSection),
  ].join("\n");
}

const introduction = `# Workflows

An order's life after its creation is a workflow: data in \`apps/loms/src/workflows/\`, read by \`libs/workflow\`. This
document is made from that data by \`tsx tools/workflow-document.ts\`; a test compares.

A workflow has machines: of the order, of each item, of each refund. A row of a machine says which role may take which
action in which states, and where it leads. An action on an item goes to the item and to its refund; what either allows,
the item allows. Rows "by itself" follow from other steps as soon as their condition holds, in the same transaction, each
as a step of its own in the history. An order keeps the version of the workflow that it began with.

The platform may ask for the definition, with diagrams that show where an order has been, by GetWorkflow.
`;

function roleRows(): string[][] {
  const holders = {
    P: "tokens with the role platform or operator, services, and timers",
    A: "tokens with the role platform or operator",
    B: "tokens with the role buyer, for their own orders; at tables the service tables, for guests",
    S: "tokens with the role seller; at tables not they, but the service tables, for the location's staff",
  };
  return Object.entries(roleNames).map(([code, name]) => [code, name, holders[code as keyof typeof holders]]);
}

function stateRows(definitions: readonly LomsWorkflow[]): string[][] {
  const codes = new Set(
    definitions.flatMap(({ machines }) => machines.order?.states.map(({ code }) => code) ?? []),
  );
  return [...codes].map((code) => [
    code === "" ? "(none)" : code,
    statusOfCode(code).toUpperCase(),
    old.orderStates[code]?.easyOrder ?? "",
    old.orderStates[code]?.orderProcessing ?? "",
  ]);
}

function refundMachines(definitions: readonly LomsWorkflow[]): MachineName[] {
  const names = definitions.flatMap((definition) =>
    listMachines(definition).map(([name]) => name as MachineName),
  );
  return [...new Set(names)].filter((name) => name !== "order" && name !== "item");
}

function instanceRows(
  definitions: readonly LomsWorkflow[],
  names: readonly MachineName[],
  oldStates: Readonly<Record<string, string>>,
): string[][] {
  const states = definitions.flatMap(({ machines }) => names.flatMap((name) => machines[name]?.states ?? []));
  const titles = new Map(states.map(({ code, title }) => [code, title]));
  return [...titles].map(([code, title]) => [code === "" ? "(none)" : code, title, oldStates[code] ?? ""]);
}

function machineRows(definitions: readonly LomsWorkflow[]): string[][] {
  return definitions.flatMap((definition) =>
    listMachines(definition).map(([machine]) => [
      definition.name,
      machine,
      old.machines.find(({ workflow, ours }) => workflow === definition.name && ours === machine)
        ?.easyOrder ?? "",
    ]),
  );
}

function timerRows(definitions: readonly LomsWorkflow[]): string[][] {
  const timers = definitions.flatMap((definition) =>
    listMachines(definition).flatMap(([, machine]) => machine.timers),
  );
  return [...new Set(timers.map(({ name }) => name))].map((name) => [name, old.timers[name] ?? ""]);
}

function durationRows(): string[][] {
  const fromOrder: Readonly<Partial<Record<DurationName, string>>> = {
    payment_window: "PAYMENT_WINDOW_MS, or as CreateOrder says",
    voucher_validity: "until the voucher's valid_until_time",
  };
  const { production, demo } = durationProfiles;
  return [
    ...Object.entries(fromOrder).map(([name, text]) => [name, old.durations[name] ?? "", text, text]),
    ...Object.entries(production).map(([name, durationMs]) => [
      name,
      old.durations[name] ?? "",
      durationText(durationMs),
      durationText(demo[name as keyof typeof demo]),
    ]),
  ];
}

function durationText(durationMs: number): string {
  const seconds = durationMs / 1_000;
  return seconds % 86_400 === 0 ? `${seconds / 86_400} d` : `${seconds} s`;
}

function parameterRows(): string[][] {
  return Object.entries(readBy).map(([action, names]) => {
    const needed = neededBy[action];
    const reads = names.map((name) => `\`${fieldNames[name]}\``).join(", ");
    return [action, reads, needed === undefined ? "" : `\`${fieldNames[needed]}\``];
  });
}

function workflowSection(definition: LomsWorkflow): string[] {
  return [
    `## ${definition.name}, version ${definition.version}\n`,
    `${definition.title}.\n`,
    ...listMachines(definition).map(([name]) => machineSection(definition, name as MachineName)),
  ];
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  writeFileSync(path, renderWorkflowDocument());
}
