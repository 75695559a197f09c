import type { Tx } from "@ordermesh/postgres/tx";
import type { OrderState } from "../domain/session-order.ts";

/** Keeps what was heard of an order that no row knows yet. The session is locked, so that the row can not come meanwhile. */
export function keepNews(tx: Tx, orderId: bigint, sessionId: bigint, state: OrderState): void {
  tx.execute(
    `insert into order_news as n (order_id, session_id, status, version, reason)
     values ($1::bigint, $2::bigint, $3::session_order_status, $4, $5)
     on conflict (order_id) do update set status = excluded.status, version = excluded.version, reason = excluded.reason
       where n.version < excluded.version`,
    [orderId, sessionId, state.status, state.version, state.reason],
  );
}

/** What was heard of an order before it was recorded. */
export async function takeNews(tx: Tx, orderId: bigint): Promise<OrderState | undefined> {
  const [row] = await tx.query<OrderState>(
    `delete from order_news where order_id = $1::bigint returning status, version, reason`,
    [orderId],
  );
  return row;
}
