import { expect, test } from "vitest";
import { beginStory, unborn } from "../../test/order-story.ts";
import { applyAction } from "./apply-action.ts";
import { listActions } from "./list-actions.ts";
import { product } from "./product.ts";
import { parseRole } from "./roles.ts";

/** The session that Easy Order's own description shows, line by line. */
test("the transcript of the source system", () => {
  const story = beginStory(product, unborn([{ sku: 1, lineTotalMinor: 1_000 }]));
  const orderActions = (role: "P" | "S" | "B") => listActions(product, story.order, role).actions;
  const changesNothing = (role: string, action: string) => {
    const before = story.order;
    const parsed = parseRole(role);
    const outcome =
      parsed === undefined ? undefined : applyAction(product, story.order, { role: parsed, action });
    expect(outcome?.kind ?? "refused").toBe("refused");
    expect(story.order).toBe(before);
  };

  expect(orderActions("B")).toEqual(["create order"]);
  expect(story.act("B", "create order").moves[0]).toMatchObject({ orderState: "WP", event: "order_created" });

  expect(orderActions("P")).toEqual(["no payment", "payment successful"]);
  expect(orderActions("S")).toEqual(["change shipping fee"]);
  expect(orderActions("B")).toEqual(["cancel order", "make payment"]);
  changesNothing("B", "make payement");

  const paid = story.act("P", "payment successful");
  expect(paid.moves.map(({ orderState, event }) => [orderState, event])).toEqual([["FP", "order_paid"]]);
  expect(orderActions("S")).toEqual(["ship the order", "change shipping addr"]);

  const shipped = story.act(parseRole("s") ?? "B", "ship the order");
  expect(shipped.moves.map(({ orderState, event }) => [orderState, event])).toEqual([
    ["FS", "order_shipped"],
  ]);

  expect(orderActions("P")).toEqual(["auto ack reception of order"]);
  expect(orderActions("S")).toEqual([]);
  expect(orderActions("B")).toEqual(["confirm reception of order"]);
  changesNothing("B", "confirm");

  const completed = story.act("B", "confirm reception of order");
  expect(completed.moves.map(({ orderState, event }) => [orderState, event])).toEqual([
    ["ST", "transaction_successful"],
  ]);

  expect(orderActions("P")).toEqual(["no refund request"]);
  story.act("P", "no refund request");
  expect(story.order.state).toBe("WA");
  expect(orderActions("P")).toEqual(["finished accounting"]);

  changesNothing("U", "finished accounting");
  story.act("P", "finished accounting");
  expect(story.order.state).toBe("FA");
  expect((["P", "S", "B"] as const).map(orderActions)).toEqual([[], [], []]);
});

const roles = ["P", "A", "S", "B"] as const;

test("before there is an order, a buyer may create one, and nobody anything else", () => {
  const story = beginStory(product, unborn([{ sku: 1, lineTotalMinor: 1_000 }]));
  expect(roles.map((role) => [role, story.allowed(role)])).toEqual([
    ["P", []],
    ["A", []],
    ["S", []],
    ["B", ["create order"]],
  ]);
});

test("canceled: CT, and nobody may do anything", () => {
  const story = beginStory(product, unborn([{ sku: 1, lineTotalMinor: 1_000 }]));
  story.act("B", "create order");
  expect(story.act("B", "cancel order").moves).toMatchObject([{ orderState: "CT", reason: "requested" }]);
  expect(roles.flatMap((role) => story.allowed(role))).toEqual([]);
});

test("paid, shipped, acknowledged by itself, no refund request, accounted", () => {
  const story = beginStory(product, unborn([{ sku: 1, lineTotalMinor: 1_000 }]));
  story.act("B", "create order");
  const way = [
    story.act("P", "payment successful"),
    story.act("S", "ship the order"),
    story.act("P", "auto ack reception of order"),
    story.act("P", "no refund request"),
    story.act("P", "finished accounting"),
  ];
  expect(way.map(({ order }) => order.state)).toEqual(["FP", "FS", "ST", "WA", "FA"]);
});
