// `npm run faults`: the fault tests in their long form, and a summary of what fired.
//
//   npm run faults                               every test, a new seed, the rounds that each asks for
//   npm run faults -- --seed 7 --rounds 20       repeat a run, or shorten it
//   npm run faults -- loms-killed                only files whose name contains this
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { prepareAndRun } from "./prepare-and-run.mjs";

const usage = "Usage: npm run faults -- [--seed <number>] [--rounds <number>] [part of a file's name ...]\n";

function parseCommandLine() {
  try {
    const { values, positionals } = parseArgs({
      options: { seed: { type: "string" }, rounds: { type: "string" } },
      allowPositionals: true,
    });
    for (const [name, value] of Object.entries(values)) {
      if (!/^[1-9]\d{0,8}$/.test(value)) {
        throw new Error(`--${name} must be a whole number from 1 to 999999999, not ${value}.`);
      }
    }
    return { ...values, files: positionals };
  } catch (error) {
    process.stderr.write(`${error.message}\n${usage}`);
    process.exit(64);
  }
}

/** One line per test: its claim, then what it counted. */
function summaryOf(reportFile) {
  const lines = existsSync(reportFile) ? readFileSync(reportFile, "utf8").trim().split("\n") : [];
  const texts = lines.map((line) => {
    const { claim, seed, rounds, seconds, ...counts } = JSON.parse(line);
    const counted = Object.entries(counts).map(([name, value]) => `${value} ${name}`);
    return `  ${claim}\n    ${rounds} rounds in ${seconds} s with seed ${seed}: ${counted.join(", ")}\n`;
  });
  return `\nWhat fired\n${texts.join("")}`;
}

const { seed, rounds, files } = parseCommandLine();
const directory = mkdtempSync(join(tmpdir(), "ordermesh-faults-"));
const reportFile = join(directory, "report.jsonl");
process.env.TEST_LENGTH = "long";
process.env.FAULTS_REPORT = reportFile;
if (seed !== undefined) {
  process.env.TEST_SEED = seed;
}
if (rounds !== undefined) {
  process.env.FAULTS_ROUNDS = rounds;
}
process.on("exit", () => {
  process.stdout.write(summaryOf(reportFile));
  rmSync(directory, { recursive: true, force: true });
});
// Vitest runs the files whose names contain one of these. The races of actions are beside their service, and long here.
const filters =
  files.length === 0
    ? ["tests/faults", "apps/loms/test/action-races"]
    : files.map((file) => `tests/faults/${file}`);
await prepareAndRun(["--test", ...filters]);
