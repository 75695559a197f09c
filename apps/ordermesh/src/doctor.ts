import type { Command } from "commander";
import { readMeshConfig } from "./config.ts";
import { checkData, checkDisk, checkLeftovers, checkWritable } from "./doctor-data.ts";
import { checkPorts } from "./doctor-ports.ts";
import { checkCheckout, checkNode, checkPlatform, checkTools } from "./doctor-system.ts";
import { exitCodes } from "./exit-codes.ts";

/** One thing that was looked at. */
export interface Finding {
  readonly subject: string;
  /** A note is about something that one can do without. */
  readonly state: "ok" | "note" | "problem";
  readonly detail: string;
  /** What to do about it; absent when it is fine. */
  readonly advice?: string;
}

export function addDoctorCommand(program: Command): void {
  program
    .command("doctor")
    .description(
      "Looks for what may keep Ordermesh from running on this machine, and says what to do about it.",
    )
    .option("--json", "for scripts: one JSON object")
    .addHelpText("after", "\nEnds with 1 when it has found a problem.")
    .action(async (options: { json?: true }) => {
      const findings = await examine();
      const isHealthy = findings.every(({ state }) => state !== "problem");
      process.stdout.write(
        options.json === true
          ? `${JSON.stringify({ healthy: isHealthy, findings }, undefined, 2)}\n`
          : describeFindings(findings),
      );
      if (!isHealthy) {
        process.exitCode = exitCodes.problems;
      }
    });
}

async function examine(): Promise<Finding[]> {
  const config = readMeshConfig();
  const { dataDirectory } = config;
  const groups = await Promise.all([
    checkNode(),
    checkPlatform(),
    checkCheckout(),
    checkPorts(config),
    checkWritable(dataDirectory),
    checkDisk(dataDirectory),
    checkData(dataDirectory),
    checkLeftovers(dataDirectory),
    checkTools(),
  ]);
  return groups.flat();
}

function describeFindings(findings: readonly Finding[]): string {
  const marks = { ok: "ok     ", note: "note   ", problem: "PROBLEM" } as const;
  const width = Math.max(...findings.map(({ subject }) => subject.length));
  const lines = findings.map(({ subject, state, detail, advice }) => {
    const line = `${marks[state]}  ${subject.padEnd(width)}  ${detail}`;
    return advice === undefined ? line : `${line}\n${" ".repeat(width + 11)}→ ${advice}`;
  });
  const problems = findings.filter(({ state }) => state === "problem").length;
  const sum =
    problems === 0 ? "No problem found." : `${problems} ${problems === 1 ? "problem" : "problems"} found.`;
  return `${lines.join("\n")}\n\n${sum}\n`;
}
