import type { Database } from "@ordermesh/postgres/database";
import { backoffMs, pause } from "@ordermesh/process/wait";
import { createWakeUp } from "@ordermesh/process/wake-up";
import type { Logger } from "@ordermesh/telemetry/logger";
import { signPayload } from "../domain/webhook-signature.ts";
import { claimDueEvents, type DueEvent, noteDelivered, noteRefused, settleDueCaptures } from "./ledger.ts";

export const signatureHeader = "ordermesh-sandbox-signature";

/** How late a card that needs time may be decided, beyond its own time, while nobody wakes the loop. */
const lookEveryMs = 500;

export interface SandboxWebhookLoop {
  wake(): void;
  stop(): Promise<void>;
}

/**
 * The sandbox's clock and messenger: decides captures that needed time, and delivers what there is to tell, at least
 * once and until it is taken.
 *
 * @param options.deliver takes an event and its signature. @returns whether it was taken.
 */
export function startSandboxWebhookLoop(options: {
  readonly database: Database;
  readonly secret: string;
  readonly deliver: (body: Buffer, signature: string) => Promise<boolean>;
  readonly logger: Logger;
}): SandboxWebhookLoop {
  const { database, secret, logger } = options;
  const stopping = new AbortController();
  const wakeUp = createWakeUp(stopping.signal);

  async function deliver(event: DueEvent): Promise<void> {
    const body = Buffer.from(event.body);
    const signature = signPayload(secret, Math.floor(Date.now() / 1000), body);
    const taken = await options.deliver(body, signature);
    await database.transaction(async (tx) =>
      taken ? noteDelivered(tx, event.id) : noteRefused(tx, event.id),
    );
  }

  async function runOnce(): Promise<boolean> {
    const events = await database.transaction(async (tx) => {
      await settleDueCaptures(tx);
      return await claimDueEvents(tx);
    });
    await Promise.all(events.map(deliver));
    return events.length > 0;
  }

  async function run(): Promise<void> {
    let failures = 0;
    while (!stopping.signal.aborted) {
      try {
        const hadEvents = await runOnce();
        failures = 0;
        await wakeUp.wait(hadEvents ? 50 : lookEveryMs);
      } catch (error) {
        failures += 1;
        if (failures % 20 === 1) {
          logger.warn({ err: error }, "the sandbox's events wait");
        }
        await pause(backoffMs(failures, 100, 2_000), stopping.signal);
      }
    }
  }

  const ended = run();
  return {
    wake: wakeUp.wake,
    async stop() {
      stopping.abort();
      await ended;
    },
  };
}
