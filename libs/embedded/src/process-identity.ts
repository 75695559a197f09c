import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { pause } from "@ordermesh/process/wait";

/**
 * Says which process a number meant when it was written down. Process numbers are reused, so a number alone is never
 * reason enough to send a signal.
 */
export interface ProcessIdentity {
  readonly pid: number;
  /** When it started, in the operating system's own notation: only good for comparing. */
  readonly startedAt: string;
  /** The command line, arguments separated by spaces. */
  readonly command: string;
}

/** The process of that number, or undefined when there is none or it has ended and only waits to be collected. */
export async function identifyProcess(pid: number): Promise<ProcessIdentity | undefined> {
  if (!Number.isSafeInteger(pid) || pid <= 0) {
    return undefined;
  }
  return process.platform === "linux" ? identifyFromProc(pid) : identifyWithPs(pid);
}

/** Whether the very process that was written down still runs. */
export async function isSameProcess(identity: ProcessIdentity): Promise<boolean> {
  const now = await identifyProcess(identity.pid);
  return now !== undefined && now.startedAt === identity.startedAt && now.command === identity.command;
}

/** Reads what JSON.stringify made of an identity. Undefined for anything else. */
export function parseIdentity(text: string): ProcessIdentity | undefined {
  let value: Partial<ProcessIdentity> | null;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (
    typeof value?.pid !== "number" ||
    typeof value.startedAt !== "string" ||
    typeof value.command !== "string"
  ) {
    return undefined;
  }
  return { pid: value.pid, startedAt: value.startedAt, command: value.command };
}

/**
 * Sends each signal in turn and waits for the process to end, `timeoutMs` after each.
 *
 * @returns true when it is gone, false when it outlived them all or may not be signalled by us.
 */
export async function endProcess(
  identity: ProcessIdentity,
  steps: readonly { readonly signal: NodeJS.Signals; readonly timeoutMs: number }[],
): Promise<boolean> {
  for (const { signal, timeoutMs } of steps) {
    if (!(await isSameProcess(identity))) {
      return true;
    }
    try {
      process.kill(identity.pid, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ESRCH") {
        return true;
      }
      return false;
    }
    for (const deadline = Date.now() + timeoutMs; Date.now() < deadline; ) {
      if (!(await isSameProcess(identity))) {
        return true;
      }
      await pause(20);
    }
  }
  return !(await isSameProcess(identity));
}

async function identifyFromProc(pid: number): Promise<ProcessIdentity | undefined> {
  try {
    const [stat, commandLine] = await Promise.all([
      readFile(`/proc/${pid}/stat`, "utf8"),
      readFile(`/proc/${pid}/cmdline`, "utf8"),
    ]);
    // The second field is the name in parentheses and may itself hold spaces and parentheses.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const [state, startedAt] = [fields[0], fields[19]];
    if (state === "Z" || state === "X" || startedAt === undefined) {
      return undefined;
    }
    return { pid, startedAt, command: commandLine.split("\0").join(" ").trim() };
  } catch {
    return undefined;
  }
}

function identifyWithPs(pid: number): Promise<ProcessIdentity | undefined> {
  const columns = ["-ww", "-o", "stat=,lstart=,command=", "-p", String(pid)];
  return new Promise((resolve) => {
    execFile(
      "ps",
      columns,
      { env: { LC_ALL: "C", PATH: "/bin:/usr/bin" }, timeout: 5_000 },
      (error, output) => {
        // S  Fri Nov 21 11:02:33 2025 /path/to/program with arguments
        const match = /^\s*(\S+)\s+(\w{3}\s+\w{3}\s+\d+\s+[\d:]+\s+\d{4})\s+(.*)$/.exec(output.trimEnd());
        if (error !== null || match?.[1] === undefined || match[1].startsWith("Z")) {
          resolve(undefined);
          return;
        }
        resolve({ pid, startedAt: match[2] ?? "", command: match[3] ?? "" });
      },
    );
  });
}
