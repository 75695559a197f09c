import type { Database } from "@ordermesh/postgres/database";
import type { Queryable, Tx } from "@ordermesh/postgres/tx";
import { expect, test } from "vitest";

/*
 * miniZON's transaction travelled in a context value, so the wrong variable compiled and a "transaction" wrapped
 * nothing. Here what writes asks for a Tx, and only an open transaction is one. The compiler is the test: each line
 * below an expected error would fail the type check if it compiled.
 */

function write(tx: Tx): string {
  return typeof tx;
}

export function mustNotCompile(database: Database, reader: Queryable): void {
  // @ts-expect-error a pool is no transaction
  write(database);
  // @ts-expect-error reads outside of a transaction are no transaction
  write(reader);
  void database.read(async (db) => {
    // @ts-expect-error not even inside of a read
    write(db);
  });
  void database.transaction(async (tx) => write(tx));
}

test("what writes takes a transaction", () => {
  expect(mustNotCompile).toBeTypeOf("function");
});
