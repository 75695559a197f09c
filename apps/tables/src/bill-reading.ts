import type { Queryable } from "@ordermesh/postgres/tx";
import { billMessage } from "./events/bill-messages.ts";
import type { BillMessage } from "./events/session-messages.ts";
import { listBills } from "./sql/bills.ts";

/** The bills of a session, oldest first. */
export async function readBills(db: Queryable, sessionId: bigint): Promise<readonly BillMessage[]> {
  return (await listBills(db, { sessionId })).map(billMessage);
}
