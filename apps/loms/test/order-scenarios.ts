import type { HistoryEntry, InstanceState } from "@ordermesh/workflow/replay";
import type { Move } from "../src/workflows/action-outcome.ts";
import type { Role, TimerName } from "../src/workflows/names.ts";
import type { VoucherSnapshot } from "../src/workflows/order-snapshot.ts";
import type { LomsWorkflow, WorkflowName } from "../src/workflows/registry.ts";
import { beginStory, type Story, unborn } from "./order-story.ts";

/**
 * Whole lives of orders in short, of each workflow enough that every row is taken. A line of a script:
 * `B request refund @1 300` is an action, on the item 1, for an amount of 300; `!seller_no_response @1` a timer that
 * fires; `short` is an order without stock, `late` one whose payment time is over, `use 2` takes two codes.
 */
export interface Scenario {
  readonly name: string;
  readonly workflow: WorkflowName;
  /** What each item cost. */
  readonly lines: readonly number[];
  readonly voucher?: Partial<VoucherSnapshot>;
  readonly script: string;
}

const paid = "B create order; P payment successful";
const shipped = `${paid}; S ship the order`;

const productScenarios: readonly Omit<Scenario, "workflow">[] = [
  {
    name: "settled",
    lines: [1_000],
    script: `B create order; B make payment; S change shipping fee; P payment successful; S change shipping addr;
      S ship the order; B confirm reception of order; !no_refund_request; P finished accounting`,
  },
  { name: "short of stock", lines: [1_000], script: "short; B create order" },
  { name: "canceled", lines: [1_000], script: "B create order; B cancel order" },
  { name: "not paid", lines: [1_000], script: "B create order; !payment_deadline" },
  { name: "paid too late", lines: [1_000], script: "B create order; late; P payment successful" },
  {
    name: "wait extended",
    lines: [1_000],
    script: `${shipped}; !enable_extending; B extend auto acking reception of order;
      S extend auto acking reception of order; !auto_ack_shipping`,
  },
  {
    name: "refunded before shipping",
    lines: [1_000],
    script: `${paid}; B request refund @1; S agree refund @1; A ask for refund again @1; P finished refund @1`,
  },
  {
    name: "held by one of three",
    lines: [1_000, 500, 200],
    script: `${paid}; B request refund @1; B request refund @2; S agree refund @1; B cancel refund request @2;
      B request refund @3; P finished refund @1; B cancel refund request @3; S ship the order`,
  },
  {
    name: "shipped anyway",
    lines: [1_000],
    script: `${paid}; B request refund @1; S ship the order; B request refund with return @1; S reject refund @1;
      B change refund request @1 400 refund_only; S agree refund @1; P finished refund @1; B confirm reception of order`,
  },
  {
    name: "rebate",
    lines: [1_000],
    script: `${paid}; B request refund @1 300; !seller_no_response @1; P finished refund @1; S ship the order`,
  },
  { name: "free of charge", lines: [0], script: `${paid}; B request refund @1; S agree refund @1` },
  {
    name: "refund without return",
    lines: [1_000, 500, 200, 100, 0],
    script: `${shipped}; B request refund @1; S reject refund @1; B cancel refund request @1;
      B request refund @2; B cancel refund request @2; B request refund @3; !seller_no_response @3; A reject refund @3;
      B request refund @4; S reject refund @4; B change refund request @4 50; S reject refund @4;
      B request customer service involvement @4; P force refund @4; P ask for refund again @4; P finished refund @4;
      B request refund @5; S agree refund @5; B confirm reception of order`,
  },
  {
    name: "buyer silent",
    lines: [1_000, 500],
    script: `${shipped}; B request refund @1; S reject refund @1; !buyer_no_response @1`,
  },
  {
    name: "all refunded after shipping",
    lines: [1_000],
    script: `${shipped}; B request refund @1; S agree refund @1; P finished refund @1`,
  },
  {
    name: "all returned after completion",
    lines: [1_000, 500],
    script: `${shipped}; B confirm reception of order; B request refund with return @1; B request refund @2;
      S agree refund @1; B ship back @1; S agree refund @1; A ask for refund again @1; P finished refund @1;
      S agree refund @2; P finished refund @2`,
  },
  {
    name: "returns disputed",
    lines: [1_000, 500, 200, 100],
    script: `${shipped}; B request refund with return @1; !seller_no_response @1; P force refund @1; B ship back @1;
      S reject refund @1; A force refund @1; P finished refund @1;
      B request refund with return @2; S reject refund @2; B request customer service involvement @2; P reject refund @2;
      B request refund with return @3; S agree refund @3; B ship back @3; S reject refund @3; P reject refund @3;
      B request refund with return @4; S agree refund @4; B ship back @4; !seller_no_response @4; P finished refund @4`,
  },
  {
    name: "returns withdrawn",
    lines: [1_000, 500, 200, 100, 50, 0],
    script: `${shipped}; B request refund with return @1; B cancel refund request @1;
      B request refund with return @2; S reject refund @2; B cancel refund request @2;
      B request refund with return @3; S agree refund @3; B cancel refund request @3;
      B request refund with return @4; S agree refund @4; !buyer_no_response @4;
      B request refund with return @5; S reject refund @5; B change refund request @5; S reject refund @5;
      !buyer_no_response @5; B request refund with return @6; S agree refund @6; B ship back @6; S agree refund @6`,
  },
  {
    name: "waits that ended during refunds",
    lines: [1_000, 500, 100],
    script: `${shipped}; B request refund @1; !auto_ack_shipping; B cancel refund request @1; B request refund @2;
      !no_refund_request; B cancel refund request @2; P finished accounting`,
  },
];

const serviceScenarios: readonly Omit<Scenario, "workflow">[] = [
  {
    name: "some used, refunded",
    lines: [900],
    script: `${paid}; use 2; B request refund; P finished refund`,
  },
  {
    name: "none used, refunded",
    lines: [900],
    script: `B create order; B make payment; P payment successful; B request refund; P ask for refund again;
      P finished refund`,
  },
  { name: "all used", lines: [900], script: `${paid}; use 4; use 1` },
  {
    name: "expired unused",
    lines: [900],
    script: `${paid}; !voucher_expiry; A ask for refund again; P finished refund`,
  },
  { name: "expired used", lines: [900], script: `${paid}; use 1; !voucher_expiry; P finished refund` },
  {
    name: "expired without refund",
    lines: [900],
    voucher: { expirationRefund: false },
    script: `${paid}; use 1; !voucher_expiry`,
  },
  { name: "canceled", lines: [900], script: "B create order; B cancel order" },
  { name: "not paid", lines: [900], script: "B create order; !payment_deadline" },
  { name: "paid too late", lines: [900], script: "B create order; late; P payment successful" },
  { name: "short of stock", lines: [900], script: "short; B create order" },
];

const tableScenarios: readonly Omit<Scenario, "workflow">[] = [
  {
    name: "made and paid",
    lines: [1_000, 500],
    script: `B create order; S accept the order; S start preparing; S serve the order; P payment successful`,
  },
  {
    name: "drinks, by a waiter",
    lines: [350],
    script: "S create order; S accept the order; S serve the order; P payment successful",
  },
  { name: "declined at once", lines: [1_000], script: "B create order; S decline the order" },
  {
    name: "declined later",
    lines: [1_000],
    script: "B create order; S accept the order; S decline the order",
  },
  { name: "canceled by the guest", lines: [1_000], script: "B create order; B cancel order" },
  { name: "canceled by staff", lines: [1_000], script: "B create order; S cancel order" },
  { name: "ended while it was placed", lines: [1_000], script: "B create order; S end the order" },
  {
    name: "ended while it was accepted",
    lines: [1_000],
    script: "B create order; S accept the order; S end the order",
  },
  {
    name: "ended while it was made",
    lines: [1_000],
    script: "B create order; S accept the order; S start preparing; S end the order",
  },
];

const simpleScenarios: readonly Omit<Scenario, "workflow">[] = [
  {
    name: "delivered",
    lines: [100, 200],
    script: "B create order; B make payment; P payment successful; !delivery",
  },
  { name: "canceled", lines: [100], script: "B create order; B cancel order" },
  { name: "canceled when confirmed", lines: [100], script: `${paid}; B cancel order` },
  { name: "declined", lines: [100], script: "B create order; P payment declined" },
  { name: "not paid", lines: [100], script: "B create order; !payment_deadline" },
  { name: "paid too late", lines: [100], script: "B create order; late; P payment successful" },
  { name: "short of stock", lines: [100], script: "short; B create order" },
];

export const scenarios: readonly Scenario[] = [
  ...productScenarios.map((scenario): Scenario => ({ ...scenario, workflow: "product" })),
  ...serviceScenarios.map((scenario): Scenario => ({ ...scenario, workflow: "service" })),
  ...simpleScenarios.map((scenario): Scenario => ({ ...scenario, workflow: "simple" })),
  ...tableScenarios.map((scenario): Scenario => ({ ...scenario, workflow: "table" })),
];

const voucher: VoucherSnapshot = {
  unitPriceMinor: 200,
  codes: 5,
  codesUsed: 0,
  anytimeRefund: true,
  expirationRefund: true,
};

/** Tells a scenario by today's code. */
export function tell(definition: LomsWorkflow, scenario: Scenario): Story {
  const lines = scenario.lines.map((lineTotalMinor, index) => ({
    sku: index + 1,
    lineTotalMinor,
    ...(scenario.workflow === "service" ? { voucher: { ...voucher, ...scenario.voucher } } : {}),
  }));
  const story = beginStory(definition, unborn(lines));
  for (const step of scenario.script.split(";")) {
    follow(story, step.trim().replaceAll(/\s+/g, " "));
  }
  return story;
}

function follow(story: Story, step: string): void {
  const { order } = story;
  if (step === "late" || step === "short") {
    const facts = { stockIsReserved: step !== "short", paymentIsInTime: step !== "late" };
    story.change({ ...order, facts });
    return;
  }
  if (step.startsWith("use ")) {
    const codes = Number(step.slice("use ".length));
    const items = order.items.map((item) => ({
      ...item,
      voucher: item.voucher && { ...item.voucher, codesUsed: item.voucher.codesUsed + codes },
    }));
    story.change({ ...order, items });
    return;
  }
  const parts =
    /^(?<who>!|[PASB] )(?<what>[a-z_ ]+?)(?: @(?<sku>\d+))?(?: (?<amount>\d+))?(?: (?<kind>[a-z]+_[a-z]+))?$/;
  const { who, what, sku, amount, kind } = parts.exec(step)?.groups ?? {};
  if (who === undefined || what === undefined) {
    throw new Error(`"${step}" is no step.`);
  }
  const item = sku === undefined ? undefined : Number(sku);
  if (who === "!") {
    story.fire(what as TimerName, item);
    return;
  }
  story.act(who.trim() as Role, what, {
    sku: item,
    amountMinor: amount === undefined ? undefined : Number(amount),
    refundKind: kind as "refund_only" | "with_return" | undefined,
  });
}

/** Moves as the history keeps them, after the entry with which an order is born. */
export function historyOf(moves: readonly Move[]): readonly HistoryEntry[] {
  const birth: HistoryEntry = { version: 1, after: [{ machine: "order", subject: "", state: "" }] };
  return [birth, ...moves.map(entryOf)];
}

function entryOf({ version, action, role, steps, sku, sheet }: Move): HistoryEntry {
  const after = steps.map(({ machine, to }): InstanceState => {
    const subject =
      machine === "order" ? "" : machine === "item" ? `item/${sku}` : `sheet/${sku}/${sheet?.number}`;
    return { machine, subject, state: to };
  });
  return { version, action, role, after };
}
