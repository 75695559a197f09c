import { expect, test } from "vitest";
import { beginStory, type Story, unborn } from "../../test/order-story.ts";
import { applyAction } from "./apply-action.ts";
import { knowsAction } from "./list-actions.ts";
import { product } from "./product.ts";
import { parseRole } from "./roles.ts";
import { service } from "./service.ts";

/* What is asked for wrongly changes nothing and says what is wrong. */

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

test("roles are read by code and by name, in any case", () => {
  expect(
    ["P", "p", "Platform", " BUYER ", "s", "seller", "A", "admin", "Administrator"].map(parseRole),
  ).toEqual(["P", "P", "P", "B", "S", "S", "A", "A", "A"]);
  expect(["U", "", "buyers", "toString", "P,S"].map(parseRole)).toEqual([...Array(5)].map(() => undefined));
});

test("an item's action needs to know which item, and the order's action none", () => {
  const story = shippedOrder();
  expect(story.refuse("B", "request refund")).toMatchObject({
    reason: "ITEM_REQUIRED",
    text: '"request refund" is about one item: say which.',
  });
  expect(story.refuse("B", "request refund", { sku: 9 })).toMatchObject({
    reason: "UNKNOWN_ITEM",
    text: "The order has no item with the SKU 9.",
  });
  expect(story.refuse("B", "confirm reception of order", { sku: 1 })).toMatchObject({
    reason: "UNKNOWN_ACTION",
    text: '"confirm reception of order" is about the order as a whole: name no item.',
  });
  expect(story.refuse("B", "burn", { sku: 1 }).text).toBe('The workflow "product" knows no action "burn".');
  expect(story.refuse("B", "burn").reason).toBe("UNKNOWN_ACTION");
  expect([knowsAction(product, "ship back"), knowsAction(service, "ship back")]).toEqual([true, false]);
});

test("a refusal is the nearest miss of the item and its refund", () => {
  const story = shippedOrder();
  story.act("B", "request refund", { sku: 1 });
  // The refund knows it, the item does not.
  expect(story.refuse("B", "agree refund", { sku: 1 })).toMatchObject({
    reason: "WRONG_ROLE",
    machine: "refund_only",
    state: "WSR",
    whoMay: ["S"],
  });
  // Both know "order state changed to FS", of which the item's guard comes nearest.
  expect(story.refuse("P", "order state changed to FS", { sku: 1 })).toMatchObject({
    reason: "GUARD_REFUSED",
    guard: "refund_was_overtaken",
  });
});

test("no more can be asked for than is left, per item and in total", () => {
  const story = shippedOrder();
  for (const amountMinor of [1_001, 0, -5, 0.5]) {
    expect(story.refuse("B", "request refund", { sku: 1, amountMinor })).toMatchObject({
      reason: "GUARD_REFUSED",
      guard: "amount_is_refundable",
    });
  }
  story.act("B", "request refund", { sku: 1, amountMinor: 600 });
  story.act("S", "reject refund", { sku: 1 });
  expect(story.refuse("B", "change refund request", { sku: 1, amountMinor: 1_001 }).guard).toBe(
    "amount_is_refundable",
  );
  story.act("B", "change refund request", { sku: 1, amountMinor: 1_000 });
  expect(story.sheet(1).amountMinor).toBe(1_000);
});

test("what was taken bounds the total, whatever the lines cost", () => {
  const story = beginStory(
    product,
    unborn([
      { sku: 1, lineTotalMinor: 1_000 },
      { sku: 2, lineTotalMinor: 500 },
    ]),
  );
  story.act("B", "create order");
  story.act("P", "payment successful", { capturedMinor: 1_200 });
  story.act("B", "request refund", { sku: 1 });
  story.act("B", "request refund", { sku: 2 });
  expect([story.sheet(1).amountMinor, story.sheet(2).amountMinor]).toEqual([1_000, 200]);
});

test("a double refund is refused, for the buyer, the seller and the payment service", () => {
  const story = shippedOrder();
  story.act("B", "request refund", { sku: 1 });
  expect(story.refuse("B", "request refund", { sku: 1 }).reason).toBe("WRONG_STATE");
  expect(story.refuse("B", "request refund with return", { sku: 1 }).reason).toBe("WRONG_STATE");
  story.act("S", "agree refund", { sku: 1 });
  expect(story.refuse("S", "agree refund", { sku: 1 }).reason).toBe("WRONG_STATE");
  story.act("P", "finished refund", { sku: 1 });
  expect(story.refuse("P", "finished refund", { sku: 1 }).reason).toBe("WRONG_STATE");
});

test("nobody can take by hand what is to follow by itself", () => {
  const story = shippedOrder();
  for (const action of ["all items refunded", "no more open refund"]) {
    expect(story.refuse("P", action).reason).toBe("GUARD_REFUSED");
  }
  for (const action of ["processing refund", "item finished refund", "all items done with refund"]) {
    expect(story.refuse("P", action).reason).toBe("WRONG_STATE");
  }
  expect(story.allowed("P")).toEqual(["auto ack reception of order"]);
});

test("an item allows what it and its refund allow", () => {
  const story = shippedOrder();
  story.act("B", "request refund", { sku: 1 });
  expect(story.allowed("B")).toEqual([
    "confirm reception of order",
    "cancel refund request 1",
    "request refund 2",
    "request refund with return 2",
  ]);
  expect(story.allowed("S")).toEqual(["reject refund 1", "agree refund 1"]);
  expect(story.allowed("P")).toEqual(["auto ack reception of order", "seller no response 1"]);
});

test("an order of a thousand lines is paid without following each of them through the history", () => {
  const lines = [...Array(1_000)].map((_, index) => ({ sku: index + 1, lineTotalMinor: 10 }));
  const story = beginStory(product, unborn(lines));
  story.act("B", "create order");
  const paid = story.act("P", "payment successful");
  expect(paid.moves).toHaveLength(1);
  expect(paid.order.items.every(({ state }) => state === "FP")).toBe(true);
  expect(paid.order.capturedMinor).toBe(10_000);
});

test("rows that would follow each other for ever are a mistake, and end", () => {
  const order = product.machines.order!;
  const endless = {
    ...product,
    machines: {
      ...product.machines,
      order: {
        ...order,
        rows: [
          ...order.rows,
          { action: "again", roles: ["P" as const], from: ["FS"], to: "FS", cause: "automatic" as const },
        ],
      },
    },
  };
  const shipped = { ...shippedOrder().order, state: "FP" };
  expect(() => applyAction(endless, shipped, { role: "S", action: "ship the order" })).toThrow("never ends");
});
