import { TablesService } from "@ordermesh/proto/ordermesh/tables/v1/tables_pb";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type House, openHouse } from "./table.ts";
import { startTablesHarness, type TablesHarness } from "./tables-harness.ts";

let harness: TablesHarness;
let house: House;

beforeAll(async () => {
  harness = await startTablesHarness({ neighbors: ["product"] });
  house = await openHouse(harness);
});
afterAll(() => harness?.stop());

/*
 * PostgreSQL may number a transaction before it has the lock of a row that it waits for behind others: then a change came
 * before an earlier one in the feed, and a watcher was told the whole session where it should have been told one change.
 */
test("changes of a session come in the order of their transactions, however many are made at once", async () => {
  const { sessionId } = await house.open();
  const token = await harness.sellerToken(house.ownerId);
  const replicas = [house.staff];
  for (let replica = 1; replica < 3; replica += 1) {
    const address = await harness.startReplica();
    replicas.push(await harness.client(TablesService, token, { address }));
  }
  const changes = 600;
  let begun = 0;
  await Promise.all(
    Array.from({ length: 30 }, async (_, writer) => {
      while (begun < changes) {
        begun += 1;
        await replicas[writer % replicas.length]?.rotateInvitation({ sessionId });
      }
    }),
  );
  const misplaced = await harness.sql`
    select version from (
      select version, transaction_id, lag(transaction_id) over (order by version) as before
      from session_changes where session_id = ${`${sessionId}`}
    ) as c where transaction_id < before`;
  expect(misplaced).toEqual([]);
  const [counted] = await harness.sql`
    select max(version) as last, count(*)::int as changes from session_changes where session_id = ${`${sessionId}`}`;
  expect(counted).toEqual({ last: changes + 1, changes: changes + 1 });
});
