import { eventually } from "@ordermesh/testkit/eventually";
import postgres from "postgres";
import { expect } from "vitest";

/**
 * Waits until notifications has noted so many events as handled. Then each has its one notification, and those of one
 * order were made in the order of its changes.
 */
export async function expectEachNotifiedOnce(databaseUrl: string, events: number): Promise<void> {
  const sql = postgres(databaseUrl, { max: 1, onnotice: () => {} });
  try {
    await eventually(
      async () => {
        const [row] = await sql<{ count: number }[]>`select count(*)::int from inbox`;
        expect(row?.count).toBe(events);
      },
      { timeoutMs: 90_000, everyMs: 100 },
    );
    const [totals] = await sql`
      select count(*)::int as notifications, count(distinct event_id)::int as events from notifications`;
    expect(totals).toEqual({ notifications: events, events });
    // The ids of one order's events grow with its versions.
    const outOfOrder = await sql`
      select order_id from (
        select order_id, event_id::bigint < lag(event_id::bigint) over (partition by order_id order by id) as is_late
        from notifications
      ) as ordered where is_late`;
    expect(outOfOrder.map((row) => row.order_id)).toEqual([]);
  } finally {
    await sql.end({ timeout: 5 });
  }
}
