import { openPipelinedSession, type PipelinedSession } from "./pipelined-session.ts";
import { databaseTimeout } from "./postgres-failure.ts";
import type { Tx } from "./tx.ts";

/** Connections for transactions, each of which runs one at a time. */
export interface SessionPool {
  /**
   * Runs one transaction on a connection that is free, or on the first one that becomes so.
   *
   * @param onFree told when a connection has been found.
   * @throws Failure `unavailable` when none became free in time, and what the transaction throws.
   */
  transaction<Result>(work: (tx: Tx) => Promise<Result>, onFree: () => void): Promise<Result>;
  close(): Promise<void>;
}

/**
 * The driver's own `begin` reserves a connection of its pool, and when that connection dies, the next statement that
 * is sent on it throws outside of any promise and ends the process. Sessions with a client of their own have no such
 * trap, so the pool is made of them.
 */
export function openSessionPool(options: {
  readonly url: string;
  readonly applicationName: string;
  readonly sessionsMax: number;
  readonly timeoutMs: number;
}): SessionPool {
  const { sessionsMax, timeoutMs } = options;
  const sessions: PipelinedSession[] = [];
  const free: PipelinedSession[] = [];
  const waiting: ((session: PipelinedSession) => void)[] = [];

  function take(): PipelinedSession | undefined {
    const session = free.pop();
    if (session !== undefined || sessions.length === sessionsMax) {
      return session;
    }
    const opened = openPipelinedSession(options);
    sessions.push(opened);
    return opened;
  }

  function waitForFree(): Promise<PipelinedSession> {
    return new Promise((resolve, reject) => {
      const onFree = (session: PipelinedSession) => {
        clearTimeout(timer);
        resolve(session);
      };
      const timer = setTimeout(() => {
        waiting.splice(waiting.indexOf(onFree), 1);
        reject(databaseTimeout());
      }, timeoutMs);
      waiting.push(onFree);
    });
  }

  function giveBack(session: PipelinedSession): void {
    const next = waiting.shift();
    if (next === undefined) {
      free.push(session);
    } else {
      next(session);
    }
  }

  return {
    async transaction(work, onFree) {
      const session = take() ?? (await waitForFree());
      onFree();
      try {
        return await session.transaction(work);
      } finally {
        giveBack(session);
      }
    },
    async close() {
      await Promise.all(sessions.map((session) => session.close()));
    },
  };
}
