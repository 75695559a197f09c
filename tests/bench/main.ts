/*
 * `npm run bench`: what the purchase path can do, as ratios to yardsticks of the same run.
 *
 *   npm run bench                              everything, about ten minutes
 *   npm run bench -- inside-loms relay-drain   only these sections
 *   npm run bench -- --write                   puts the result into docs/benchmarks.md
 *   npm run bench -- --profile purchase-path   records what the services do: slower, and not for figures
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { arch, cpus, platform, tmpdir, totalmem } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { readProfiles } from "./profiles.ts";
import { isMet, reportOf } from "./report.ts";
import { runBench, sectionNames } from "./run-bench.ts";
import { fullSizes, smokeSizes } from "./sizes.ts";

const { values, positionals } = parseArgs({
  options: {
    smoke: { type: "boolean", default: false },
    write: { type: "boolean", default: false },
    profile: { type: "boolean", default: false },
  },
  allowPositionals: true,
});
const unknown = positionals.filter((name) => !sectionNames.includes(name));
if (unknown.length > 0) {
  process.stderr.write(`There is no section ${unknown.join(", ")}. There are: ${sectionNames.join(", ")}.\n`);
  process.exit(64);
}

if (values.profile) {
  const profiler = new URL("./profiler.mjs", import.meta.url).href;
  process.env.PROFILE_DIRECTORY = mkdtempSync(join(tmpdir(), "ordermesh-profiles-"));
  process.env.NODE_OPTIONS = `${process.env.NODE_OPTIONS ?? ""} --import=${profiler}`;
}
const sections = await runBench({
  names: positionals,
  sizes: values.smoke ? smokeSizes : fullSizes,
  onProgress: (text) => process.stderr.write(`${new Date().toTimeString().slice(0, 8)} ${text} …\n`),
  onSection: (section) => process.stderr.write(`${reportOf([section], "")}\n`),
});
const report = reportOf(sections, describeRun());
process.stdout.write(`\n${report}\n`);
const missed = sections.flatMap(({ targets }) => targets).filter((target) => !isMet(target));
process.stdout.write(
  missed.length === 0 ? "Every target is met.\n" : `${missed.length} targets are missed.\n`,
);
if (process.env.PROFILE_DIRECTORY !== undefined) {
  for (const { app, busyMs, costs } of readProfiles(process.env.PROFILE_DIRECTORY)) {
    process.stdout.write(`\n${app}: ${busyMs.toFixed(0)} ms busy\n`);
    for (const { where, share } of costs.slice(0, 15)) {
      process.stdout.write(`  ${(share * 100).toFixed(1).padStart(5)} %  ${where}\n`);
    }
  }
  process.stdout.write(`\nFlame graphs: ${process.env.PROFILE_DIRECTORY}\n`);
}
if (values.write) {
  writeResults(report);
}

/** Machine, commit and command, without which figures say nothing. */
function describeRun(): string {
  const commit = git("rev-parse", "--short", "HEAD");
  const changed = git("status", "--porcelain") === "" ? "" : " with changes";
  const processors = cpus();
  const memory = Math.round(totalmem() / 2 ** 30);
  return (
    `${new Date().toISOString().slice(0, 10)}, commit ${commit}${changed}, \`npm run bench\`` +
    `${process.argv.slice(2).length === 0 ? "" : ` (${process.argv.slice(2).join(" ")})`}: ` +
    `${processors.length} × ${processors[0]?.model.trim() ?? "unknown processor"}, ${memory} GB, ${platform()} ${arch()}, ` +
    `Node ${process.version}, PostgreSQL with fsync, client, services and database together.\n`
  );
}

function git(...command: string[]): string {
  try {
    return execFileSync("git", command, { encoding: "utf8" }).trim();
  } catch {
    return "unknown";
  }
}

/** Replaces what is between the two marks. */
function writeResults(text: string): void {
  const file = new URL("../../docs/benchmarks.md", import.meta.url);
  const [begin, end] = ["<!-- results -->\n", "<!-- end of results -->"];
  const document = readFileSync(file, "utf8");
  const from = document.indexOf(begin);
  const to = document.indexOf(end);
  if (from === -1 || to === -1) {
    throw new Error("docs/benchmarks.md has no place for results.");
  }
  writeFileSync(file, `${document.slice(0, from + begin.length)}\n${text}\n${document.slice(to)}`);
}
