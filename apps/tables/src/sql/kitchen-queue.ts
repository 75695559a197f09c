import type { Queryable } from "@ordermesh/postgres/tx";
import { textArrayLiteral } from "@ordermesh/postgres/tx";
import type { SessionOrder, SessionOrderStatus } from "../domain/session-order.ts";
import { type SessionOrderRow, sessionOrderColumns, sessionOrderOf } from "./session-orders.ts";

/** An order as the kitchen needs it. */
export interface KitchenOrder {
  readonly order: SessionOrder;
  readonly sessionName: string;
  readonly guestNickname: string;
  readonly currencyCode: string;
}

/** Orders that stand at one of these, of a location's sessions that are not closed, oldest first. */
export async function listKitchenOrders(
  db: Queryable,
  locationId: bigint,
  statuses: readonly SessionOrderStatus[],
  countMax: number,
): Promise<KitchenOrder[]> {
  const rows = await db.query<
    SessionOrderRow & { readonly name: string; readonly nickname: string; readonly currency_code: string }
  >(
    `select ${sessionOrderColumns}, s.name, s.currency_code, g.nickname
     from sessions s join session_orders o on o.session_id = s.id join guests g on g.id = o.guest_id
     where s.location_id = $1::bigint and s.state <> 'closed' and o.status = any($2::session_order_status[])
     order by o.placed_at, o.id limit $3`,
    [locationId, textArrayLiteral(statuses), countMax],
  );
  return rows.map((row) => ({
    order: sessionOrderOf(row),
    sessionName: row.name,
    guestNickname: row.nickname,
    currencyCode: row.currency_code,
  }));
}
