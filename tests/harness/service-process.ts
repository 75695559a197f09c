import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { findFreePort } from "@ordermesh/embedded/port";
import { builtProgram } from "@ordermesh/testkit/built-program";
import { eventually } from "@ordermesh/testkit/eventually";

export type ProgramName =
  | "loms"
  | "checkout"
  | "product"
  | "payments"
  | "notifications"
  | "tables"
  | "identity"
  | "gateway";

/** A service as its own process, as it runs in production, so that it can be killed. */
export interface ServiceProcess {
  readonly port: number;
  readonly pid: number;
  /** SIGKILL, and waits until it is gone. */
  kill(): Promise<void>;
  /** Starts it again on the same port and waits until it is ready. */
  restart(): Promise<void>;
  /** SIGTERM. @returns the exit code. */
  stop(): Promise<number | null>;
}

/** Starts the built program of an app. Build with `pnpm build`; `npm test` does. */
export async function startServiceProcess(
  app: ProgramName,
  environment: Readonly<Record<string, string>>,
): Promise<ServiceProcess> {
  const program = builtProgram(app);
  const port = await findFreePort();
  const prefix = app.toUpperCase();
  let output = "";
  let child: ChildProcess;

  async function start(): Promise<void> {
    child = spawn(process.execPath, program, {
      env: {
        ...process.env,
        LOG_LEVEL: "warn",
        AUTH: "off",
        ...environment,
        [`${prefix}_HOST`]: "127.0.0.1",
        [`${prefix}_PORT`]: `${port}`,
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const keep = (chunk: Buffer) => {
      output = (output + chunk.toString()).slice(-4_000);
    };
    child.stdout?.on("data", keep);
    child.stderr?.on("data", keep);
    await eventually(
      async () => {
        if (child.exitCode !== null) {
          throw new Error(`${app} ended with ${child.exitCode}: ${output}`);
        }
        const response = await fetch(`http://127.0.0.1:${port}/readyz`, {
          signal: AbortSignal.timeout(1_000),
        });
        if (!response.ok) {
          throw new Error(`${app} is not ready: ${await response.text()}\n${output}`);
        }
      },
      { timeoutMs: 30_000, everyMs: 50 },
    );
  }

  async function end(signal: "SIGKILL" | "SIGTERM"): Promise<number | null> {
    if (child.exitCode === null && child.signalCode === null) {
      const exited = once(child, "exit");
      child.kill(signal);
      await exited;
    }
    return child.exitCode;
  }

  try {
    await start();
  } catch (error) {
    await end("SIGKILL");
    throw error;
  }
  return {
    port,
    get pid() {
      return child.pid ?? 0;
    },
    async kill() {
      await end("SIGKILL");
    },
    restart: start,
    stop: () => end("SIGTERM"),
  };
}
