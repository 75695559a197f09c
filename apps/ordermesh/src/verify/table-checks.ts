import type { Queryable } from "@ordermesh/postgres/tx";
import type { CheckResult, Finding } from "./finding.ts";
import type { SqlCheck } from "./sql-check.ts";

/**
 * I16 in the database of tables alone.
 *
 * @param settleSeconds how long something may be under way before it counts as stuck.
 */
export function sessionChecks(settleSeconds: number): readonly SqlCheck[] {
  const tooLongAgo = `now() - interval '${settleSeconds} seconds'`;
  return [
    {
      invariant: "I16",
      claim: "in a closed session nothing is to be made any more, and nobody can come in or order",
      examined: "sessions",
      violations: `
        select format('session %s is closed, but its order %s (%s) is %s', s.id, coalesce(o.order_id::text, 'under way'),
          o.id, o.status) as text
        from sessions s join session_orders o on o.session_id = s.id
        where s.state = 'closed' and o.status in ('placing', 'placed', 'accepted', 'preparing')
        union all
        select format('session %s is closed, but guest %s still has a token', s.id, g.id)
        from sessions s join guests g on g.session_id = s.id
        where s.state = 'closed' and g.token_hash is not null
        union all
        select format('session %s is closed, but one can join it with %s', s.id, c.code)
        from sessions s join session_codes c on c.session_id = s.id
        where s.state = 'closed' and c.retired_at is null`,
    },
    {
      invariant: "I16",
      claim: "an open session has one code, with which one joins it",
      examined: "sessions",
      violations: `
        select format('session %s has the code %s, but one joins it with %s', s.id, s.code,
          coalesce(string_agg(c.code, ', '), 'nothing')) as text
        from sessions s left join session_codes c on c.session_id = s.id and c.retired_at is null
        where s.state = 'open' group by s.id, s.code
        having count(c.code) <> 1 or min(c.code) is distinct from s.code`,
    },
    {
      invariant: "I16",
      claim: "a session's changes count 1, 2, 3 … up to its version",
      examined: "session_changes",
      violations: `
        select format('session %s has version %s, but %s changes, from %s to %s', s.id, s.version, count(c.version),
          min(c.version), max(c.version)) as text
        from sessions s left join session_changes c on c.session_id = s.id group by s.id, s.version
        having count(c.version) <> s.version or coalesce(max(c.version), 0) <> s.version`,
    },
    {
      invariant: "I16",
      claim: `no order is being placed, and no session closing, for more than ${settleSeconds} s`,
      examined: "session_orders",
      violations: `
        select format('order %s of session %s is being placed since %s', id, session_id, placed_at) as text
        from session_orders where status = 'placing' and placed_at < ${tooLongAgo}
        union all
        select format('session %s is closing since %s', s.id, c.since)
        from sessions s cross join lateral (
          select max(changed_at) as since from session_changes c where c.session_id = s.id
        ) as c
        where s.state = 'closing' and c.since < ${tooLongAgo}`,
    },
  ];
}

/** An order of the order service that says at which table it was placed. */
interface OrderAtTable {
  readonly id: bigint;
  readonly user_id: bigint;
  readonly status: string;
  readonly version: number;
  readonly total_minor: bigint | null;
  readonly location_id: bigint;
  readonly session_id: bigint;
  /** Whether its last step was long enough ago that everybody must have heard of it. */
  readonly is_settled: boolean;
}

/** What the tables service has of it. */
interface OrderOfSession {
  readonly order_id: bigint;
  readonly guest_id: bigint;
  readonly status: string;
  readonly version: number;
  readonly total_minor: bigint;
  readonly location_id: bigint;
  readonly session_id: bigint;
  readonly session_state: string;
  readonly is_settled: boolean;
}

export async function findOrdersAtTables(loms: Queryable, settleSeconds: number): Promise<OrderAtTable[]> {
  return await loms.query<OrderAtTable>(
    `select o.id, o.user_id, o.status::text, o.version, o.total_minor, r.location_id, r.session_id,
       h.changed_at < now() - $1::int * interval '1 second' as is_settled
     from table_references r join orders o on o.id = r.order_id
     join order_history h on h.order_id = o.id and h.version = o.version`,
    [settleSeconds],
  );
}

/**
 * I16: each order of a session is that session's, in the same state, and the other way round; in a closed session nothing
 * is to be made any more by the order service's word either.
 *
 * @param orders read before the sessions: what they say has been told since.
 */
export async function checkOrdersOfSessions(
  orders: readonly OrderAtTable[],
  tables: Queryable,
  settleSeconds: number,
): Promise<CheckResult> {
  const rows = await tables.query<OrderOfSession>(
    `select o.order_id, o.guest_id, o.status::text, o.version, o.total_minor, s.location_id, o.session_id,
       s.state::text as session_state, o.changed_at < now() - $1::int * interval '1 second' as is_settled
     from session_orders o join sessions s on s.id = o.session_id where o.order_id is not null`,
    [settleSeconds],
  );
  const seen = new Map(rows.map((row) => [row.order_id, row]));
  const findings: Finding[] = [];
  const find = (text: string) => findings.push({ invariant: "I16", text });
  for (const order of orders) {
    const row = seen.get(order.id);
    const problem = row === undefined ? missing(order) : (difference(order, row) ?? lag(order, row));
    if (problem !== undefined) {
      find(`order ${order.id} (${order.status}) of session ${order.session_id}: ${problem}`);
    }
  }
  const known = new Set(orders.map(({ id }) => id));
  for (const { order_id, session_id, is_settled } of rows) {
    if (is_settled && !known.has(order_id)) {
      find(`order ${order_id} of session ${session_id}: the order service has no such order at a table`);
    }
  }
  return {
    invariant: "I16",
    claim:
      "each order of a session is that session's, in the same state, and a closed session has none under way",
    examined: orders.length + rows.length,
    findings,
  };
}

/** An order that was made is recorded a moment later, or by the recovery. */
function missing({ is_settled }: OrderAtTable): string | undefined {
  return is_settled ? "no session has it" : undefined;
}

/** What never changes. */
function difference(order: OrderAtTable, row: OrderOfSession): string | undefined {
  const text = (
    { session_id, location_id }: OrderAtTable | OrderOfSession,
    who: bigint,
    total: bigint | null,
  ) => `session ${session_id} at location ${location_id}, guest ${who}, total ${total ?? "none"}`;
  const [wanted, found] = [
    text(order, order.user_id, order.total_minor),
    text(row, row.guest_id, row.total_minor),
  ];
  return wanted === found ? undefined : `it is of ${wanted}; tables has ${found}`;
}

/** What changes on one side first. */
function lag(order: OrderAtTable, row: OrderOfSession): string | undefined {
  if (row.version === order.version && row.status !== order.status) {
    return `at version ${row.version} tables has it as ${row.status}`;
  }
  if (row.version < order.version && order.is_settled) {
    return `it has version ${order.version}, but tables has version ${row.version} (${row.status})`;
  }
  if (row.version > order.version && row.is_settled) {
    return `it has version ${order.version}, but tables claims version ${row.version} (${row.status})`;
  }
  const isLive = ["placed", "accepted", "preparing"].includes(order.status);
  return row.session_state === "closed" && isLive && order.is_settled
    ? "its session is closed, and it is still to be made"
    : undefined;
}
