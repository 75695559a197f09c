import { Code, ConnectError } from "@connectrpc/connect";
import { backoffMs, pause, withTimeout } from "@ordermesh/process/wait";

/**
 * Makes a call as a client does that repeats, with the same key, what got no answer.
 *
 * @param retriesMin how often it may be repeated at least, whatever the load allows: for a method that the transport
 * never repeats by itself.
 */
export type Attempt = <Answer>(call: () => Promise<Answer>, retriesMin?: number) => Promise<Answer>;

/** Workers that do the same thing over and over, each for itself, until they are told to stop. */
export interface Load {
  /** How many turns have been finished. */
  turns(): number;
  /** How many calls were made, and how many of them were repetitions. */
  calls(): number;
  retries(): number;
  /** The longest that one call took. */
  slowestMs(): number;
  /** Waits until so many more turns have been finished. Throws what a worker threw. */
  untilMoreTurns(count: number): Promise<void>;
  /** Ends the load when each worker has finished its turn. Throws what a worker threw. */
  stop(): Promise<void>;
  /** Ends it in whatever state it is, when the test has failed. */
  abandon(): Promise<void>;
}

/** Codes of a call of which nobody knows whether it has been carried out. */
const unknownOutcomes: readonly Code[] = [Code.Unavailable, Code.DeadlineExceeded, Code.Canceled];

/** Longer than anything that these tests break takes to heal. */
const givenUpAfterMs = 60_000;

/**
 * @param options.retriesMax how often one call is repeated by the worker, on top of what its transport does; as often as
 * it takes unless told.
 * @param options.turn one turn of one worker, numbered from 0. Whatever it throws ends the load and is thrown by it.
 */
export function startLoad(options: {
  readonly workers: number;
  readonly retriesMax?: number;
  /** How long a worker waits before its next turn; not at all unless told. */
  readonly pauseMs?: () => number;
  readonly turn: (worker: number, attempt: Attempt) => Promise<void>;
}): Load {
  const { workers, retriesMax = Number.POSITIVE_INFINITY } = options;
  const stopping = new AbortController();
  let turns = 0;
  let calls = 0;
  let retries = 0;
  let slowestMs = 0;
  let failure: unknown;
  let abandoned = false;
  const lookers = new Set<() => void>();
  const tellLookers = () => {
    for (const look of lookers) {
      look();
    }
  };

  const attempt: Attempt = async (call, retriesMin = 0) => {
    const retriesAllowed = Math.max(retriesMax, retriesMin);
    const deadline = Date.now() + givenUpAfterMs;
    for (let retry = 0; ; retry += 1) {
      const startedAt = performance.now();
      try {
        calls += 1;
        return await call().finally(() => {
          slowestMs = Math.max(slowestMs, Math.round(performance.now() - startedAt));
        });
      } catch (error) {
        const isKnown = !unknownOutcomes.includes(ConnectError.from(error).code);
        if (isKnown || abandoned || retry >= retriesAllowed || Date.now() > deadline) {
          throw error;
        }
        retries += 1;
        await pause(backoffMs(retry + 1, 20, 200));
      }
    }
  };

  async function work(worker: number): Promise<void> {
    while (!stopping.signal.aborted) {
      try {
        await options.turn(worker, attempt);
        turns += 1;
        tellLookers();
        if (options.pauseMs !== undefined) {
          await pause(options.pauseMs(), stopping.signal);
        }
      } catch (error) {
        failure ??= error;
        stopping.abort();
        tellLookers();
      }
    }
  }

  const ended = Promise.all(Array.from({ length: workers }, (_, worker) => work(worker)));
  function throwFailure(): void {
    if (failure !== undefined) {
      throw failure;
    }
  }

  return {
    turns: () => turns,
    calls: () => calls,
    retries: () => retries,
    slowestMs: () => slowestMs,
    async untilMoreTurns(count) {
      const wanted = turns + count;
      // Told, and not asked every millisecond: the machine has more to do.
      const enough = new Promise<void>((resolve) => {
        const look = () => {
          if (stopping.signal.aborted || turns >= wanted) {
            lookers.delete(look);
            resolve();
          }
        };
        lookers.add(look);
        look();
      });
      const late = () =>
        new Error(`The workers finished ${turns} turns of ${wanted} within ${givenUpAfterMs} ms.`);
      await withTimeout(enough, givenUpAfterMs, late);
      throwFailure();
    },
    async stop() {
      stopping.abort();
      await ended;
      throwFailure();
    },
    async abandon() {
      abandoned = true;
      stopping.abort();
      await ended;
    },
  };
}
