import { expect, test } from "vitest";
import { beginStory, type Story, unborn } from "../../test/order-story.ts";
import { product } from "./product.ts";

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

const effectsOf = (applied: ReturnType<Story["act"]>) =>
  applied.moves.flatMap(({ effects }) =>
    effects.map(({ effect, sku, amountMinor }) => [effect, sku, amountMinor]),
  );
const runs = (story: Story) =>
  story.timers.map(({ timer, isHeld }) => `${timer}${isHeld ? " held" : ""}`).sort();

test("refund after shipping, canceled", () => {
  const story = shippedOrder();
  story.act("B", "request refund", { sku: 1 });
  expect(story.state).toBe("FS 1:WR/WSR 2:FP");
  story.act("B", "cancel refund request", { sku: 1 });
  expect(story.state).toBe("FS 1:CR/CCR 2:FP");
  story.act("B", "confirm reception of order");
  expect(story.state).toBe("ST 1:CR/CCR 2:FP");
});

test("refund after shipping, agreed: the money goes back, the goods stay", () => {
  const story = shippedOrder();
  story.act("B", "request refund", { sku: 1, amountMinor: 1_000 });
  expect(effectsOf(story.act("S", "agree refund", { sku: 1 }))).toEqual([["request_refund", 1, 1_000]]);
  // Shipping is over: nothing is held.
  expect(story.state).toBe("FS 1:WR/PPR 2:FP");
  expect(effectsOf(story.act("P", "finished refund", { sku: 1 }))).toEqual([["record_refund", 1, 1_000]]);
  expect(story.state).toBe("FS 1:FR/PFR 2:FP");
});

test("refund after shipping with return: the goods come back, then the money goes back, then they are restocked", () => {
  const story = shippedOrder();
  story.act("B", "request refund with return", { sku: 1 });
  expect(effectsOf(story.act("S", "agree refund", { sku: 1 }))).toEqual([]);
  expect(story.sheet(1).state).toBe("WBS");
  expect(effectsOf(story.act("B", "ship back", { sku: 1 }))).toEqual([
    ["store_return_shipment", 1, undefined],
  ]);
  expect(effectsOf(story.act("S", "agree refund", { sku: 1 }))).toEqual([["request_refund", 1, 1_000]]);
  expect(effectsOf(story.act("P", "finished refund", { sku: 1 }))).toEqual([
    ["record_refund", 1, 1_000],
    ["restock_item", 1, undefined],
  ]);
  expect(story.state).toBe("FS 1:FR/PFR 2:FP");
});

test("refund after shipping, one of several: the others go on, and all of them end the order", () => {
  const story = shippedOrder();
  story.act("B", "request refund", { sku: 1 });
  story.act("S", "agree refund", { sku: 1 });
  story.act("P", "finished refund", { sku: 1 });
  story.act("B", "confirm reception of order");
  expect(story.state).toBe("ST 1:FR/PFR 2:FP");
  story.act("B", "request refund with return", { sku: 2 });
  story.act("S", "agree refund", { sku: 2 });
  story.act("B", "ship back", { sku: 2 });
  story.fire("seller_no_response", 2);
  expect(story.sheet(2).state).toBe("PPR");
  const finished = story.act("P", "finished refund", { sku: 2 });
  expect(story.state).toBe("CT 1:FR/PFR 2:FR/PFR");
  expect(finished.moves.at(-1)).toMatchObject({ action: "all items refunded", reason: "refunded" });
});

test("refund after shipping, disagreed, then canceled", () => {
  const story = shippedOrder();
  story.act("B", "request refund", { sku: 1 });
  story.act("S", "reject refund", { sku: 1 });
  expect(story.sheet(1).state).toBe("SRR");
  story.act("B", "cancel refund request", { sku: 1 });
  expect(story.state).toBe("FS 1:CR/CCR 2:FP");
});

test("a rejected request can be changed, to another kind and amount, and the seller's time begins anew", () => {
  const story = shippedOrder();
  story.act("B", "request refund", { sku: 1 });
  const first = story.timers.find(({ timer }) => timer === "seller_no_response");
  story.act("S", "reject refund", { sku: 1 });
  expect(runs(story)).toEqual(["auto_ack_shipping", "buyer_no_response", "enable_extending"]);
  const changed = story.act("B", "change refund request", {
    sku: 1,
    amountMinor: 400,
    refundKind: "with_return",
  });
  expect(story.sheet(1)).toMatchObject({ number: 1, kind: "with_return", state: "WSR", amountMinor: 400 });
  expect(changed.moves[0]?.steps).toEqual([{ machine: "with_return", from: "SRR", to: "WSR" }]);
  const second = story.timers.find(({ timer }) => timer === "seller_no_response");
  expect(second?.step).toBeGreaterThan(first?.step ?? Number.POSITIVE_INFINITY);
  story.fire("seller_no_response", 1);
  expect(story.sheet(1).state).toBe("CSI");
});

test("customer service forces or rejects, and an administrator may do it too", () => {
  for (const role of ["P", "A"] as const) {
    const forced = shippedOrder();
    forced.act("B", "request refund", { sku: 1 });
    forced.fire("seller_no_response", 1);
    expect(forced.allowed(role)).toContain("force refund 1");
    forced.act(role, "force refund", { sku: 1 });
    expect(forced.sheet(1).state).toBe("PPR");

    const rejected = shippedOrder();
    rejected.act("B", "request refund", { sku: 1 });
    rejected.act("S", "reject refund", { sku: 1 });
    rejected.act("B", "request customer service involvement", { sku: 1 });
    rejected.act(role, "reject refund", { sku: 1 });
    expect(rejected.state).toBe("FS 1:CR/PCR 2:FP");
  }
});

test("who has shipped goods back and is not refunded gets them again", () => {
  const story = shippedOrder();
  story.act("B", "request refund with return", { sku: 1 });
  story.act("S", "agree refund", { sku: 1 });
  story.act("B", "ship back", { sku: 1 });
  story.act("S", "reject refund", { sku: 1 });
  expect(effectsOf(story.act("P", "reject refund", { sku: 1 }))).toEqual([["send_goods_back", 1, undefined]]);
  expect(story.state).toBe("FS 1:CR/PCR 2:FP");
});

test("a buyer who does not answer, or does not ship back, has withdrawn", () => {
  const rejected = shippedOrder();
  rejected.act("B", "request refund", { sku: 1 });
  rejected.act("S", "reject refund", { sku: 1 });
  rejected.fire("buyer_no_response", 1);
  expect(rejected.state).toBe("FS 1:CR/CCR 2:FP");

  const agreed = shippedOrder();
  agreed.act("B", "request refund with return", { sku: 1 });
  agreed.act("S", "agree refund", { sku: 1 });
  agreed.fire("buyer_no_response", 1);
  expect(agreed.state).toBe("FS 1:CR/CCR 2:FP");
});

test("an order of which a part of the money went back is not canceled", () => {
  const story = shippedOrder();
  for (const sku of [1, 2]) {
    story.act("B", "request refund", { sku, amountMinor: 100 });
    story.act("S", "agree refund", { sku });
    story.act("P", "finished refund", { sku });
  }
  expect(story.state).toBe("FS 1:FR/PFR 2:FR/PFR");
  story.act("B", "confirm reception of order");
  expect(story.state).toBe("WA 1:FR/PFR 2:FR/PFR");
});

test("after the settlement nothing is refunded any more", () => {
  const story = shippedOrder();
  story.act("B", "confirm reception of order");
  story.fire("no_refund_request");
  const refusal = story.refuse("B", "request refund", { sku: 1 });
  expect(refusal).toMatchObject({ reason: "WRONG_STATE", machine: "item", state: "FP" });
});
