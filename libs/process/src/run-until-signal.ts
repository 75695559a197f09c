/** A running program: what main.ts starts. */
export interface Running {
  /** Rejects when the program finds, after it has started, that it will never be able to work. */
  readonly ready?: Promise<void>;
  /** Stops everything within its own deadline. Called once. */
  stop(): Promise<void>;
}

/**
 * Starts a program, waits for SIGTERM or SIGINT, stops it, and ends the process: code 0 after a clean stop, 1 when
 * start or stop failed. A second signal ends it at once, so that a hanging stop never needs kill -9.
 *
 * @param stopTimeoutMs the longest that stop may take before the process ends anyway.
 * @param report receives what went wrong at start or stop; the process ends right after.
 */
export async function runUntilSignal(options: {
  readonly start: (signal: AbortSignal) => Promise<Running>;
  readonly stopTimeoutMs: number;
  readonly report: (message: string, error: unknown) => void;
}): Promise<never> {
  const { start, stopTimeoutMs, report } = options;
  const stopping = new AbortController();
  let signals = 0;
  let ask = () => {};
  const asked = new Promise<void>((resolve) => {
    ask = resolve;
    const onSignal = () => {
      signals += 1;
      if (signals > 1) {
        process.exit(1);
      }
      stopping.abort();
      resolve();
    };
    process.on("SIGTERM", onSignal);
    process.on("SIGINT", onSignal);
  });

  let running: Running;
  try {
    running = await start(stopping.signal);
  } catch (error) {
    if (signals === 0) {
      report("could not start", error);
      process.exit(1);
    }
    process.exit(0);
  }
  let failed = false;
  running.ready?.catch((error) => {
    if (signals === 0) {
      failed = true;
      report("could not start", error);
      ask();
    }
  });
  await asked;

  const deadline = setTimeout(() => {
    report("did not stop in time", new Error(`still busy after ${stopTimeoutMs} ms`));
    process.exit(1);
  }, stopTimeoutMs);
  try {
    await running.stop();
    clearTimeout(deadline);
  } catch (error) {
    report("could not stop cleanly", error);
    process.exit(1);
  }
  process.exit(failed ? 1 : 0);
}
