/** Web Locks, where the page has them: not on plain http from another machine. There each tab is by itself. */

/** Runs something in one tab at a time. */
export async function withTabLock<Result>(name: string, run: () => Promise<Result>): Promise<Result> {
  return navigator.locks === undefined ? await run() : await navigator.locks.request(name, run);
}

/**
 * Waits for a lock and keeps it until `signal` is aborted.
 *
 * @param ifFree gives up at once if another tab has it.
 * @returns whether the lock was had.
 */
export async function holdTabLock(options: {
  readonly name: string;
  readonly signal: AbortSignal;
  readonly ifFree?: boolean;
  readonly onHeld: () => void;
}): Promise<boolean> {
  const { name, signal, ifFree = false, onHeld } = options;
  const hold = async () => {
    onHeld();
    await untilAborted(signal);
  };
  if (navigator.locks === undefined) {
    await hold();
    return true;
  }
  try {
    // The two options exclude each other.
    return await navigator.locks.request(name, ifFree ? { ifAvailable: true } : { signal }, async (lock) => {
      if (lock === null || signal.aborted) {
        return false;
      }
      await hold();
      return true;
    });
  } catch (error) {
    if (signal.aborted) {
      return false;
    }
    throw error;
  }
}

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) {
      resolve();
    }
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
