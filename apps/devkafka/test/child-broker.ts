import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

const startTimeoutMs = 30_000;

/** devkafka as users run it: in a process of its own, which can be killed. */
export interface ChildBroker {
  readonly port: number;
  /** Ends the process at once, without any chance to clean up. */
  kill(): Promise<void>;
  /** Asks the process to stop, and returns its exit code. */
  terminate(): Promise<number | null>;
}

/** @throws Error with what the process printed, when it ends instead of serving. */
export async function startChildBroker(options: {
  readonly dataDirectory: string;
  readonly port: number;
}): Promise<ChildBroker> {
  // Built, because from its sources each start would compile them anew, which takes four times as long.
  const main = fileURLToPath(new URL("../dist/main.js", import.meta.url));
  const child = spawn(process.execPath, ["--enable-source-maps", main], {
    env: {
      PATH: process.env.PATH,
      DEVKAFKA_PORT: String(options.port),
      DEVKAFKA_DATA_DIRECTORY: options.dataDirectory,
      DEVKAFKA_PARTITIONS: "6",
      LOG_FORMAT: "json",
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const exited = new Promise<number | null>((resolve) => child.once("exit", resolve));
  const port = await listeningPort(child);
  return {
    port,
    async kill() {
      child.kill("SIGKILL");
      await exited;
    },
    terminate() {
      child.kill("SIGTERM");
      return exited;
    },
  };
}

/** Waits for the line that tells the address. */
async function listeningPort(child: ChildProcess): Promise<number> {
  let output = "";
  const deadline = AbortSignal.timeout(startTimeoutMs);
  child.stderr?.on("data", (chunk) => {
    output += chunk;
  });
  const ended = once(child, "close", { signal: deadline }).then(() => {
    throw new Error(`devkafka ended with ${child.exitCode}: ${output}`);
  });
  const serving = new Promise<number>((resolve) => {
    child.stdout?.on("data", (chunk) => {
      output += chunk;
      const port =
        /for development and tests only/.test(output) && /"address":"[^"]*:(\d+)"/.exec(output)?.[1];
      if (port) {
        resolve(Number(port));
      }
    });
  });
  ended.catch(() => {});
  return Promise.race([serving, ended]);
}
