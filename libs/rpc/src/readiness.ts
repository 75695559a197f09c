/** What the checks of a service have found. */
export interface ReadinessState {
  readonly ready: boolean;
  /** One line for each check that fails. */
  readonly reasons: readonly string[];
}

export interface Readiness {
  current(): ReadinessState;
  /** Ends the polling and aborts the checks under way. `onChange` is not called any more. */
  stop(): void;
}

/** Resolves if what it looks at is usable; rejects with the reason. */
export type ReadinessCheck = (signal: AbortSignal) => Promise<void>;

/**
 * Polls the checks and reports when their outcome changes; the first outcome counts as a change. A check that does not
 * answer within `timeoutMs` has failed, and is not started again before it has ended.
 *
 * @param options.intervalMs from the end of one round to the beginning of the next; at most 100 while not ready.
 */
export function startReadiness(options: {
  readonly checks: Readonly<Record<string, ReadinessCheck>>;
  readonly intervalMs?: number;
  readonly timeoutMs: number;
  readonly onChange: (ready: boolean, reasons: string[]) => void;
}): Readiness {
  const { checks, intervalMs = 1_000, timeoutMs, onChange } = options;
  const stopping = new AbortController();
  const running = new Set<string>();
  let state: ReadinessState = { ready: false, reasons: ["starting"] };
  let timer: NodeJS.Timeout | undefined;

  async function runRound(): Promise<void> {
    const found = await Promise.all(
      Object.entries(checks).map(([name, check]) =>
        problemOf(name, check, running, timeoutMs, stopping.signal),
      ),
    );
    if (stopping.signal.aborted) {
      return;
    }
    const reasons = found.filter((problem) => problem !== undefined);
    const before = state;
    state = { ready: reasons.length === 0, reasons };
    // A service that waits to become ready should not be kept waiting by its own clock.
    timer = setTimeout(runRound, state.ready ? intervalMs : Math.min(intervalMs, 100));
    if (before.ready !== state.ready || before.reasons.join("\n") !== reasons.join("\n")) {
      onChange(state.ready, reasons);
    }
  }

  void runRound();
  return {
    current: () => state,
    stop() {
      stopping.abort();
      clearTimeout(timer);
    },
  };
}

/** Runs one check; returns what is wrong, undefined if nothing is. Never takes longer than the timeout. */
function problemOf(
  name: string,
  check: ReadinessCheck,
  running: Set<string>,
  timeoutMs: number,
  stopped: AbortSignal,
): Promise<string | undefined> {
  if (running.has(name)) {
    return Promise.resolve(`${name}: no answer yet`);
  }
  running.add(name);
  const late = new AbortController();
  const signal = AbortSignal.any([late.signal, stopped]);
  return new Promise((resolve) => {
    const done = (problem: string | undefined) => {
      clearTimeout(timer);
      stopped.removeEventListener("abort", onStopped);
      resolve(problem);
    };
    const onStopped = () => done(undefined);
    const timer = setTimeout(() => {
      done(`${name}: no answer within ${timeoutMs} ms`);
      late.abort();
    }, timeoutMs);
    stopped.addEventListener("abort", onStopped);
    // In a then, so that a check that throws instead of rejecting is caught as well.
    Promise.resolve(signal)
      .then(check)
      .then(
        () => done(undefined),
        (error: unknown) => done(`${name}: ${error instanceof Error ? error.message : String(error)}`),
      )
      .finally(() => running.delete(name));
  });
}
