import { codeOfStatus } from "./history-checks.ts";
import type { SqlCheck } from "./sql-check.ts";

/**
 * The timers that there have to be: of each state in which an order or one of its open refunds stands, by the definition
 * that the order began with.
 */
const wantedTimers = `
      with waits as (
        select d.name, d.version::int as version, m.key as machine, s.value as state, t.value->>'name' as kind,
          t.value->>'action' as action, t.value->>'heldWhile' as held_while
        from workflow_definitions d
        cross join lateral json_each(d.definition->'machines') m
        cross join lateral json_array_elements(m.value->'timers') t
        cross join lateral json_array_elements_text(t.value->'states') s
      ), codes (status, state) as (
        values ${Object.entries(codeOfStatus)
          .map(([status, code]) => `('${status}', '${code}')`)
          .join(", ")}
      ), places as (
        select o.id as order_id, 0::bigint as sku, o.workflow::text as name, o.workflow_version::int as version,
          'order' as machine, c.state, o.step
        from orders o join codes c on c.status = o.status::text
        union all
        select s.order_id, s.sku, o.workflow::text, o.workflow_version::int, s.kind, s.state, s.step
        from refund_sheets s join orders o on o.id = s.order_id where s.is_open
      ), wanted as (
        select p.order_id, p.sku, p.machine, p.step, w.kind, w.action, w.held_while
        from places p join waits w using (name, version, machine, state)
      )`;

/**
 * What holds of timers at any moment: a timer is written, fired, held and stopped in the transaction that moves its order,
 * so that a snapshot sees both or neither.
 */
export const timerStateChecks: readonly SqlCheck[] = [
  {
    invariant: "I15",
    claim:
      "each state has the timers of its workflow, but for those that have done their work or were skipped",
    examined: "orders",
    // A timer whose action leaves the order where it is has done its work once the history has the action.
    violations: `${wantedTimers}
      select format('order %s%s: the timer %s of version %s is missing', w.order_id,
        case when w.sku = 0 then '' else format(', item %s', w.sku) end, w.kind, w.step) as text
      from wanted w
      left join timers t on t.subject_id = w.order_id and t.kind = w.kind and t.sku = w.sku and t.step = w.step
      where t.subject_id is null
        and not exists (
          select from timer_skips k
          where k.order_id = w.order_id and k.kind = w.kind and k.sku = w.sku and k.step = w.step
        )
        and not (w.machine = 'order' and exists (
          select from order_history h where h.order_id = w.order_id and h.version > w.step and h.action = w.action
        ))`,
  },
  {
    invariant: "I15",
    claim: "a timer stands still exactly while its workflow says so",
    examined: "timers",
    // Of a condition that is not told here, nothing is said.
    violations: `${wantedTimers}, running as (
        select w.order_id, w.kind, w.held_while, t.remaining_ms is not null as is_held, case
          when w.held_while is null then false
          when w.held_while = 'refund_is_open' then exists (
            select from order_items i where i.order_id = w.order_id and i.state = 'WR'
          )
          when w.held_while = 'refund_is_in_process' then exists (
            select from refund_sheets s where s.order_id = w.order_id and s.state = 'PPR'
          )
          else t.remaining_ms is not null end as must_be_held
        from wanted w
        join timers t on t.subject_id = w.order_id and t.kind = w.kind and t.sku = w.sku and t.step = w.step
      )
      select format('order %s: the timer %s %s', order_id, kind,
        case when is_held then 'stands still' else format('runs, although %s', held_while) end) as text
      from running where is_held <> must_be_held`,
  },
];

/** What holds of timers as long as somebody fires them. */
export const timerLatenessChecks: readonly SqlCheck[] = [
  {
    invariant: "I15",
    claim: "no timer is five seconds overdue, and none could not be fired",
    examined: "timers",
    // One that can not be fired is put off each time, and so is never overdue for long.
    violations: `
      select format('%s of %s, due %s, has not fired', kind, subject_id, due_at) as text
      from timers where due_at < now() - interval '5 seconds'
      union all
      select format('%s of %s could not be fired %s times; the log of loms says why', kind, subject_id, failures)
      from timers where failures > 0`,
  },
];
