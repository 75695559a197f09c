import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { builtProgram } from "@ordermesh/testkit/built-program";

/** The program, as its own process. */
export interface NotificationsProcess {
  /** Every line that it has written. */
  readonly lines: readonly string[];
  /** Lines that are log entries. */
  entries(): Record<string, unknown>[];
  /** @returns the exit code, or null if a signal ended it. */
  end(signal: "SIGTERM" | "SIGKILL"): Promise<number | null>;
  exited(): Promise<number | null>;
}

export function startNotificationsProcess(
  environment: Readonly<Record<string, string>>,
): NotificationsProcess {
  const child: ChildProcess = spawn(process.execPath, builtProgram("notifications"), {
    env: { PATH: process.env.PATH, AUTH: "off", ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const exit = once(child, "exit").then(([code]) => code as number | null);
  let output = "";
  for (const stream of [child.stdout!, child.stderr!]) {
    stream.on("data", (chunk: Buffer) => {
      output += chunk.toString();
    });
  }
  const lines = () => output.split("\n").filter((line) => line !== "");
  return {
    get lines() {
      return lines();
    },
    entries: () => lines().flatMap((line) => (line.startsWith("{") ? [JSON.parse(line)] : [])),
    async end(signal) {
      child.kill(signal);
      return await exit;
    },
    exited: () => exit,
  };
}
