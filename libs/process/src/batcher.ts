import { Failure } from "@ordermesh/failure/failure";

export interface Batcher<Request, Result> {
  /**
   * Hands in a request for the next batch.
   *
   * @param caller tells whether the caller is gone: then, before its batch leaves, the request is dropped and nothing
   * happens.
   * @throws Failure `resource_exhausted` when the queue is full, `deadline_exceeded` when it was dropped,
   * `unavailable` once it drains, and whatever `run` throws.
   */
  submit(request: Request, caller: Caller): Promise<Result>;
  /** Takes no more requests and waits for those that it has. */
  drain(): Promise<void>;
}

/** A call, or an AbortSignal. */
export interface Caller {
  readonly aborted: boolean;
}

/** Of work that is done whether or not anybody still waits for it. */
export const alwaysThere: Caller = { aborted: false };

export interface BatcherOptions<Request, Result> {
  /** One result per request, in the same order. All of a batch or none of it must take effect. */
  readonly run: (requests: readonly Request[]) => Promise<readonly Result[]>;
  /** How much a request weighs, such as its number of lines: bounds the size of one transaction. */
  readonly weigh: (request: Request) => number;
  readonly requestsMax: number;
  readonly weightMax: number;
  readonly queueMax: number;
  /** Told the number of requests of each batch. */
  readonly sizes?: { observe(count: number): void };
}

interface Entry<Request, Result> {
  readonly request: Request;
  readonly weight: number;
  readonly caller: Caller;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Coalesces concurrent calls into batches, one under way at a time. There is no timer: a batch leaves as soon as the
 * one before it is done, so a lone call waits for nobody, and batches grow with the load by themselves. One batch at
 * a time was never slower than two.
 *
 * A batch that fails is repeated request by request, so that one that can not be served does not fail its
 * neighbours; except when the database is away, which would fail each of them as well.
 */
export function createBatcher<Request, Result>(
  options: BatcherOptions<Request, Result>,
): Batcher<Request, Result> {
  const { run, weigh, requestsMax, weightMax, queueMax, sizes } = options;
  let queue: Entry<Request, Result>[] = [];
  let underWay: Promise<void> | undefined;
  let draining = false;

  function takeBatch(): Entry<Request, Result>[] {
    const waiting = queue.filter((entry) => {
      if (entry.caller.aborted) {
        entry.reject(droppedBeforeStart());
      }
      return !entry.caller.aborted;
    });
    let weight = 0;
    let count = 0;
    for (const entry of waiting) {
      weight += entry.weight;
      if (count === requestsMax || (count > 0 && weight > weightMax)) {
        break;
      }
      count += 1;
    }
    queue = waiting.slice(count);
    return waiting.slice(0, count);
  }

  async function runAlone(entry: Entry<Request, Result>): Promise<void> {
    try {
      const [result] = await run([entry.request]);
      entry.resolve(result as Result);
    } catch (error) {
      entry.reject(error);
    }
  }

  async function runBatch(batch: readonly Entry<Request, Result>[]): Promise<void> {
    sizes?.observe(batch.length);
    try {
      const results = await run(batch.map((entry) => entry.request));
      for (const [index, entry] of batch.entries()) {
        entry.resolve(results[index] as Result);
      }
    } catch (error) {
      if (batch.length === 1 || isAway(error)) {
        for (const entry of batch) {
          entry.reject(error);
        }
        return;
      }
      for (const entry of batch) {
        await runAlone(entry);
      }
    }
  }

  async function runUntilEmpty(): Promise<void> {
    // Calls that arrived in one read of the socket leave together.
    await new Promise((resolve) => setImmediate(resolve));
    while (queue.length > 0) {
      const batch = takeBatch();
      if (batch.length > 0) {
        await runBatch(batch);
      }
    }
    underWay = undefined;
  }

  return {
    submit(request, caller) {
      if (draining) {
        return Promise.reject(shuttingDown());
      }
      if (queue.length >= queueMax) {
        return Promise.reject(queueFull());
      }
      return new Promise<Result>((resolve, reject) => {
        queue.push({ request, weight: weigh(request), caller, resolve, reject });
        underWay ??= runUntilEmpty();
      });
    },
    async drain() {
      draining = true;
      await underWay;
    },
  };
}

function isAway(error: unknown): boolean {
  return error instanceof Failure && error.kind === "unavailable";
}

function queueFull(): Failure {
  return new Failure("resource_exhausted", "Too many calls are waiting. Try again shortly.", {
    reason: "QUEUE_FULL",
    retryAfterMs: 100,
  });
}

function shuttingDown(): Failure {
  return new Failure("unavailable", "This server is going down. Try again, another one will answer.", {
    reason: "SHUTTING_DOWN",
    retryAfterMs: 100,
  });
}

function droppedBeforeStart(): Failure {
  return new Failure(
    "deadline_exceeded",
    "The call's time was over before its turn came. Nothing was changed.",
    {
      reason: "DEADLINE_EXCEEDED",
    },
  );
}
