import { type Order, RefundKind } from "@ordermesh/proto/ordermesh/loms/v1/order_pb";
import {
  type ListAllowedActionsResponse,
  type Workflow,
  WorkflowCause,
  type WorkflowMachine,
  type WorkflowRow,
} from "@ordermesh/proto/ordermesh/loms/v1/workflow_pb";

/** The roles that have a box, as the contract writes them. Administrators are part of the platform. */
export type BoxRole = "S" | "P" | "B";

export interface BoxAction {
  readonly action: string;
  /** 0: the order as a whole. */
  readonly itemSku: number;
  readonly cause: WorkflowCause;
}

export interface RefusedAction extends BoxAction {
  /** When it would be possible, in a few words. */
  readonly hint: string;
}

/** What one role may do with an order now, and what it may not. */
export interface RoleBox {
  readonly role: BoxRole;
  /** False: the service does not tell, so it is what the workflow allows in this state, if its conditions hold. */
  readonly isKnown: boolean;
  readonly possible: readonly BoxAction[];
  readonly refused: readonly RefusedAction[];
}

const machineOfKind: Readonly<Record<RefundKind, string>> = {
  [RefundKind.UNSPECIFIED]: "",
  [RefundKind.PRE_SHIPPING]: "pre_shipping",
  [RefundKind.REFUND_ONLY]: "refund_only",
  [RefundKind.WITH_RETURN]: "with_return",
  [RefundKind.ANYTIME]: "anytime",
  [RefundKind.EXPIRATION]: "expiration",
};

/** Something that has a state: the order, one of its items, or the newest refund of an item. */
export interface Subject {
  readonly machine: WorkflowMachine;
  readonly code: string;
  readonly itemSku: number;
}

/** What of an order has a state, each with the machine that it goes through. */
export function subjectsOf(order: Order, workflow: Workflow): readonly Subject[] {
  const machine = (name: string) => workflow.machines.find((each) => each.name === name);
  const hasItems = machine("item") !== undefined;
  const subject = (name: string, code: string, sku: number): Subject[] => {
    const found = machine(name);
    return found === undefined ? [] : [{ machine: found, code, itemSku: hasItems ? sku : 0 }];
  };
  return [
    ...subject("order", order.stateCode, 0),
    ...order.items.flatMap(({ sku, stateCode, refunds }) => {
      const refund = refunds.at(-1);
      return [
        ...subject("item", stateCode, sku),
        ...(refund === undefined ? [] : subject(machineOfKind[refund.kind], refund.stateCode, sku)),
      ];
    }),
  ];
}

/** With these an order begins: nobody takes them afterwards. */
const beginnings = ["create order"];

function rowsOf({ machine }: Subject, role: BoxRole): readonly WorkflowRow[] {
  return machine.rows.filter((row) => row.role === role && !row.internal && !beginnings.includes(row.action));
}

/**
 * What a role may do and what it may not.
 *
 * @param allowed what the service says; of roles that it does not tell, the workflow's rows are taken for it.
 */
export function roleBox(
  role: BoxRole,
  order: Order,
  workflow: Workflow,
  allowed: ListAllowedActionsResponse | undefined,
): RoleBox {
  const told = allowed?.roles.find((each) => each.role === role);
  const subjects = subjectsOf(order, workflow);
  const known = subjects.flatMap((subject) =>
    rowsOf(subject, role).map((row) => ({ subject, row, itemSku: subject.itemSku })),
  );
  const causeOf = (action: string) =>
    known.find(({ row }) => row.action === action)?.row.cause ?? WorkflowCause.UNSPECIFIED;
  const possible =
    told === undefined
      ? known
          .filter(({ subject, row }) => row.fromCodes.includes(subject.code))
          .map(({ row, itemSku }) => ({ action: row.action, itemSku, cause: row.cause }))
      : [
          ...told.actions.map((action) => ({ action, itemSku: 0, cause: causeOf(action) })),
          ...told.items.flatMap(({ itemSku, actions }) =>
            actions.map((action) => ({ action, itemSku, cause: causeOf(action) })),
          ),
        ];
  const refused = known
    .filter(({ row, itemSku }) => !possible.some((each) => isSame(each, { action: row.action, itemSku })))
    .map(({ subject, row, itemSku }) => ({
      action: row.action,
      itemSku,
      cause: row.cause,
      hint: hintOf(
        subject,
        rowsOf(subject, role).filter(({ action }) => action === row.action),
      ),
    }));
  return {
    role,
    isKnown: told !== undefined,
    // What cannot be taken back stands last.
    possible: unique(possible).toSorted(
      (one, other) => Number(isDestructive(one.action)) - Number(isDestructive(other.action)),
    ),
    refused: unique(refused),
  };
}

function isSame(one: Pick<BoxAction, "action" | "itemSku">, other: Pick<BoxAction, "action" | "itemSku">) {
  return one.action === other.action && one.itemSku === other.itemSku;
}

function unique<Action extends BoxAction>(actions: readonly Action[]): readonly Action[] {
  return actions.filter((action, index) => actions.findIndex((each) => isSame(each, action)) === index);
}

/** "only when shipped", or what has to hold besides. */
function hintOf({ machine, code }: Subject, rows: readonly WorkflowRow[]): string {
  const here = rows.filter(({ fromCodes }) => fromCodes.includes(code));
  if (here.length > 0) {
    const guards = here.flatMap((row) => row.guards).map(guardText);
    return guards.length === 0 ? "not now" : `only if ${[...new Set(guards)].join(", or ")}`;
  }
  const codes = [...new Set(rows.flatMap(({ fromCodes }) => fromCodes))];
  return `only when ${codes.map((each) => stateName(machine, each)).join(" or ")}`;
}

/** "buyer_may_extend" → "buyer may extend". */
export function guardText(guard: string): string {
  return guard.replaceAll("_", " ");
}

/** "awaiting payment"; the code, if the machine has no such state. */
export function stateName({ states }: WorkflowMachine, code: string): string {
  const name = states.find((state) => state.code === code)?.name ?? "";
  return code === "" ? "it is new" : name === "" ? code : name;
}

/** An action in an address: "ship-the-order". */
export function slugOf(action: string): string {
  return action.replaceAll(" ", "-");
}

/** The rows of an action that is in an address; none if the workflow has no such action. */
export function rowsOfSlug(workflow: Workflow | undefined, slug: string): readonly WorkflowRow[] {
  return (workflow?.machines ?? []).flatMap(({ rows }) => rows).filter((row) => slugOf(row.action) === slug);
}

/** What ends something, and cannot be taken back. */
const destructive: readonly string[] = [
  "cancel order",
  "reject refund",
  "decline the order",
  "end the order",
  "payment declined",
  "cancel refund request",
];

export function isDestructive(action: string): boolean {
  return destructive.includes(action);
}
