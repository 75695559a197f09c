import { machineOf, type Names, type Row, type WorkflowDefinition } from "./definition.ts";

/**
 * A state diagram of one machine in Mermaid's language. Arrows carry the role and the action; what follows by itself
 * stands in brackets.
 *
 * @param options.path the states that an instance went through: they are marked.
 * @param options.current the state in which it is.
 */
export function toMermaid<N extends Names>(
  definition: WorkflowDefinition<N>,
  machineName: string,
  options: { readonly path?: readonly string[]; readonly current?: string } = {},
): string {
  const machine = machineOf(definition, machineName);
  const codes = machine.states.map(({ code }) => code).filter((code) => code !== "");
  const visited = [...new Set(options.path ?? [])].filter((code) => codes.includes(code));
  const lines = [
    "stateDiagram-v2",
    ...machine.states
      .filter(({ code }) => code !== "")
      .map(({ code, title }) => `  state "${code} ${title}" as ${code}`),
    ...(machine.initial === "" ? [] : [`  [*] --> ${machine.initial}`]),
    ...arrows(machine.rows),
    ...machine.states.filter(({ final }) => final === true).map(({ code }) => `  ${code} --> [*]`),
    ...(visited.length === 0
      ? []
      : [
          "  classDef visited fill:#dbeafe,stroke:#2563eb,color:#111827",
          `  class ${visited.join(",")} visited`,
        ]),
    ...(options.current === undefined || !codes.includes(options.current)
      ? []
      : [
          "  classDef current fill:#2563eb,stroke:#1e3a8a,color:#ffffff",
          `  class ${options.current} current`,
        ]),
  ];
  return `${lines.join("\n")}\n`;
}

/** One arrow for each pair of states, with all actions that lead from one to the other. */
function arrows<N extends Names>(rows: readonly Row<N>[]): string[] {
  const labels = new Map<string, Set<string>>();
  for (const row of rows) {
    for (const from of row.from) {
      const arrow = `  ${from === "" ? "[*]" : from} --> ${row.to}`;
      const label = `${row.roles.join("/")} ${row.action}`;
      labels.set(
        arrow,
        (labels.get(arrow) ?? new Set()).add(row.cause === "automatic" ? `(${label})` : label),
      );
    }
  }
  return [...labels].map(([arrow, ofArrow]) => `${arrow}: ${[...ofArrow].join("<br/>")}`);
}
