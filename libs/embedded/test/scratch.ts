import { type ChildProcess, spawn } from "node:child_process";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";
import { withTimeout } from "@ordermesh/process/wait";

/** A new folder that every account may enter, as a server that root starts runs under another one. */
export async function makeScratchFolder(): Promise<{ path: string; remove(): Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), "ordermesh embedded "));
  await chmod(path, 0o755);
  return { path, remove: () => rm(path, { recursive: true, force: true, maxRetries: 5 }) };
}

/** Runs a TypeScript file of this folder as a program of its own, in its own process group. */
export function runScript(name: string, scriptArguments: readonly string[]): ChildProcess {
  const loader = pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href;
  const script = join(import.meta.dirname, name);
  return spawn(process.execPath, ["--import", loader, script, ...scriptArguments], {
    detached: true,
    stdio: ["ignore", "pipe", "inherit", "ipc"],
  });
}

/** The next line that a program prints, within 30 s. */
export async function nextLine(child: ChildProcess): Promise<string> {
  const lines = createInterface({ input: child.stdout! });
  const line = new Promise<string>((resolve, reject) => {
    lines.once("line", resolve);
    lines.once("close", () => reject(new Error("the program ended without printing a line")));
  });
  try {
    return await withTimeout(line, 30_000, () => new Error("the program printed nothing"));
  } finally {
    lines.removeAllListeners();
  }
}

/** Resolves when a child has ended. */
export function ended(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) {
      resolve();
    } else {
      child.once("exit", () => resolve());
    }
  });
}
