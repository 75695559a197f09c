import type { LomsWorkflow } from "@ordermesh/app-loms/workflows/registry";
import { codeOfStatus } from "@ordermesh/app-loms/workflows/states";
import type postgres from "postgres";

/** A row of a workflow's table, for one of the states that it leads from: "product/refund_only S reject refund: WSR → SRR". */
type RowName = string;

/**
 * All rows that somebody can take: not those that follow by themselves, the birth of an order, and the answer to a payment
 * that comes between a deadline and its timer, which nobody can time.
 */
export function rowsToTake(definition: LomsWorkflow): RowName[] {
  return Object.entries(definition.machines).flatMap(([machine, { rows }]) =>
    rows
      .filter(
        ({ cause, action, refusesWith }) =>
          cause !== "automatic" && action !== "create order" && !refusesWith,
      )
      .flatMap(({ roles, action, from, to }) =>
        from.map((state) => nameOf(definition.name, machine, roles[0] ?? "", action, state, to)),
      ),
  );
}

function nameOf(
  workflow: string,
  machine: string,
  role: string,
  action: string,
  from: string,
  to: string,
): RowName {
  return `${workflow}/${machine} ${role} ${action}: ${from} → ${to}`;
}

interface Entry {
  readonly order_id: string;
  readonly workflow: string;
  readonly user_id: string;
  readonly status: Parameters<typeof codeOfStatus>[0];
  readonly role: string;
  readonly actor: string;
  readonly action: string | null;
  readonly sku: string | null;
  readonly item_state: string | null;
  readonly refund_id: string | null;
  readonly refund_kind: string | null;
  readonly refund_state: string | null;
}

/**
 * The rows that orders have taken by what their buyers did themselves, by what sellers did, and by what the platform did,
 * by their histories. A step that the platform took in the place of a buyer or a seller does not count.
 */
export async function findRowsTaken(sql: postgres.Sql): Promise<Set<RowName>> {
  const entries = await sql<Entry[]>`
    select h.order_id, o.workflow, o.user_id, h.status, h.role, h.actor, h.action, h.sku, h.item_state, h.refund_id,
      h.refund_kind, h.refund_state
    from order_history h join orders o on o.id = h.order_id order by h.order_id, h.version`;
  const platform = new Set(entries.flatMap(({ role, actor }) => (role === "P" ? [actor] : [])));
  const stood = new Map<string, { readonly machine: string; readonly state: string }>();
  const taken = new Set<RowName>();
  for (const entry of entries) {
    const { action, role, actor } = entry;
    const isOwn =
      // Guests have no account: the service tables acts for them, as it does for staff, whom it names.
      (role === "B" && (actor === `user:${entry.user_id}` || actor === "service:tables")) ||
      (role === "S" && !platform.has(actor)) ||
      role === "P";
    for (const { subject, machine, state } of standsAfter(entry)) {
      const before = stood.get(subject) ?? { machine, state: machine === "item" ? "FP" : "" };
      stood.set(subject, { machine, state });
      if (action !== null && isOwn) {
        taken.add(nameOf(entry.workflow, before.machine, role, action, before.state, state));
      }
    }
  }
  return taken;
}

function standsAfter(entry: Entry): { subject: string; machine: string; state: string }[] {
  const {
    order_id: id,
    sku,
    item_state: item,
    refund_id: refund,
    refund_kind: kind,
    refund_state: state,
  } = entry;
  return [
    { subject: id, machine: "order", state: codeOfStatus(entry.status) },
    ...(item === null ? [] : [{ subject: `${id}/${sku}`, machine: "item", state: item }]),
    ...(refund === null || kind === null || state === null
      ? []
      : [{ subject: refund, machine: kind, state }]),
  ];
}
