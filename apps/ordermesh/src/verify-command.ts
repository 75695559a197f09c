import { createLogger } from "@ordermesh/telemetry/logger";
import type { Command } from "commander";
import { exitCodes } from "./exit-codes.ts";
import { readInstallation } from "./installation-config.ts";
import { listenForInterruption } from "./interruption.ts";
import { type CheckResult, findingsListedMax } from "./verify/finding.ts";
import { hostVerification } from "./verify/host-verification.ts";
import { runVerify } from "./verify/run-verify.ts";

export function addVerifyCommand(program: Command): void {
  program
    .command("verify")
    .description("Recompute the invariants of a running mesh from its ledgers, and print every mismatch.")
    .option("--json", "print one JSON document instead of lines")
    .option("-v, --verbose", "also print what was checked and how much of it there was")
    .option("--serve", "instead serve verifications to the gateway, on VERIFY_PORT (50058), until Ctrl-C")
    .action(async (options: { json?: boolean; verbose?: boolean; serve?: boolean }) => {
      if (options.serve === true) {
        await serveUntilInterrupted();
        return;
      }
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

/** For an installation that `up` does not run, by whoever may read all of its databases. */
async function serveUntilInterrupted(): Promise<void> {
  const { databases, addresses, kafkaBrokers, verifier } = readInstallation();
  const interruption = listenForInterruption(() => process.exit(exitCodes.problems));
  try {
    const server = await hostVerification({
      ...verifier,
      mesh: {
        addresses: { identity: addresses.identity ?? "" },
        databaseUrls: databases,
        kafkaBrokers: kafkaBrokers.join(","),
      },
      logger: createLogger({ service: "verify", level: "info", format: "json" }),
    });
    const stopped = new Promise<void>((resolve) => {
      interruption.signal.addEventListener("abort", () => resolve(), { once: true });
    });
    process.stdout.write(`verifications are served on port ${server?.port}\n`);
    await stopped;
    await server?.stop();
  } finally {
    interruption.close();
  }
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
