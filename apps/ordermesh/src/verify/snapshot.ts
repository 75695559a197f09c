import type { Database } from "@ordermesh/postgres/database";
import type { Tx } from "@ordermesh/postgres/tx";

/** Looks at a database as it is at one moment. */
export function snapshot<Result>(database: Database, work: (tx: Tx) => Promise<Result>): Promise<Result> {
  return database.transaction(async (tx) => {
    tx.execute("set transaction isolation level repeatable read");
    return await work(tx);
  });
}
