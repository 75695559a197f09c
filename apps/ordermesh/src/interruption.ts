import { isRunByNpm } from "./config.ts";

/** Interruptions by the user or the system, as long as they are listened for. */
export interface Interruption {
  /** Aborts on the first SIGINT, SIGTERM or SIGHUP. */
  readonly signal: AbortSignal;
  /** Stops listening. */
  close(): void;
}

/**
 * `npm start` passes Ctrl-C on to a child that the terminal has sent it to already: what comes within this time of the
 * first is the same wish.
 */
const sameWishMs = 1_000;

const parentLookEveryMs = 250;

/**
 * Listens for the wish to stop; `onForce` is called for a second one, by somebody who does not want to wait.
 *
 * npm and npx run their commands in a shell, and that one does not pass SIGTERM on when it is ended: so under them the
 * end of our parent is the same wish.
 */
export function listenForInterruption(onForce: () => void, runByNpm = isRunByNpm()): Interruption {
  const interruption = new AbortController();
  let firstAt: number | undefined;
  const onSignal = () => {
    firstAt ??= performance.now();
    interruption.abort(new Error("interrupted"));
    if (performance.now() - firstAt > sameWishMs) {
      onForce();
    }
  };
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  for (const signal of signals) {
    process.on(signal, onSignal);
  }
  const parent = process.ppid;
  const parentWatch = setInterval(() => {
    if (runByNpm && process.ppid !== parent) {
      clearInterval(parentWatch);
      onSignal();
    }
  }, parentLookEveryMs).unref();
  // Whoever reads our output has gone, and nobody will see that something still runs.
  process.stdout.on("error", onSignal);
  return {
    signal: interruption.signal,
    close() {
      clearInterval(parentWatch);
      for (const signal of signals) {
        process.off(signal, onSignal);
      }
      process.stdout.off("error", onSignal);
    },
  };
}
