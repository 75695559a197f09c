import type { Database } from "@ordermesh/postgres/database";
import type { Logger } from "@ordermesh/telemetry/logger";
import type { Provider } from "../provider/provider.ts";
import { createSandboxProvider } from "./sandbox-provider.ts";
import { type SandboxWebhookLoop, signatureHeader, startSandboxWebhookLoop } from "./webhook-loop.ts";

/** The built-in provider with its messenger. */
export interface Sandbox {
  readonly provider: Provider;
  /** Begins to decide what needed time, and to tell of it. The ledger's tables have to be there. */
  start(deliver: (body: Buffer, signature: string) => Promise<void>): void;
  stop(): Promise<void>;
}

const postTimeoutMs = 5_000;

/**
 * @param options.webhookUrl where events are posted; undefined: they are handed to what `start` was given.
 */
export function openSandbox(options: {
  readonly database: Database;
  readonly delayMs: number;
  readonly secret: string;
  readonly webhookUrl: string | undefined;
  readonly logger: Logger;
}): Sandbox {
  const { database, delayMs, secret, webhookUrl, logger } = options;
  const stopping = new AbortController();
  let loop: SandboxWebhookLoop | undefined;

  async function post(url: string, body: Buffer, signature: string): Promise<void> {
    const headers = { "content-type": "application/json", [signatureHeader]: signature };
    const signal = AbortSignal.any([AbortSignal.timeout(postTimeoutMs), stopping.signal]);
    const response = await fetch(url, { method: "POST", headers, body, redirect: "error", signal });
    await response.body?.cancel();
    if (!response.ok) {
      throw new Error(`The receiver answered ${response.status}.`);
    }
  }

  return {
    provider: createSandboxProvider({ database, delayMs, onChanged: () => loop?.wake() }),
    start(deliver) {
      loop = startSandboxWebhookLoop({
        database,
        secret,
        logger,
        deliver: (body, signature) =>
          (webhookUrl === undefined ? deliver(body, signature) : post(webhookUrl, body, signature)).then(
            () => true,
            () => false,
          ),
      });
    },
    async stop() {
      stopping.abort();
      await loop?.stop();
      await database.close();
    },
  };
}
