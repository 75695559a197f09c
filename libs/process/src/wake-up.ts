export interface WakeUp {
  /** Ends the present wait, or the next one if nobody waits now: a call is never lost. */
  wake(): void;
  /** Waits for `wake`, for the time, or for the signal, whichever comes first. One waiter at a time. */
  wait(timeoutMs: number): Promise<void>;
}

export function createWakeUp(signal: AbortSignal): WakeUp {
  let called = false;
  let resume: (() => void) | undefined;
  signal.addEventListener("abort", () => resume?.(), { once: true });
  return {
    wake() {
      called = true;
      resume?.();
    },
    async wait(timeoutMs) {
      if (!called && !signal.aborted) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, timeoutMs);
          resume = () => {
            clearTimeout(timer);
            resolve();
          };
        });
        resume = undefined;
      }
      called = false;
    },
  };
}
