import { pause, withTimeout } from "@ordermesh/process/wait";

export interface Readiness {
  /** What is wrong now; empty when all checks passed last time. */
  current(): { readonly ready: boolean; readonly reasons: readonly string[] };
  stop(): Promise<void>;
}

/**
 * Runs checks again and again, one round after the other, and reports when the answer changes.
 *
 * @param options.checks by name; one that throws or takes longer than `timeoutMs` makes the service not ready.
 * @param options.onChange told the first answer and every other one after it.
 */
export function startReadiness(options: {
  readonly checks: Readonly<Record<string, (signal: AbortSignal) => Promise<void>>>;
  readonly intervalMs?: number;
  readonly timeoutMs: number;
  readonly onChange: (ready: boolean, reasons: readonly string[]) => void;
}): Readiness {
  const { checks, intervalMs = 1_000, timeoutMs, onChange } = options;
  const stopping = new AbortController();
  let state: { ready: boolean; reasons: readonly string[] } = { ready: false, reasons: ["starting"] };
  let reported = false;

  async function runCheck(name: string, check: (signal: AbortSignal) => Promise<void>): Promise<string | undefined> {
    const ending = new AbortController();
    try {
      await withTimeout(check(ending.signal), timeoutMs, () => new Error(`no answer within ${timeoutMs} ms`));
      return undefined;
    } catch (error) {
      return `${name}: ${error instanceof Error ? error.message : String(error)}`;
    } finally {
      ending.abort();
    }
  }

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      const results = await Promise.all(Object.entries(checks).map(([name, check]) => runCheck(name, check)));
      const reasons = results.filter((reason) => reason !== undefined);
      const ready = reasons.length === 0;
      const changed = !reported || ready !== state.ready;
      state = { ready, reasons };
      if (changed && !stopping.signal.aborted) {
        reported = true;
        onChange(ready, reasons);
      }
      await pause(intervalMs, stopping.signal);
    }
  }

  const ended = run();
  return {
    current: () => state,
    async stop() {
      stopping.abort();
      await ended;
    },
  };
}
