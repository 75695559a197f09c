import { get } from "node:http";
import { acceptsConnections } from "@ordermesh/embedded/port";
import { pause } from "@ordermesh/process/wait";

/** What a look at a program found: ready, or why not yet. */
export type ReadinessAnswer = { readonly ready: true } | { readonly ready: false; readonly why: string };

const answerTimeoutMs = 2_000;
const lookEveryMs = 25;

/** Asks a service whether it is ready. */
export function askReadyz(address: {
  readonly host: string;
  readonly port: number;
}): Promise<ReadinessAnswer> {
  return new Promise((resolve) => {
    const request = get(
      { ...address, path: "/readyz", agent: false, timeout: answerTimeoutMs },
      (response) => {
        let text = "";
        response.setEncoding("utf8");
        response.on("data", (chunk: string) => {
          text = (text + chunk).slice(0, 1_000);
        });
        response.once("close", () =>
          resolve(response.statusCode === 200 ? { ready: true } : { ready: false, why: text.trim() }),
        );
      },
    );
    request.once("timeout", () => request.destroy(new Error("it does not answer")));
    request.once("error", (error: NodeJS.ErrnoException) =>
      resolve({
        ready: false,
        why: error.code === "ECONNREFUSED" ? "it does not listen yet" : error.message,
      }),
    );
  });
}

/** Asks a program that only has a port. */
export async function askPort(port: number): Promise<ReadinessAnswer> {
  return (await acceptsConnections(port, answerTimeoutMs))
    ? { ready: true }
    : { ready: false, why: "it does not listen yet" };
}

/**
 * Asks again and again.
 *
 * @returns undefined when it is ready; why it is not after `timeoutMs`, when `giveUp` finds a reason, or on abort.
 */
export async function waitUntilReady(options: {
  readonly ask: () => Promise<ReadinessAnswer>;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  readonly giveUp?: () => string | undefined;
}): Promise<string | undefined> {
  const { ask, timeoutMs, signal, giveUp = () => undefined } = options;
  for (const deadline = performance.now() + timeoutMs; ; ) {
    const answer = await ask();
    if (answer.ready) {
      return undefined;
    }
    if (signal.aborted) {
      return "stopped while waiting";
    }
    const reason = giveUp();
    if (reason !== undefined) {
      return reason;
    }
    if (performance.now() > deadline) {
      return `not ready within ${timeoutMs / 1000} s: ${answer.why}`;
    }
    await pause(lookEveryMs, signal);
  }
}
