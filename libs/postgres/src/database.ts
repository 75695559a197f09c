import { backoffMs, pause, withTimeout } from "@ordermesh/process/wait";
import { Histogram, type Registry } from "prom-client";
import { type Client, connect } from "./connect.ts";
import { databaseTimeout, failureFromPostgres, isConflict } from "./postgres-failure.ts";
import { openSessionPool } from "./session-pool.ts";
import { queryableOf } from "./transaction.ts";
import type { Queryable, Tx } from "./tx.ts";

/** A pool of connections to one database, with bounded waits. */
export interface Database {
  /** Runs reads outside of a transaction. The server refuses writes here. */
  read<Result>(work: (db: Queryable) => Promise<Result>): Promise<Result>;
  /**
   * Runs `work` in one transaction at READ COMMITTED: what it returns is committed, what it throws rolls back. Run
   * again, up to three times, after a deadlock or serialization failure, so it must have no effect outside.
   *
   * @throws Failure `unavailable` when the database is away or does not answer in time, `aborted` when others were
   * in the way three times.
   */
  transaction<Result>(work: (tx: Tx) => Promise<Result>): Promise<Result>;
  /** Ends all connections, waiting up to five seconds for statements that are under way. */
  close(): Promise<void>;
}

const transactionTriesMax = 3;

/**
 * Opens the pool. No connection is made until it is needed.
 *
 * Reads and transactions have connections of their own. In one client the driver may queue `begin` behind a read that
 * is under way on the same connection, and then refuses the transaction as unsafe: 308 of 4,000 operations failed so.
 *
 * @param options.connectionsMax for both together; at least one for each.
 * @param options.timeoutMs the longest that one read or transaction may take, from asking for a connection to the
 * answer of commit; waiting for a free connection may take as long again. After that the caller gets a failure and the
 * connection is replaced, because one that went silent may never answer.
 */
export function openDatabase(options: {
  readonly url: string;
  readonly applicationName: string;
  readonly connectionsMax: number;
  readonly timeoutMs: number;
  readonly metrics?: Registry;
}): Database {
  const { timeoutMs } = options;
  const poolWait = options.metrics === undefined ? undefined : createPoolWaitHistogram(options.metrics);

  const forTransactions = openSessionPool({
    ...options,
    sessionsMax: Math.ceil(options.connectionsMax / 2),
  });
  const forReads = createReplaceable(
    () =>
      connect({
        ...options,
        connectionsMax: Math.max(1, Math.floor(options.connectionsMax / 2)),
        pipelineMax: 1,
        settings: { statement_timeout: `${timeoutMs}`, default_transaction_read_only: "on" },
      }),
    timeoutMs,
  );

  return {
    async read(work) {
      try {
        return await forReads.bounded((client) => work(queryableOf(client)));
      } catch (error) {
        throw failureFromPostgres(error);
      }
    },

    async transaction(work) {
      for (let attempt = 1; ; attempt += 1) {
        const stopWaiting = poolWait?.startTimer();
        try {
          return await forTransactions.transaction(work, () => stopWaiting?.());
        } catch (error) {
          if (!isConflict(error) || attempt === transactionTriesMax) {
            throw error;
          }
          await pause(backoffMs(attempt, 10, 100));
        }
      }
    },

    async close() {
      await Promise.all([forTransactions.close(), forReads.close()]);
    },
  };
}

/** A client that is replaced when it does not answer in time. */
function createReplaceable(open: () => Client, timeoutMs: number) {
  let client = open();
  return {
    async bounded<Result>(work: (current: Client) => Promise<Result>): Promise<Result> {
      const current = client;
      let late = false;
      const answer = withTimeout(work(current), timeoutMs, () => {
        late = true;
        return databaseTimeout();
      });
      try {
        return await answer;
      } catch (error) {
        if (late) {
          client = client === current ? open() : client;
          current.end({ timeout: 0 }).catch(() => {});
        }
        throw error;
      }
    },
    close: () => client.end({ timeout: 5 }),
  };
}

function createPoolWaitHistogram(metrics: Registry): Histogram {
  return new Histogram({
    name: "ordermesh_postgres_pool_wait_seconds",
    help: "From asking for a transaction until a connection was free for it.",
    buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
    registers: [metrics],
  });
}
