import { checkDefinition, type FindingKind } from "@ordermesh/workflow/check-definition";
import type { Machine, Row } from "@ordermesh/workflow/definition";
import { expect, test } from "vitest";
import type { LomsNames, MachineName } from "./names.ts";
import { product } from "./product.ts";
import { type LomsWorkflow, workflows } from "./registry.ts";
import { service } from "./service.ts";
import { simple } from "./simple.ts";
import { codeOfStatus, type StatusName, statusOfCode } from "./states.ts";
import { table } from "./table.ts";

const definitions = Object.values(workflows).flat();

test.each(definitions)("$name@$version has no mistake", (definition) => {
  expect(checkDefinition(definition)).toEqual([]);
});

test("the states of orders are those of the API", () => {
  for (const { machines } of definitions) {
    for (const { code } of machines.order?.states ?? []) {
      expect(codeOfStatus(statusOfCode(code))).toBe(code);
    }
  }
  expect(() => statusOfCode("XX")).toThrow('"XX"');
  const statuses: readonly StatusName[] = ["paid", "shipment_held", "settled", "delivered"];
  expect(statuses.map(codeOfStatus)).toEqual(["FP", "HS", "FA", "DL"]);
});

/** A definition with one machine changed. */
function broken(
  definition: LomsWorkflow,
  name: MachineName,
  change: (machine: Machine<LomsNames>) => Partial<Machine<LomsNames>>,
): LomsWorkflow {
  const machine = definition.machines[name];
  if (machine === undefined) {
    throw new Error(`There is no machine ${name}.`);
  }
  return { ...definition, machines: { ...definition.machines, [name]: { ...machine, ...change(machine) } } };
}

type ProductRow = Row<LomsNames>;

const isRow = (action: string, from?: string) => (row: ProductRow) =>
  row.action === action && (from === undefined || row.from.includes(from));

function without(definition: LomsWorkflow, name: MachineName, action: string, from?: string): LomsWorkflow {
  return broken(definition, name, ({ rows }) => {
    const kept = rows.filter((row) => !isRow(action, from)(row));
    expect(kept.length).toBeLessThan(rows.length);
    return { rows: kept };
  });
}

function altered(
  definition: LomsWorkflow,
  name: MachineName,
  action: string,
  change: Partial<ProductRow>,
): LomsWorkflow {
  return broken(definition, name, ({ rows }) => {
    expect(rows.some(isRow(action))).toBe(true);
    return { rows: rows.map((row) => (isRow(action)(row) ? { ...row, ...change } : row)) };
  });
}

function extended(definition: LomsWorkflow, name: MachineName, row: ProductRow): LomsWorkflow {
  return broken(definition, name, ({ rows }) => ({ rows: [...rows, row] }));
}

/** One mistake each, in a definition that has none otherwise; what is found must be that, and say where. */
const mistakes: readonly {
  readonly mistake: string;
  readonly definition: LomsWorkflow;
  readonly kinds: readonly FindingKind[];
  readonly text: string;
}[] = [
  {
    mistake: "a state that nothing leads to",
    definition: without(product, "order", "processing refund"),
    kinds: ["unreachable_state"],
    text: 'Nothing leads to "HS".',
  },
  {
    mistake: "a state of a refund that nothing leads to",
    definition: without(product, "with_return", "ship back"),
    kinds: ["unreachable_state", "unreachable_state"],
    text: 'Nothing leads to "WSA".',
  },
  {
    mistake: "a state that nothing leads out of",
    definition: without(product, "order", "item finished refund"),
    kinds: ["dead_end"],
    text: 'From "HS" no end can be reached.',
  },
  {
    mistake: "a state that only leads to itself",
    definition: altered(product, "order", "item finished refund", { to: "HS", cause: "manual" }),
    kinds: ["dead_end"],
    text: 'From "HS" no end can be reached.',
  },
  {
    mistake: "a final state that is left",
    definition: extended(simple, "order", {
      action: "revive",
      roles: ["P"],
      from: ["CT"],
      to: "WP",
      cause: "manual",
    }),
    kinds: ["dead_end"],
    text: '"CT" is said to be final, but is left.',
  },
  {
    mistake: "one action that leads to two states",
    definition: extended(product, "order", {
      action: "ship the order",
      roles: ["P", "S"],
      from: ["FP"],
      to: "HS",
      cause: "request",
    }),
    kinds: ["ambiguous_rows"],
    text: '"ship the order" from "FP" leads to "FS" and to "HS"',
  },
  {
    mistake: "two rows whose guards do not exclude each other",
    definition: altered(product, "order", "no refund request", { guard: "refund_is_open" }),
    kinds: ["ambiguous_rows"],
    text: '"no refund request" from "ST"',
  },
  {
    mistake: "guards that nobody said exclude each other",
    definition: { ...service, exclusiveGuards: [] },
    kinds: ["ambiguous_rows", "ambiguous_rows"],
    text: '"attendance code expired" from "FP"',
  },
  {
    mistake: "two rows for one item action in one state of the order",
    definition: broken(product, "item", ({ rows }) => ({
      rows: rows.map((row) => (row.opens === "refund_only" ? { ...row, whileParent: undefined } : row)),
    })),
    kinds: ["ambiguous_rows"],
    text: '"request refund" from "FP"',
  },
  {
    mistake: "a timer in a state that does not know its action",
    definition: broken(product, "refund_only", ({ timers }) => ({
      timers: timers.map((timer) =>
        timer.name === "buyer_no_response" ? { ...timer, states: ["SRR", "CSI"] } : timer,
      ),
    })),
    kinds: ["timer_without_action"],
    text: 'The timer buyer_no_response runs in "CSI"',
  },
  {
    mistake: "a timer whose action has gone",
    definition: without(product, "pre_shipping", "seller no response"),
    kinds: ["timer_without_action"],
    text: 'The timer seller_no_response runs in "WSR"',
  },
  {
    mistake: "a wait that nothing ends: no timer after a return was shipped",
    definition: broken(product, "with_return", ({ timers }) => ({
      timers: timers.map((timer) => ({ ...timer, states: timer.states.filter((code) => code !== "WSA") })),
    })),
    kinds: ["action_without_timer"],
    text: '"seller no response" in "WSA" waits for a timer',
  },
  {
    mistake: "rows that follow one another for ever",
    definition: altered(product, "order", "item finished refund", { guard: undefined }),
    kinds: ["automatic_loop", "automatic_loop"],
    text: '"processing refund", "item finished refund" follow one another for ever',
  },
  {
    mistake: "a row that follows itself for ever",
    definition: extended(product, "order", {
      action: "count",
      roles: ["P"],
      from: ["FS"],
      to: "FS",
      cause: "automatic",
    }),
    kinds: ["automatic_loop"],
    text: '"count" follow',
  },
  {
    mistake: "a paid order that can be canceled without its money",
    definition: altered(product, "order", "cancel order", { from: ["WP", "FP"] }),
    kinds: ["money_without_goods"],
    text: "create order, payment successful, cancel order",
  },
  {
    mistake: "a cancelation that keeps the money",
    definition: altered(simple, "order", "cancel order", { effects: ["restock_order"] }),
    kinds: ["money_without_goods"],
    text: '"CT" with the money at the seller',
  },
  {
    mistake: "an order that ends as if it had been shipped",
    definition: altered(product, "order", "ship the order", { effects: [] }),
    kinds: ["money_without_goods"],
    text: 'It can end in "FA"',
  },
  {
    mistake: "Easy Order's own: goods that came back, no money",
    definition: altered(product, "with_return", "reject refund", { effects: [] }),
    kinds: ["money_without_goods"],
    text: "agree refund, ship back, reject refund, reject refund.",
  },
  {
    mistake: "all items refunded, said without looking",
    definition: altered(product, "order", "all items refunded", { guard: undefined }),
    kinds: ["money_without_goods"],
    text: "payment successful, all items refunded",
  },
  {
    mistake: "a voucher that ends while its codes are held and its money is kept",
    definition: altered(service, "order", "all used", { guard: "payment_is_in_time" }),
    kinds: ["money_without_goods"],
    text: "request refund, all used",
  },
  {
    mistake: "a meal that is paid and never served",
    definition: altered(table, "order", "payment successful", { from: ["PR", "SV"] }),
    kinds: ["money_without_goods"],
    text: "create order, accept the order, start preparing, payment successful",
  },
  {
    mistake: "a meal that was served and ends with its session, unpaid",
    definition: altered(table, "order", "end the order", { from: ["PL", "AC", "PR", "SV"] }),
    kinds: ["goods_without_money"],
    text: 'It can end in "CT" with the goods at a buyer who never paid: create order, accept the order, serve the order, end the order.',
  },
  {
    mistake: "goods that are shipped before they are paid, and canceled",
    definition: altered(simple, "order", "cancel order", { effects: ["deliver_order"] }),
    kinds: ["goods_without_money"],
    text: "create order, cancel order",
  },
  ...unknownNames(),
];

function unknownNames(): typeof mistakes {
  const unknown = (mistake: string, definition: LomsWorkflow, text: string) => ({
    mistake,
    definition,
    kinds: ["unknown_name"] as const,
    text,
  });
  // Names that the types would refuse, as a definition out of a database may have them.
  const row = (change: object): Partial<ProductRow> => change;
  return [
    unknown(
      "no such state",
      altered(product, "order", "finished accounting", { to: "FX" }),
      'the state "FX"',
    ),
    unknown("no such role", altered(product, "order", "cancel order", row({ roles: ["X"] })), 'the role "X"'),
    unknown("no such guard", altered(product, "order", "cancel order", row({ guard: "not it" })), '"it"'),
    unknown("no such effect", altered(product, "order", "cancel order", row({ effects: ["it"] })), '"it"'),
    unknown(
      "no such machine",
      broken(product, "item", ({ rows }) => ({
        rows: rows.map((one) => (one.opens === "with_return" ? { ...one, opens: "anytime" } : one)),
      })),
      'the machine "anytime"',
    ),
    unknown(
      "no such state of the order",
      broken(product, "item", ({ rows }) => ({
        rows: rows.map((one) => (one.opens === "with_return" ? { ...one, whileParent: ["XX"] } : one)),
      })),
      'the parent\'s state "XX"',
    ),
    unknown(
      "two states of one code",
      broken(product, "item", ({ states }) => ({ states: [...states, { code: "FP", title: "again" }] })),
      'two states "FP"',
    ),
    unknown(
      "no such initial state",
      broken(product, "item", () => ({ initial: "XX" })),
      'initial state "XX"',
    ),
    unknown(
      "a parent that is not the root",
      broken(product, "refund_only", () => ({ parent: "item" })),
      '"item"',
    ),
    unknown(
      "a timer that is put off where it does not run",
      broken(product, "order", ({ timers }) => ({
        timers: timers.filter(({ name }) => name !== "auto_ack_shipping"),
      })),
      'the timer "auto_ack_shipping"',
    ),
    unknown(
      "a timer in no state",
      broken(product, "order", ({ timers }) => ({
        timers: timers.map((timer) => ({ ...timer, states: [...timer.states, "XX"] })),
      })),
      'the state "XX"',
    ),
  ];
}

test.each(mistakes)("finds: $mistake", ({ definition, kinds, text }) => {
  const findings = checkDefinition(definition);
  expect([...new Set(findings.map(({ kind }) => kind))]).toEqual([...new Set(kinds)]);
  expect(findings.length).toBeGreaterThanOrEqual(kinds.length);
  expect(findings.map((finding) => finding.text).join("\n")).toContain(text);
});

test("every kind of finding is proved above", () => {
  const kinds: Readonly<Record<FindingKind, true>> = {
    unknown_name: true,
    unreachable_state: true,
    dead_end: true,
    ambiguous_rows: true,
    timer_without_action: true,
    action_without_timer: true,
    automatic_loop: true,
    money_without_goods: true,
    goods_without_money: true,
  };
  expect([...new Set(mistakes.flatMap((mistake) => mistake.kinds))].sort()).toEqual(
    Object.keys(kinds).sort(),
  );
});
