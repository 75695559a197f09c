// A real Apache Kafka for tests: `node tools/kafka/run.mjs [--brokers <number>] -- <command...>` runs the command with
// KAFKA_BROKERS set and ends with its exit code; 75 when Java or Maven is missing, so that CI can say so and go on.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { startApacheKafkaCluster } from "./cluster.mjs";
import { ToolMissing } from "./jars.mjs";

const exitCodeToolMissing = 75;
const exitCodeUsage = 64;
const usage = "Usage: node tools/kafka/run.mjs [--brokers <1 to 5>] -- <command...>\n";

/** @returns {{ brokerCount: number, command: string[] } | undefined} undefined when the line makes no sense */
function parseCommandLine(words) {
  const end = words.indexOf("--");
  try {
    const { values } = parseArgs({
      args: end === -1 ? [] : words.slice(0, end),
      options: { brokers: { type: "string", default: "1" } },
    });
    const command = words.slice(end + 1);
    return /^[1-5]$/.test(values.brokers) && command.length > 0
      ? { brokerCount: Number(values.brokers), command }
      : undefined;
  } catch {
    return undefined;
  }
}

/** @returns {Promise<number>} the exit code of the command */
function runCommand([program, ...commandArguments], brokers, signal) {
  return new Promise((settle) => {
    const child = spawn(program, commandArguments, {
      stdio: "inherit",
      env: { ...process.env, KAFKA_BROKERS: brokers },
    });
    signal.addEventListener("abort", () => child.kill(signal.reason));
    child.once("error", (error) => {
      process.stderr.write(`${program} could not be run: ${error.message}\n`);
      settle(127);
    });
    child.once("exit", (code, killedBy) => settle(code ?? (killedBy === "SIGINT" ? 130 : 143)));
  });
}

async function main(words) {
  const parsed = parseCommandLine(words);
  if (parsed === undefined) {
    process.stderr.write(usage);
    return exitCodeUsage;
  }
  const interruption = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"]) {
    process.on(signal, () => interruption.abort(signal));
  }
  const { signal } = interruption;
  const directory = mkdtempSync(join(tmpdir(), "ordermesh-kafka-"));
  try {
    const startedAt = performance.now();
    const kafka = await startApacheKafkaCluster({ brokerCount: parsed.brokerCount, directory, signal });
    const addresses = kafka.addresses.join(",");
    const startSeconds = ((performance.now() - startedAt) / 1000).toFixed(1);
    process.stderr.write(`Apache Kafka answers on ${addresses} after ${startSeconds} s.\n`);
    try {
      return await runCommand(parsed.command, addresses, signal);
    } finally {
      await kafka.stop();
    }
  } catch (error) {
    process.stderr.write(`${error.message}\n`);
    return error instanceof ToolMissing ? exitCodeToolMissing : 1;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

process.exit(await main(process.argv.slice(2)));
