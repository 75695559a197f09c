import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { findFreePort } from "@ordermesh/embedded/port";
import { builtProgram } from "@ordermesh/testkit/built-program";
import { eventually } from "@ordermesh/testkit/eventually";

/** The program, as its own process, with everything that it writes. */
export interface PaymentsProcess {
  readonly address: string;
  output(): string;
  stop(): Promise<void>;
}

export async function startPaymentsProcess(
  environment: Readonly<Record<string, string>>,
): Promise<PaymentsProcess> {
  const port = await findFreePort();
  const child: ChildProcess = spawn(process.execPath, builtProgram("payments"), {
    env: {
      PATH: process.env.PATH,
      PAYMENTS_HOST: "127.0.0.1",
      PAYMENTS_PORT: `${port}`,
      AUTH: "off",
      ...environment,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const exited = once(child, "exit");
  let output = "";
  for (const stream of [child.stdout!, child.stderr!]) {
    stream.on("data", (chunk: Buffer) => {
      output += chunk.toString();
    });
  }
  const address = `127.0.0.1:${port}`;
  await eventually(async () => {
    const response = await fetch(`http://${address}/readyz`).catch(() => undefined);
    if (response?.status !== 200) {
      throw new Error(`It is not ready: ${output}`);
    }
  });
  return {
    address,
    output: () => output,
    async stop() {
      child.kill("SIGTERM");
      await exited;
    },
  };
}
