/** A figure that the project promises. */
export interface Target {
  readonly what: string;
  readonly measured: number;
  readonly bound: "at least" | "at most";
  readonly target: number;
  /** Figures after the point. */
  readonly digits?: number;
  readonly unit?: string;
}

export interface Table {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** What one section of the benchmark found. */
export interface Section {
  readonly title: string;
  /** How it was measured, in sentences. */
  readonly method: string;
  readonly table: Table;
  readonly targets: readonly Target[];
}

export function isMet({ measured, bound, target }: Target): boolean {
  return bound === "at least" ? measured >= target : measured <= target;
}

/** The whole result as Markdown: the promises first, then how each section came about. */
export function reportOf(sections: readonly Section[], machine: string): string {
  const targets = sections.flatMap((section) => section.targets);
  const promises = tableText({
    columns: ["what", "measured", "target", ""],
    rows: targets.map((target) => [
      target.what,
      amount(target.measured, target),
      `${target.bound} ${amount(target.target, target)}`,
      isMet(target) ? "met" : "**missed**",
    ]),
  });
  const details = sections.map(
    ({ title, method, table }) => `### ${title}\n\n${method}\n\n${tableText(table)}`,
  );
  return [machine, promises, ...details].join("\n");
}

function amount(value: number, { digits = 2, unit }: Target): string {
  return unit === undefined ? value.toFixed(digits) : `${value.toFixed(digits)} ${unit}`;
}

function tableText({ columns, rows }: Table): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |\n`;
  return line(columns) + line(columns.map(() => "---")) + rows.map(line).join("");
}
