import { listMachines } from "@ordermesh/workflow/definition";
import { replay } from "@ordermesh/workflow/replay";
import fc from "fast-check";
import { expect, test } from "vitest";
import { historyOf } from "../../test/order-scenarios.ts";
import { beginStory, type Story, unborn } from "../../test/order-story.ts";
import type { ActionRequest } from "./action-outcome.ts";
import { applyAction, settle } from "./apply-action.ts";
import type { Role } from "./names.ts";
import { product } from "./product.ts";
import type { LomsWorkflow } from "./registry.ts";
import { service } from "./service.ts";
import { simple } from "./simple.ts";
import { table } from "./table.ts";

/*
 * Random lives of orders: at each step one of all that somebody may do, or a timer fires, or something is tried that is
 * not allowed. What must hold after every step, and in the end, is checked; and from wherever an order is, it gets to an
 * end if nobody but the platform and the seller does anything.
 */

const roles: readonly Role[] = ["P", "A", "S", "B"];

interface Step {
  readonly pick: number;
  /** In percent of what can be refunded; undefined: nothing is said. */
  readonly share: number | undefined;
  readonly kind: "refund_only" | "with_return" | undefined;
}

const steps = fc.array(
  fc.record({
    pick: fc.nat(),
    share: fc.option(fc.integer({ min: -10, max: 150 }), { nil: undefined }),
    kind: fc.option(fc.constantFrom("refund_only" as const, "with_return" as const), { nil: undefined }),
  }),
  { maxLength: 50 },
);

const lineTotals = fc.array(fc.integer({ min: 0, max: 100_000 }), { minLength: 1, maxLength: 4 });

/** Everything that can be asked for, allowed or not, and nothing twice. */
function requestsOf(definition: LomsWorkflow, story: Story): readonly ActionRequest[] {
  const actions = [
    ...new Set(listMachines(definition).flatMap(([, { rows }]) => rows.map((row) => row.action))),
  ];
  const skus = [undefined, ...story.order.items.map(({ sku }) => sku)];
  return roles.flatMap((role) => actions.flatMap((action) => skus.map((sku) => ({ role, action, sku }))));
}

/** Takes one step; false if it was refused. */
function take(story: Story, { pick, share, kind }: Step): boolean {
  const timers = story.timers.filter(({ isHeld }) => !isHeld);
  const codes = story.order.items[0]?.voucher;
  const listed = roles.flatMap((role) =>
    story.allowed(role).map((text): ActionRequest => {
      const [, action = text, sku] = /^(.*?) (\d+)$/.exec(text) ?? [];
      return { role, action, sku: sku === undefined ? undefined : Number(sku) };
    }),
  );
  const choices = listed.length + timers.length + 1;
  const choice = pick % choices;
  const timer = timers[choice - listed.length];
  if (timer !== undefined) {
    story.fire(timer.timer, timer.sku);
    return true;
  }
  const request = listed[choice];
  if (request === undefined) {
    return useCode(story, codes?.codesUsed ?? 0, codes?.codes ?? 0);
  }
  const cost = story.order.items.find(({ sku }) => sku === request.sku)?.lineTotalMinor ?? 0;
  const amountMinor = share === undefined ? undefined : Math.round((cost * share) / 100);
  const outcome = applyAction(story.definition, story.order, { ...request, amountMinor, refundKind: kind });
  if (outcome.kind === "refused") {
    // What is listed is refused for nothing but the amount.
    expect([outcome.refusal.reason, outcome.refusal.guard]).toEqual([
      "GUARD_REFUSED",
      "amount_is_refundable",
    ]);
    expect(amountMinor).toBeDefined();
    return false;
  }
  story.act(request.role, request.action, { ...request, amountMinor, refundKind: kind });
  return true;
}

function useCode(story: Story, used: number, codes: number): boolean {
  const { order } = story;
  if (used >= codes || order.state !== "FP" || order.items[0]?.sheet !== undefined) {
    return false;
  }
  const items = order.items.map((item) => ({
    ...item,
    voucher: item.voucher && { ...item.voucher, codesUsed: used + 1 },
  }));
  story.change({ ...order, items });
  return true;
}

/** What somebody may do is what is not refused, and nothing that follows by itself is still to come. */
function checkStep(definition: LomsWorkflow, story: Story): void {
  const hidden = new Set(
    listMachines(definition).flatMap(([, { rows }]) =>
      rows.filter((row) => row.cause === "automatic" || row.hidden === true).map((row) => row.action),
    ),
  );
  const allowed = new Map(roles.map((role) => [role, new Set(story.allowed(role))]));
  for (const request of requestsOf(definition, story)) {
    const isOrders = request.sku === undefined || definition.machines.item === undefined;
    const text = isOrders ? request.action : `${request.action} ${request.sku}`;
    const isListed = allowed.get(request.role)?.has(text) === true;
    const outcome = applyAction(definition, story.order, request);
    const isRight = outcome.kind === (isListed ? "applied" : "refused") || hidden.has(request.action);
    if (!isRight || (outcome.kind === "refused" && outcome.refusal.text === "")) {
      throw new Error(`${JSON.stringify(request)} is ${outcome.kind} in ${story.state}.`);
    }
  }
  expect(settle(definition, story.order)).toBeUndefined();
}

/** Money and goods, as the effects of all moves have left them. */
function checkBooks(story: Story): void {
  const effects = story.moves.flatMap((move) => move.effects);
  const sum = (effect: string) =>
    effects
      .filter((call) => call.effect === effect)
      .reduce((total, call) => total + (call.amountMinor ?? 0), 0);
  const skusOf = (effect: string) => effects.filter((call) => call.effect === effect).map(({ sku }) => sku);
  const recorded = sum("record_refund");
  expect(recorded).toBeLessThanOrEqual(story.order.capturedMinor);
  const restocked = skusOf("restock_item");
  expect(new Set(restocked).size).toBe(restocked.length);
  for (const sku of restocked) {
    expect(story.item(sku ?? 0).state).toBe("FR");
  }
  // Money is not recorded as given back before it was asked for, and not twice.
  expect(skusOf("record_refund").length).toBeLessThanOrEqual(story.order.items.length);
  for (const sku of skusOf("record_refund")) {
    expect(skusOf("request_refund")).toContain(sku);
  }
  if (story.order.state === "CT" && !skusOf("refund_canceled_order").length) {
    expect(recorded).toBe(story.order.capturedMinor);
  }
  const problems = replay(story.definition, historyOf(story.moves)).problems;
  expect(problems).toEqual([]);
}

/** What staff do with an order at a table, by its state. */
const kitchen: Readonly<Record<string, string>> = {
  PL: "accept the order",
  AC: "start preparing",
  PR: "serve the order",
};

/** What happens if the buyer does nothing more: timers fire, refunds are paid, the seller ships. */
function driveToTheEnd(story: Story): void {
  const isFinal = () =>
    story.definition.machines.order?.states.some(
      ({ code, final }) => code === story.order.state && final === true,
    );
  for (let round = 0; round < 40 && !isFinal(); round += 1) {
    const timer = story.timers.find(({ isHeld }) => !isHeld);
    const allowed = (role: Role) => story.allowed(role)[0];
    const platform = story
      .allowed("P")
      .find((action) => /^(finished|force|reject|payment successful)/.test(action));
    const [, action = platform, sku] = /^(.*?) (\d+)$/.exec(platform ?? "") ?? [];
    if (action !== undefined) {
      story.act("P", action, { sku: sku === undefined ? undefined : Number(sku) });
    } else if (timer !== undefined) {
      story.fire(timer.timer, timer.sku);
    } else if (kitchen[story.order.state] !== undefined) {
      story.act("S", kitchen[story.order.state] ?? "");
    } else if (story.order.state === "FP") {
      story.act("S", "ship the order");
    } else {
      throw new Error(`Stuck in ${story.state}: P may ${allowed("P")}, B may ${allowed("B")}.`);
    }
  }
  expect([story.state, isFinal()]).toEqual([story.state, true]);
  expect(roles.flatMap((role) => story.allowed(role))).toEqual([]);
  expect(story.timers).toEqual([]);
}

const voucher = fc.record({
  unitPriceMinor: fc.integer({ min: 0, max: 300 }),
  codes: fc.integer({ min: 1, max: 4 }),
  codesUsed: fc.constant(0),
  anytimeRefund: fc.boolean(),
  expirationRefund: fc.boolean(),
});

test.each([{ definition: product }, { definition: service }, { definition: simple }, { definition: table }])(
  "lives of $definition.name orders",
  ({ definition }) => {
    const reached: Record<string, number> = {};
    const lines =
      definition === service
        ? fc
            .tuple(fc.integer({ min: 1, max: 1_000 }), voucher)
            .map(([lineTotalMinor, terms]) => [{ sku: 1, lineTotalMinor, voucher: terms }])
        : lineTotals.map((totals) =>
            totals.map((lineTotalMinor, index) => ({ sku: index + 1, lineTotalMinor })),
          );
    fc.assert(
      fc.property(lines, steps, (ofOrder, taken) => {
        const story = beginStory(definition, unborn(ofOrder));
        story.act("B", "create order");
        // Most of what can happen happens to orders that are paid.
        if (definition !== table && (taken[0]?.pick ?? 0) % 4 !== 0) {
          story.act("P", "payment successful");
        }
        checkStep(definition, story);
        for (const [index, step] of taken.entries()) {
          take(story, step);
          // Asking for everything is slow, and what was missed in one life is asked in the next.
          if (index % 10 === step.pick % 10) {
            checkStep(definition, story);
          }
        }
        checkBooks(story);
        driveToTheEnd(story);
        checkBooks(story);
        for (const state of new Set(story.moves.map(({ orderState }) => orderState))) {
          reached[state] = (reached[state] ?? 0) + 1;
        }
      }),
      { numRuns: 100 },
    );
    const codes = definition.machines.order?.states.map(({ code }) => code) ?? [];
    process.stdout.write(
      `${definition.name}: lives by the states that they came to: ${JSON.stringify(reached)}\n`,
    );
    expect(Object.keys(reached).sort()).toEqual(codes.filter((code) => code !== "" && code !== "FL").sort());
  },
);
