import type { Queryable } from "@ordermesh/postgres/tx";
import type { WorkflowDefinition } from "@ordermesh/workflow/definition";
import { type HistoryEntry, type InstanceState, replay } from "@ordermesh/workflow/replay";
import type { CheckResult, Finding } from "./finding.ts";

/** What definitions call the statuses of the order service's tables. */
export const codeOfStatus: Readonly<Record<string, string>> = {
  new: "",
  failed: "FL",
  awaiting_payment: "WP",
  paid: "FP",
  shipment_held: "HS",
  shipped: "FS",
  completed: "ST",
  canceled: "CT",
  awaiting_settlement: "WA",
  settled: "FA",
  confirmed: "CF",
  delivered: "DL",
  placed: "PL",
  accepted: "AC",
  preparing: "PR",
  served: "SV",
  declined: "DC",
};

/** Read at once: memory holds the histories of so many orders, however many there are. */
const ordersAtOnce = 2_000;

interface OrderRow {
  readonly id: bigint;
  readonly workflow: string;
  readonly workflow_version: number;
  readonly status: string;
  readonly total_minor: bigint | null;
  readonly refunded_minor: bigint;
}

interface HistoryRow {
  readonly order_id: bigint;
  readonly version: number;
  readonly status: string;
  readonly role: string | null;
  readonly action: string | null;
  readonly sku: bigint | null;
  readonly item_state: string | null;
  readonly refund_id: bigint | null;
  readonly refund_kind: string | null;
  readonly refund_state: string | null;
}

/** Where an item or a refund stands by its own row. */
interface PartRow {
  readonly order_id: bigint;
  readonly subject: string;
  readonly state: string;
  /** Of a refund that is finished; else 0. */
  readonly refunded_minor: bigint;
}

/** I13: each order, item and refund stands where its history leads, by the definition that the order began with. */
export async function checkHistories(db: Queryable): Promise<CheckResult> {
  const definitions = await findDefinitions(db);
  const findings: Finding[] = [];
  let examined = 0;
  let after = -1n;
  for (;;) {
    const orders = await db.query<OrderRow>(
      `select id, workflow::text, workflow_version, status::text, total_minor, refunded_minor from orders
       where id > $1::bigint order by id limit $2`,
      [`${after}`, ordersAtOnce],
    );
    const last = orders.at(-1);
    if (last === undefined) {
      break;
    }
    const [history, parts] = await Promise.all([
      findHistories(db, after, last.id),
      findParts(db, after, last.id),
    ]);
    const historyOf = groupByOrder(history);
    const partsOf = groupByOrder(parts);
    for (const order of orders) {
      const problems = problemsOf(
        order,
        historyOf.get(order.id) ?? [],
        partsOf.get(order.id) ?? [],
        definitions,
      );
      findings.push(...problems.map((text) => ({ invariant: "I13", text: `order ${order.id}: ${text}` })));
    }
    examined += orders.length;
    after = last.id;
  }
  return {
    invariant: "I13",
    claim:
      "each order, item and refund stands where its history leads, by the workflow that the order began with",
    examined,
    findings,
  };
}

async function findDefinitions(db: Queryable): Promise<ReadonlyMap<string, WorkflowDefinition>> {
  const rows = await db.query<{ name: string; version: number; definition: WorkflowDefinition }>(
    "select name, version, definition from workflow_definitions",
  );
  return new Map(rows.map(({ name, version, definition }) => [`${name}@${version}`, definition]));
}

async function findHistories(db: Queryable, after: bigint, last: bigint): Promise<HistoryRow[]> {
  return await db.query<HistoryRow>(
    `select order_id, version, status::text, role, action, sku, item_state, refund_id, refund_kind, refund_state
     from order_history where order_id > $1::bigint and order_id <= $2::bigint order by order_id, version`,
    [`${after}`, `${last}`],
  );
}

async function findParts(db: Queryable, after: bigint, last: bigint): Promise<PartRow[]> {
  return await db.query<PartRow>(
    `select order_id, 'item ' || sku as subject, state, 0::bigint as refunded_minor from order_items
     where order_id > $1::bigint and order_id <= $2::bigint
     union all
     select order_id, 'refund ' || id, state, case when state = 'PFR' then amount_minor else 0 end from refund_sheets
     where order_id > $1::bigint and order_id <= $2::bigint`,
    [`${after}`, `${last}`],
  );
}

function groupByOrder<Row extends { readonly order_id: bigint }>(rows: readonly Row[]): Map<bigint, Row[]> {
  const groups = new Map<bigint, Row[]>();
  for (const row of rows) {
    const group = groups.get(row.order_id);
    if (group === undefined) {
      groups.set(row.order_id, [row]);
    } else {
      group.push(row);
    }
  }
  return groups;
}

function problemsOf(
  order: OrderRow,
  history: readonly HistoryRow[],
  parts: readonly PartRow[],
  definitions: ReadonlyMap<string, WorkflowDefinition>,
): string[] {
  const name = `${order.workflow}@${order.workflow_version}`;
  const definition = definitions.get(name);
  if (definition === undefined) {
    return [`it lives by ${name}, of which the database has no definition`];
  }
  const { steps, problems } = replay(
    definition,
    history.map((row) => entryOf(row, definition)),
  );
  const led = steps.at(-1)?.states ?? new Map<string, InstanceState>();
  const refundedMinor = parts.reduce((sum, part) => sum + part.refunded_minor, 0n);
  return [
    ...problems.map(({ version, text }) => `version ${version}: ${text}`),
    ...differences(order, parts, led),
    ...(refundedMinor === order.refunded_minor
      ? []
      : [`its finished refunds are of ${refundedMinor}, but it says ${order.refunded_minor}`]),
  ];
}

function entryOf(row: HistoryRow, definition: WorkflowDefinition): HistoryEntry {
  const { version, status, role, action, sku, item_state, refund_id, refund_kind, refund_state } = row;
  const after: InstanceState[] = [
    { machine: "order", subject: "order", state: codeOfStatus[status] ?? status },
  ];
  if (sku !== null && item_state !== null && definition.machines.item !== undefined) {
    after.push({ machine: "item", subject: `item ${sku}`, state: item_state });
  }
  if (refund_id !== null && refund_kind !== null && refund_state !== null) {
    after.push({ machine: refund_kind, subject: `refund ${refund_id}`, state: refund_state });
  }
  return { version, after, ...(action !== null && { action }), ...(role !== null && { role }) };
}

/** What stands elsewhere than the history leads, or is in one and not in the other. */
function differences(
  order: OrderRow,
  parts: readonly PartRow[],
  led: ReadonlyMap<string, InstanceState>,
): string[] {
  const stands = new Map([
    ["order", codeOfStatus[order.status] ?? order.status],
    ...parts.map(({ subject, state }): [string, string] => [subject, state]),
  ]);
  const subjects = new Set([...stands.keys(), ...led.keys()]);
  return [...subjects].flatMap((subject) => {
    const [stored, wanted] = [stands.get(subject), led.get(subject)?.state];
    return stored === wanted
      ? []
      : [`${subject} stands at "${stored ?? "nothing"}", but its history leads to "${wanted ?? "nothing"}"`];
  });
}
