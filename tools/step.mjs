import { spawn } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The checkout that this file lies in. */
export const root = join(dirname(fileURLToPath(import.meta.url)), "..");

/** A step that did not succeed. Its message is one sentence for the user; what the tool said was printed before. */
export class StepFailed extends Error {}

/** Runs a step and says how long it took, on standard error: standard output belongs to the command. */
export async function timed(name, run) {
  const startedAt = performance.now();
  process.stderr.write(`• ${name} …\n`);
  await run();
  process.stderr.write(`• ${name}: ${((performance.now() - startedAt) / 1000).toFixed(1)} s\n`);
}

/**
 * Runs a program in the checkout, its output on standard error.
 *
 * @param {string} program
 * @param {string[]} programArguments
 * @param {{ environment?: Record<string, string>, timeoutMs: number, whenItFails: string }} options
 * @throws StepFailed
 */
export async function runTool(program, programArguments, { environment = {}, timeoutMs, whenItFails }) {
  const child = spawn(program, programArguments, {
    cwd: root,
    stdio: ["ignore", 2, 2],
    env: { ...process.env, ...environment },
    // A group of its own, so that everything that the tool has started can be ended together with it.
    detached: true,
  });
  const end = () => endGroup(child.pid);
  const timer = setTimeout(end, timeoutMs);
  process.once("exit", end);
  const failure = await new Promise((settle) => {
    child.once("error", (error) => settle(error.message));
    child.once("exit", (code, signal) => {
      settle(code === 0 ? undefined : signal === null ? `exit code ${code}` : `ended by ${signal}`);
    });
  });
  clearTimeout(timer);
  process.off("exit", end);
  if (failure !== undefined) {
    throw new StepFailed(`${whenItFails} (${failure}).`);
  }
}

function endGroup(pid) {
  try {
    process.kill(-pid, "SIGTERM");
  } catch {
    // It has ended, or was never started.
  }
}
