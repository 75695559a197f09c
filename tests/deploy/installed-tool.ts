import { spawnSync } from "node:child_process";
import { root } from "./files.ts";

const timeoutMs = 60_000;

export interface ToolResult {
  readonly exitCode: number;
  /** Standard output and standard error, one after the other. */
  readonly output: string;
}

/** A program that a check can do without: the project must not need it. */
export interface InstalledTool {
  readonly isInstalled: boolean;
  /** For the title of what is left out without it. */
  readonly note: string;
  /** Runs it in the root of the checkout. */
  run(...toolArguments: readonly string[]): ToolResult;
}

/**
 * Looks whether a program is there.
 *
 * @param versionArguments with which it prints its version and does nothing else.
 * @param debianPackage where it comes from, for the reader of a skipped test.
 */
export function findTool(
  name: string,
  versionArguments: readonly string[],
  debianPackage: string,
): InstalledTool {
  const run = (...toolArguments: readonly string[]): ToolResult => {
    const { status, stdout, stderr } = spawnSync(name, toolArguments, {
      cwd: root,
      encoding: "utf8",
      timeout: timeoutMs,
    });
    return { exitCode: status ?? -1, output: `${stdout ?? ""}${stderr ?? ""}` };
  };
  const isInstalled = run(...versionArguments).exitCode === 0;
  const note = isInstalled ? "" : ` (left out: ${name} is not installed; Debian has it in ${debianPackage})`;
  return { isInstalled, note, run };
}
