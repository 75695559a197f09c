import type postgres from "postgres";
import type { Client } from "./connect.ts";
import type { Parameter, Queryable, Tx } from "./tx.ts";

/** What this driver can send a statement with: a client, or a connection that has begun a transaction. */
type Sender = Pick<Client, "unsafe">;

/** Sends one prepared statement. Nothing leaves before the promise is awaited or `execute` is called on it. */
export function send(
  sender: Sender,
  statement: string,
  parameters: readonly Parameter[] = [],
): postgres.PendingQuery<postgres.Row[]> {
  return sender.unsafe(statement, parameters as postgres.ParameterOrJSON<bigint>[], { prepare: true });
}

export function queryableOf(sender: Sender): Queryable {
  return {
    async query<Row extends object>(statement: string, parameters?: readonly Parameter[]): Promise<Row[]> {
      const rows = await send(sender, statement, parameters);
      return rows as unknown as Row[]; // What a statement returns is known to whoever wrote it, not to the compiler.
    },
  };
}

/** Collects statements that were sent without waiting; `settled` rejects with the first failure among them. */
export function createTx(sender: Sender): { readonly tx: Tx; settled(): Promise<void> } {
  const underWay: Promise<unknown>[] = [];
  const tx: Tx = {
    ...queryableOf(sender),
    execute(statement, parameters) {
      const sent = send(sender, statement, parameters).execute();
      // Looked at by `settled`; without this a failure before that would count as unhandled.
      sent.catch(() => {});
      underWay.push(sent);
    },
  };
  return {
    tx,
    async settled() {
      const results = await Promise.allSettled(underWay.splice(0));
      for (const result of results) {
        if (result.status === "rejected") {
          throw result.reason;
        }
      }
    },
  };
}
