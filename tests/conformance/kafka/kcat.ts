import { spawn, spawnSync } from "node:child_process";
import { text } from "node:stream/consumers";

/** Whether kcat is on this machine. It speaks through librdkafka, as clients in C, Go, Python and .NET do. */
export const hasKcat = spawnSync("kcat", ["-V"]).error === undefined;

const timeoutMs = 60_000;

/** Runs kcat to its end and returns what it printed. Fails with its complaints when its exit code is not 0. */
export async function kcat(brokers: string[], commandArguments: string[], input = ""): Promise<string> {
  const child = spawn("kcat", ["-b", brokers.join(","), ...commandArguments], {
    signal: AbortSignal.timeout(timeoutMs),
    stdio: "pipe",
  });
  const exited = new Promise<number | null>((resolve, reject) => {
    child.once("exit", resolve);
    child.once("error", reject);
  });
  child.stdin.end(input);
  const [output, complaints, exitCode] = await Promise.all([text(child.stdout), text(child.stderr), exited]);
  if (exitCode !== 0) {
    throw new Error(`kcat ${commandArguments.join(" ")} ended with ${exitCode}: ${complaints}`);
  }
  return output;
}

/** The lines of what kcat printed. */
export function linesOf(output: string): string[] {
  return output.split("\n").filter((line) => line !== "");
}
