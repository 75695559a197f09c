import type { Queryable } from "@ordermesh/postgres/tx";
import type { CheckResult } from "./finding.ts";

/** An invariant as a query: it returns one row, with one text, for each thing that breaks it. */
export interface SqlCheck {
  readonly invariant: string;
  readonly claim: string;
  /** Counts what the check looks at. */
  readonly examined: string;
  /** Returns `text`, naming ids. Can be pasted into psql. */
  readonly violations: string;
}

export async function runSqlCheck(db: Queryable, check: SqlCheck): Promise<CheckResult> {
  const [count] = await db.query<{ count: bigint }>(
    `select count(*) as count from ${check.examined} as examined`,
  );
  const rows = await db.query<{ text: string }>(check.violations);
  return {
    invariant: check.invariant,
    claim: check.claim,
    examined: Number(count?.count ?? 0),
    findings: rows.map(({ text }) => ({ invariant: check.invariant, text })),
  };
}
