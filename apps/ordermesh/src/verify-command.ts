import { createLogger } from "@ordermesh/telemetry/logger";
import type { Command } from "commander";
import { exitCodes } from "./exit-codes.ts";
import { readInstallation } from "./installation-config.ts";
import { type CheckResult, findingsListedMax } from "./verify/finding.ts";
import { runVerify } from "./verify/run-verify.ts";

export function addVerifyCommand(program: Command): void {
  program
    .command("verify")
    .description("Recompute the invariants of a running mesh from its ledgers, and print every mismatch.")
    .option("--json", "print one JSON document instead of lines")
    .option("-v, --verbose", "also print what was checked and how much of it there was")
    .action(async (options: { json?: boolean; verbose?: boolean }) => {
      const { databases, kafkaBrokers } = readInstallation();
      const logger = createLogger({ service: "verify", level: "error", format: "readable" });
      const results = await runVerify(
        {
          lomsDatabaseUrl: databases.loms,
          checkoutDatabaseUrl: databases.checkout,
          notificationsDatabaseUrl: databases.notifications,
          paymentsDatabaseUrl: databases.payments,
          tablesDatabaseUrl: databases.tables,
          kafkaBrokers,
        },
        logger,
      );
      process.stdout.write(
        options.json ? `${JSON.stringify(results, null, 2)}\n` : report(results, options.verbose),
      );
      process.exitCode = results.some(({ findings }) => findings.length > 0)
        ? exitCodes.problems
        : exitCodes.ok;
    });
}

/** One line per mismatch; nothing where all is well, unless asked for more. */
function report(results: readonly CheckResult[], verbose = false): string {
  const lines = results.flatMap(({ invariant, claim, examined, findings }) => {
    const summary = `${findings.length === 0 ? "ok  " : "FAIL"} ${invariant.padEnd(3)} ${claim} (${examined} looked at)`;
    const listed = findings.slice(0, findingsListedMax).map(({ text }) => `${invariant} ${text}`);
    const rest = findings.length - listed.length;
    return [
      ...(verbose ? [summary] : []),
      ...listed,
      ...(rest > 0 ? [`${invariant} … and ${rest} more: ${claim}`] : []),
    ];
  });
  return lines.map((line) => `${line}\n`).join("");
}
