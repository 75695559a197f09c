import type { TablesHarness } from "./tables-harness.ts";

/** Removes all locations, of which none may have had a session. Truncating would wait for the loops of the service. */
export async function forgetLocations({ sql }: Pick<TablesHarness, "sql">): Promise<void> {
  await sql`delete from location_staff`;
  await sql`delete from locations`;
}
