import { expect, test } from "vitest";
import { beginStory, type Story, unborn } from "../../test/order-story.ts";
import { product } from "./product.ts";

/** A paid order: "paid 1:FP 2:FP", the first item of 10.00, the second of 5.00. */
function paidOrder(): Story {
  const story = beginStory(
    product,
    unborn([
      { sku: 1, lineTotalMinor: 1_000 },
      { sku: 2, lineTotalMinor: 500 },
    ]),
  );
  story.act("B", "create order");
  story.act("P", "payment successful");
  expect(story.state).toBe("FP 1:FP 2:FP");
  return story;
}

function oneItem(): Story {
  const story = beginStory(product, unborn([{ sku: 1, lineTotalMinor: 1_000 }]));
  story.act("B", "create order");
  story.act("P", "payment successful");
  return story;
}

const effectsOf = (applied: ReturnType<Story["act"]>) =>
  applied.moves.flatMap(({ effects }) =>
    effects.map(({ effect, sku, amountMinor }) => [effect, sku, amountMinor]),
  );
const actionsOf = (applied: ReturnType<Story["act"]>) => applied.moves.map(({ action }) => action);

test("refund before shipping, then canceled: the order can be shipped, the item not be refunded again", () => {
  const story = oneItem();
  const requested = story.act("B", "request refund", { sku: 1 });
  expect(requested.moves).toHaveLength(1);
  expect(requested.moves[0]).toMatchObject({
    steps: [
      { machine: "item", from: "FP", to: "WR" },
      { machine: "pre_shipping", from: "", to: "WSR" },
    ],
    itemState: "WR",
    sheet: { number: 1, kind: "pre_shipping", state: "WSR", amountMinor: 1_000 },
    event: "refund_requested",
  });
  const canceled = story.act("B", "cancel refund request", { sku: 1 });
  expect(actionsOf(canceled)).toEqual(["cancel refund request", "item closed refund"]);
  expect(effectsOf(canceled)).toEqual([]);
  expect(story.state).toBe("FP 1:CR/CCR");
  expect(story.refuse("B", "request refund", { sku: 1 }).reason).toBe("WRONG_STATE");
  story.act("S", "ship the order");
  story.act("B", "confirm reception of order");
  // Its only item is done with refunds, so nothing is waited for.
  expect(story.state).toBe("WA 1:CR/CCR");
});

test("refund before shipping, then agreed: shipping is held, the money goes back, the order ends", () => {
  const story = oneItem();
  story.act("B", "request refund", { sku: 1 });
  const agreed = story.act("S", "agree refund", { sku: 1 });
  expect(actionsOf(agreed)).toEqual(["agree refund", "processing refund"]);
  expect(effectsOf(agreed)).toEqual([["request_refund", 1, 1_000]]);
  expect(story.state).toBe("HS 1:WR/PPR");
  expect(story.refuse("S", "ship the order").reason).toBe("WRONG_STATE");
  const finished = story.act("P", "finished refund", { sku: 1 });
  expect(finished.moves.map(({ action, isAutomatic }) => [action, isAutomatic])).toEqual([
    ["finished refund", false],
    ["item finished refund", true],
    ["item finished refund", true],
    ["all items refunded", true],
  ]);
  expect(effectsOf(finished)).toEqual([
    ["record_refund", 1, 1_000],
    ["restock_item", 1, undefined],
  ]);
  expect(finished.moves.at(-1)).toMatchObject({ orderState: "CT", reason: "refunded" });
  expect(story.state).toBe("CT 1:FR/PFR");
  expect(["P", "A", "S", "B"].flatMap((role) => story.allowed(role as "P"))).toEqual([]);
  expect(story.timers).toEqual([]);
});

test("refund before shipping, shipped anyway: the request is over, and can be made again", () => {
  const story = paidOrder();
  story.act("B", "request refund", { sku: 1 });
  expect(story.timers.map(({ timer, sku }) => [timer, sku])).toEqual([["seller_no_response", 1]]);
  const shipped = story.act("S", "ship the order");
  expect(actionsOf(shipped)).toEqual(["ship the order", "order state changed to FS"]);
  expect(shipped.moves[1]?.steps).toEqual([
    { machine: "item", from: "WR", to: "FP" },
    { machine: "pre_shipping", from: "WSR", to: "SCR" },
  ]);
  expect(story.state).toBe("FS 1:FP/SCR 2:FP");
  expect(story.timers.map(({ timer }) => timer)).not.toContain("seller_no_response");
  // The second request gets a sheet of its own, and so would a third: nothing is deleted.
  story.act("B", "request refund with return", { sku: 1 });
  expect(story.sheet(1)).toMatchObject({ number: 2, kind: "with_return", state: "WSR" });
});

test("a seller who does not answer before shipping agrees, and shipping is held as well", () => {
  const story = paidOrder();
  story.act("B", "request refund", { sku: 1 });
  const fired = story.fire("seller_no_response", 1);
  expect(actionsOf(fired)).toEqual(["seller no response", "processing refund"]);
  expect(effectsOf(fired)).toEqual([["request_refund", 1, 1_000]]);
  expect(story.refuse("S", "ship the order").possibleIn).toEqual(["FP"]);
});

test("partial refund, then ship: of one item of two", () => {
  const story = paidOrder();
  story.act("B", "request refund", { sku: 1 });
  story.act("S", "agree refund", { sku: 1 });
  const finished = story.act("P", "finished refund", { sku: 1 });
  expect(effectsOf(finished)).toContainEqual(["restock_item", 1, undefined]);
  expect(story.state).toBe("FP 1:FR/PFR 2:FP");
  story.act("S", "ship the order");
  story.act("B", "confirm reception of order");
  expect(story.state).toBe("ST 1:FR/PFR 2:FP");
  story.fire("no_refund_request");
  expect(story.state).toBe("WA 1:FR/PFR 2:FP");
});

test("partial refund, then ship: of a part of the price, which is a rebate", () => {
  const story = oneItem();
  story.act("B", "request refund", { sku: 1, amountMinor: 300 });
  story.act("S", "agree refund", { sku: 1 });
  const finished = story.act("P", "finished refund", { sku: 1 });
  // Its units are still to be shipped, so they are not restocked, and the order goes on.
  expect(effectsOf(finished)).toEqual([["record_refund", 1, 300]]);
  expect(story.state).toBe("FP 1:FR/PFR");
  story.act("S", "ship the order");
  story.act("B", "confirm reception of order");
  expect(story.state).toBe("WA 1:FR/PFR");
});

test("two agreed refunds hold shipping until both are through", () => {
  const story = paidOrder();
  story.act("B", "request refund", { sku: 1 });
  story.act("B", "request refund", { sku: 2 });
  story.act("S", "agree refund", { sku: 1 });
  story.act("S", "agree refund", { sku: 2 });
  story.act("P", "finished refund", { sku: 1 });
  expect(story.state).toBe("HS 1:FR/PFR 2:WR/PPR");
  story.act("P", "finished refund", { sku: 2 });
  expect(story.state).toBe("CT 1:FR/PFR 2:FR/PFR");
});

test("a request that is withdrawn while another one holds the order does not get stuck", () => {
  const story = paidOrder();
  story.act("B", "request refund", { sku: 1 });
  story.act("B", "request refund", { sku: 2 });
  story.act("S", "agree refund", { sku: 1 });
  story.act("B", "cancel refund request", { sku: 2 });
  expect(story.state).toBe("HS 1:WR/PPR 2:CR/CCR");
  story.act("P", "finished refund", { sku: 1 });
  expect(story.state).toBe("FP 1:FR/PFR 2:CR/CCR");
  story.act("S", "ship the order");
});

test("a request that waits does not hold shipping when another one's refund is through", () => {
  const story = paidOrder();
  story.act("B", "request refund", { sku: 1 });
  story.act("S", "agree refund", { sku: 1 });
  story.act("B", "request refund", { sku: 2 });
  story.act("P", "finished refund", { sku: 1 });
  expect(story.state).toBe("FP 1:FR/PFR 2:WR/WSR");
  story.act("S", "ship the order");
  expect(story.state).toBe("FS 1:FR/PFR 2:FP/SCR");
});

test("a refund can be asked for again while it is being paid back, and is not done twice", () => {
  const story = oneItem();
  story.act("B", "request refund", { sku: 1 });
  story.act("S", "agree refund", { sku: 1 });
  const again = story.act("A", "ask for refund again", { sku: 1 });
  expect(effectsOf(again)).toEqual([["request_refund", 1, 1_000]]);
  story.act("P", "finished refund", { sku: 1 });
  expect(story.refuse("P", "finished refund", { sku: 1 }).reason).toBe("WRONG_STATE");
  expect(story.refuse("P", "ask for refund again", { sku: 1 }).reason).toBe("WRONG_STATE");
});

test("nobody is asked to give back nothing", () => {
  const story = beginStory(product, unborn([{ sku: 1, lineTotalMinor: 0 }]));
  story.act("B", "create order");
  story.act("P", "payment successful");
  story.act("B", "request refund", { sku: 1 });
  const agreed = story.act("S", "agree refund", { sku: 1 });
  expect(actionsOf(agreed)).toEqual([
    "agree refund",
    "nothing to refund",
    "item finished refund",
    "all items refunded",
  ]);
  expect(effectsOf(agreed)).toEqual([["restock_item", 1, undefined]]);
  expect(story.state).toBe("CT 1:FR/PFR");
});

test("what was given back otherwise is not paid any more, so the rest is all of it", () => {
  const story = beginStory(product, unborn([{ sku: 1, lineTotalMinor: 1_000 }]));
  story.act("B", "create order");
  story.act("P", "payment successful");
  story.change({ ...story.order, capturedMinor: 800 });
  story.act("B", "request refund", { sku: 1 });
  expect(story.sheet(1).amountMinor).toBe(800);
  story.act("S", "agree refund", { sku: 1 });
  const finished = story.act("P", "finished refund", { sku: 1 });
  expect(effectsOf(finished)).toContainEqual(["restock_item", 1, undefined]);
  expect(story.state).toBe("CT 1:FR/PFR");
});
