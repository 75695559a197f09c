import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { build, isBuilt } from "./build.mjs";
import { generate, isGenerated } from "./generate.mjs";
import { install, isInstalled } from "./install.mjs";
import { root, StepFailed, timed } from "./step.mjs";
import { withWorkspaceLock } from "./workspace-lock.mjs";

/**
 * Installs, generates and builds what is missing or outdated, then runs the command line; or the tests after
 * `--test`, the benchmark after `--bench`, pictures of all pages after `--screenshots`; or nothing after `--prepare`.
 *
 * @param {string[]} commandArguments
 */
export async function prepareAndRun(commandArguments) {
  try {
    await prepare();
  } catch (error) {
    if (!(error instanceof StepFailed)) {
      throw error;
    }
    process.stderr.write(`${error.message}\n`);
    process.exit(1);
  }
  if (commandArguments[0] === "--prepare") {
    return;
  }
  const [first, ...others] = commandArguments;
  if (first === "--test") {
    const vitest = join("node_modules", "vitest", "vitest.mjs");
    process.env.TEST_LENGTH ??= "short";
    if (process.env.TEST_LENGTH === "short") {
      process.stdout.write(
        "The short form. `npm run test:whole` also runs what tests/long-files.ts lists.\n",
      );
    }
    process.exit(await runNode([vitest, "run", "--config", "vitest.workspace.ts", ...others]));
  }
  if (first === "--bench") {
    process.exit(await runNode(["--import", "tsx", join("tests", "bench", "main.ts"), ...others]));
  }
  if (first === "--screenshots") {
    process.exit(await runNode(["--import", "tsx", join("tests", "web", "main.ts"), ...others]));
  }
  await runCommandLine(commandArguments);
}

/** The steps in their order: each needs what the one before it makes. */
const steps = [
  { name: "install packages", isDone: isInstalled, run: install },
  { name: "generate the contracts' code", isDone: isGenerated, run: generate },
  { name: "build the programs", isDone: isBuilt, run: build },
];

async function prepare() {
  // Asked again under the lock: another process may have done them while we waited for it.
  if (steps.every((step) => step.isDone())) {
    return;
  }
  await withWorkspaceLock(async () => {
    for (const step of steps) {
      if (!step.isDone()) {
        await timed(step.name, step.run);
      }
    }
  });
}

/**
 * In this very process: so there is no signal to forward and no exit code to pass on, and `npm start`, which sends
 * Ctrl-C to its child a second time, has one child less to confuse.
 */
async function runCommandLine(commandArguments) {
  const program = join(root, "apps", "ordermesh", "dist", "main.js");
  if (!existsSync(program)) {
    process.stderr.write(
      "The command line is missing from this checkout: there is no apps/ordermesh/src/main.ts.\n",
    );
    process.exit(1);
  }
  process.setSourceMapsEnabled(true);
  process.argv = [process.execPath, program, ...commandArguments];
  await import(pathToFileURL(program).href);
}

/**
 * Runs a program of this checkout and passes signals on.
 *
 * @param {string[]} nodeArguments
 * @returns {Promise<number>} its exit code
 */
function runNode(nodeArguments) {
  const child = spawn(process.execPath, nodeArguments, { cwd: root, stdio: "inherit" });
  for (const signal of ["SIGTERM", "SIGHUP"]) {
    process.on(signal, () => child.kill(signal));
  }
  process.on("SIGINT", () => {
    // A terminal has sent Ctrl-C to the child as well, and twice would keep it from cleaning up.
    if (!process.stdin.isTTY) {
      child.kill("SIGINT");
    }
  });
  return new Promise((settle) => {
    child.once("error", (error) => {
      process.stderr.write(`${process.execPath} could not be started: ${error.message}\n`);
      settle(1);
    });
    child.once("exit", (code, signal) => settle(code ?? (signal === "SIGINT" ? 130 : 143)));
  });
}
