import { arrayLiteral, type Queryable, type Tx, textArrayLiteral } from "@ordermesh/postgres/tx";
import type { TableReference } from "../domain/order.ts";

/** Writes where new orders were placed. */
export function insertTableReferences(
  tx: Tx,
  rows: readonly { readonly orderId: bigint; readonly table: TableReference }[],
): void {
  if (rows.length === 0) {
    return;
  }
  tx.execute(
    `insert into table_references (order_id, location_id, session_id, guest_nickname, staff_user_id, note)
     select * from unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::text[], $5::bigint[], $6::text[])`,
    [
      arrayLiteral(rows.map(({ orderId }) => orderId)),
      arrayLiteral(rows.map(({ table }) => table.locationId)),
      arrayLiteral(rows.map(({ table }) => table.sessionId)),
      textArrayLiteral(rows.map(({ table }) => table.guestNickname)),
      arrayLiteral(rows.map(({ table }) => table.staffUserId)),
      textArrayLiteral(rows.map(({ table }) => table.note)),
    ],
  );
}

/** Of those of these orders that were placed at a table. */
export async function findTableReferences(
  db: Queryable,
  orderIds: readonly bigint[],
): Promise<Map<bigint, TableReference>> {
  const rows = await db.query<{
    order_id: bigint;
    location_id: bigint;
    session_id: bigint;
    guest_nickname: string;
    staff_user_id: bigint;
    note: string;
  }>(
    `select order_id, location_id, session_id, guest_nickname, staff_user_id, note from table_references
     where order_id = any($1::bigint[])`,
    [arrayLiteral(orderIds)],
  );
  return new Map(
    rows.map((row) => [
      row.order_id,
      {
        locationId: row.location_id,
        sessionId: row.session_id,
        guestNickname: row.guest_nickname,
        staffUserId: row.staff_user_id,
        note: row.note,
      },
    ]),
  );
}
