import { expect, test } from "vitest";
import { beginStory, type Story, unborn } from "../../test/order-story.ts";
import { durationProfiles } from "./durations.ts";
import { product } from "./product.ts";
import { workflows } from "./registry.ts";
import { simple } from "./simple.ts";

function shippedOrder(): Story {
  const story = beginStory(
    product,
    unborn([
      { sku: 1, lineTotalMinor: 1_000 },
      { sku: 2, lineTotalMinor: 500 },
    ]),
  );
  story.act("B", "create order");
  story.act("P", "payment successful");
  story.act("S", "ship the order");
  return story;
}

const runs = (story: Story) =>
  story.timers.map(({ timer, isHeld }) => `${timer}${isHeld ? " held" : ""}`).sort();

test("an order that is not paid is canceled, and its timer ends with its payment", () => {
  const story = beginStory(product, unborn([{ sku: 1, lineTotalMinor: 1 }]));
  story.act("B", "create order");
  expect(runs(story)).toEqual(["payment_deadline"]);
  const unpaid = story.fire("payment_deadline");
  expect(unpaid.moves[0]).toMatchObject({ orderState: "CT", reason: "payment_deadline" });

  const paid = beginStory(product, unborn([{ sku: 1, lineTotalMinor: 1 }]));
  paid.act("B", "create order");
  paid.act("B", "make payment");
  expect(runs(paid)).toEqual(["payment_deadline"]);
  paid.act("P", "payment successful");
  expect(runs(paid)).toEqual([]);
});

test("a payment after the deadline cancels, and is told that it was refused", () => {
  const story = beginStory(product, unborn([{ sku: 1, lineTotalMinor: 1 }]));
  story.act("B", "create order");
  story.change({ ...story.order, facts: { ...story.order.facts, paymentIsInTime: false } });
  expect(story.allowed("P")).toEqual(["no payment"]);
  const late = story.act("P", "payment successful");
  expect(late.refusedWith).toBe("PAYMENT_DEADLINE_PASSED");
  expect(late.moves[0]).toMatchObject({ orderState: "CT", reason: "payment_deadline", event: undefined });
  expect(story.order.capturedMinor).toBe(0);
});

test("an order that is not confirmed completes by itself", () => {
  const story = shippedOrder();
  expect(runs(story)).toEqual(["auto_ack_shipping", "enable_extending"]);
  const fired = story.fire("auto_ack_shipping");
  expect(fired.moves[0]).toMatchObject({ role: "P", orderState: "ST", event: "transaction_successful" });
  expect(runs(story)).toEqual(["no_refund_request"]);
});

test("buyer and seller may each put that off once, from some time on", () => {
  const story = shippedOrder();
  const extend = "extend auto acking reception of order";
  expect(story.refuse("B", extend)).toMatchObject({ reason: "GUARD_REFUSED", guard: "buyer_may_extend" });
  expect(story.allowed("B")).not.toContain(extend);
  story.fire("enable_extending");
  expect(story.allowed("B")).toContain(extend);
  expect(story.act("B", extend).timers).toEqual([
    expect.objectContaining({ change: "extend", timer: "auto_ack_shipping", duration: "extension_length" }),
  ]);
  expect(story.refuse("B", extend).guard).toBe("buyer_may_extend");
  expect(story.act("S", extend).moves[0]?.event).toBe("seller_extend_shipping_ack");
  expect(story.timers).toEqual([expect.objectContaining({ timer: "auto_ack_shipping", extensions: 2 })]);
  story.fire("auto_ack_shipping");
  expect(story.order).toMatchObject({ state: "ST", flags: [] });
});

test("an open refund keeps the order from completing by itself; its end completes it at once", () => {
  const story = shippedOrder();
  story.fire("enable_extending");
  story.act("B", "request refund", { sku: 1 });
  story.fire("auto_ack_shipping");
  expect(story.order).toMatchObject({
    state: "FS",
    flags: ["buyer_may_extend", "seller_may_extend", "reception_wait_ended"],
  });
  // What has ended can not be put off.
  expect(story.refuse("S", "extend auto acking reception of order").guard).toBe("seller_may_extend");
  const canceled = story.act("B", "cancel refund request", { sku: 1 });
  expect(canceled.moves.map(({ action }) => action)).toEqual([
    "cancel refund request",
    "item closed refund",
    "no more open refund",
  ]);
  expect(story.state).toBe("ST 1:CR/CCR 2:FP");
  expect(story.order.flags).toEqual([]);
});

test("the time for refund requests stands still while a refund is open, and goes on after it", () => {
  const story = shippedOrder();
  story.act("B", "confirm reception of order");
  const requested = story.act("B", "request refund", { sku: 1 });
  expect(requested.timers.map(({ change, timer }) => `${change} ${timer}`)).toEqual([
    "hold no_refund_request",
    "start seller_no_response",
  ]);
  expect(runs(story)).toEqual(["no_refund_request held", "seller_no_response"]);
  const canceled = story.act("B", "cancel refund request", { sku: 1 });
  expect(canceled.timers.map(({ change, timer }) => `${change} ${timer}`)).toEqual([
    "stop seller_no_response",
    "resume no_refund_request",
  ]);
  story.fire("no_refund_request");
  expect(story.order.state).toBe("WA");
});

test("the time for refund requests is held from the beginning if a refund is open", () => {
  const story = shippedOrder();
  story.act("B", "request refund", { sku: 1 });
  const confirmed = story.act("B", "confirm reception of order");
  expect(confirmed.timers.map(({ change, timer }) => `${change} ${timer}`)).toEqual([
    "stop auto_ack_shipping",
    "stop enable_extending",
    "start no_refund_request",
    "hold no_refund_request",
  ]);
});

test("a held wait that somebody ends by hand is over when the refund is", () => {
  const story = shippedOrder();
  story.act("B", "confirm reception of order");
  story.act("B", "request refund", { sku: 1 });
  story.fire("no_refund_request");
  expect(story.order).toMatchObject({ state: "ST", flags: ["refund_wait_ended"] });
  story.act("B", "cancel refund request", { sku: 1 });
  expect(story.state).toBe("WA 1:CR/CCR 2:FP");
});

test("each answer starts the other side's time, and ends its own", () => {
  const story = shippedOrder();
  const waits = () => story.timers.filter(({ sku }) => sku === 1).map(({ timer }) => timer);
  const steps: readonly [Parameters<Story["act"]>[0], string, readonly string[]][] = [
    ["B", "request refund with return", ["seller_no_response"]],
    ["S", "reject refund", ["buyer_no_response"]],
    ["B", "change refund request", ["seller_no_response"]],
    ["S", "agree refund", ["buyer_no_response"]],
    ["B", "ship back", ["seller_no_response"]],
    ["S", "reject refund", []],
    ["A", "force refund", []],
    ["P", "finished refund", []],
  ];
  for (const [role, action, expected] of steps) {
    story.act(role, action, { sku: 1 });
    expect([action, waits()]).toEqual([action, expected]);
  }
});

test("a timer is tied to the step that started it, and a step that stays keeps its timer", () => {
  const story = shippedOrder();
  const ofShipping = story.timers.find(({ timer }) => timer === "auto_ack_shipping")?.step;
  expect(ofShipping).toBe(story.order.since);
  story.fire("enable_extending");
  story.act("B", "extend auto acking reception of order");
  expect(story.order.version).toBeGreaterThan(story.order.since);
  expect(story.order.since).toBe(ofShipping);
});

test("a simple order is delivered by itself", () => {
  const story = beginStory(simple, unborn([{ sku: 1, lineTotalMinor: 100 }]));
  story.act("B", "create order");
  story.act("P", "payment successful");
  expect(runs(story)).toEqual(["delivery"]);
  expect(story.fire("delivery").moves[0]).toMatchObject({ orderState: "DL", event: "order_delivered" });
});

test("a simple order may be canceled until it is delivered, and its money goes back", () => {
  const story = beginStory(simple, unborn([{ sku: 1, lineTotalMinor: 100 }]));
  story.act("B", "create order");
  story.act("P", "payment successful");
  const canceled = story.act("B", "cancel order");
  expect(canceled.moves[0]?.effects.map(({ effect }) => effect)).toEqual([
    "restock_order",
    "refund_canceled_order",
  ]);
  expect(story.timers).toEqual([]);
  expect(story.refuse("P", "payment successful").reason).toBe("WRONG_STATE");

  const declined = beginStory(simple, unborn([{ sku: 1, lineTotalMinor: 100 }]));
  declined.act("B", "create order");
  expect(declined.act("P", "payment declined").moves[0]).toMatchObject({
    orderState: "CT",
    reason: "declined",
  });
});

test("every configured duration is waited for by a timer or an extension, and has a production and a demo value", () => {
  const used = new Set(
    Object.values(workflows)
      .flat()
      .flatMap(({ machines }) => Object.values(machines))
      .flatMap(({ timers, rows }) => [
        ...timers.map(({ after }) => after as string),
        ...rows.flatMap((row) => row.extends?.by ?? []),
      ]),
  );
  const { production, demo } = durationProfiles;
  expect([...used].filter((name) => name !== "payment_window" && name !== "voucher_validity").sort()).toEqual(
    Object.keys(production).sort(),
  );
  const inDays = (durationMs: number) => durationMs / 86_400_000;
  expect(inDays(production.seller_response)).toBe(3);
  expect(inDays(production.buyer_response)).toBe(3);
  expect(inDays(production.reception_confirmation)).toBe(15);
  expect(inDays(production.refund_request_window)).toBe(7);
  expect(inDays(production.extension_opens)).toBe(7);
  expect(inDays(production.extension_length)).toBe(3);
  expect(Object.values(demo).sort()).toEqual([120_000, 120_000, 120_000, 120_000, 20_000, 60_000, 60_000]);
});
