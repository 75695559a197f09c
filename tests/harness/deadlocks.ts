import postgres from "postgres";

/**
 * How many deadlocks PostgreSQL has broken in a database since it was made. A connection reports what it has counted
 * with up to ten seconds' delay, or when it closes: stop what is connected first.
 */
export async function countDeadlocks(databaseUrl: string): Promise<number> {
  const sql = postgres(databaseUrl, { max: 1, onnotice: () => {} });
  try {
    const [row] = await sql<{ deadlocks: number }[]>`
      select deadlocks::int from pg_stat_database where datname = current_database()`;
    if (row === undefined) {
      throw new Error("PostgreSQL keeps no statistics of this database.");
    }
    return row.deadlocks;
  } finally {
    await sql.end({ timeout: 5 });
  }
}
