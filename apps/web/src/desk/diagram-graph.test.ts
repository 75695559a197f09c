import { create } from "@bufbuild/protobuf";
import { HistoryEntrySchema, WorkflowMachineSchema } from "@ordermesh/proto/ordermesh/loms/v1/workflow_pb";
import { expect, test } from "vitest";
import { graphOf, itemWay, wayOf } from "./diagram-graph.ts";

const machine = create(WorkflowMachineSchema, {
  name: "order",
  states: [
    { code: "WP", name: "awaiting payment" },
    { code: "FP", name: "paid" },
    { code: "CT", name: "canceled", final: true },
    { code: "FS", name: "shipped" },
  ],
  rows: [
    { role: "B", action: "create order", fromCodes: [""], toCode: "WP" },
    { role: "B", action: "make payment", fromCodes: ["WP"], toCode: "WP" },
    { role: "B", action: "cancel order", fromCodes: ["WP"], toCode: "CT" },
    { role: "P", action: "no payment", fromCodes: ["WP"], toCode: "CT" },
    { role: "P", action: "payment successful", fromCodes: ["WP"], toCode: "FP" },
    { role: "S", action: "ship the order", fromCodes: ["FP"], toCode: "FS" },
  ],
});

test("the way counts a state as often as it was reached, and not each step within it", () => {
  const entries = ["", "WP", "WP", "FP", "HS", "FP"].map((stateCode, index) =>
    create(HistoryEntrySchema, { version: index + 1, stateCode }),
  );
  expect(wayOf(entries, "order")).toEqual(["", "WP", "FP", "HS", "FP"]);
  const refund = [
    create(HistoryEntrySchema, {
      stateCode: "FP",
      itemSku: 5,
      itemCode: "WR",
      refundCode: "WSR",
      refundId: 9n,
    }),
    create(HistoryEntrySchema, {
      stateCode: "FP",
      itemSku: 5,
      itemCode: "WR",
      refundCode: "PPR",
      refundId: 9n,
    }),
    create(HistoryEntrySchema, {
      stateCode: "FP",
      itemSku: 6,
      itemCode: "WR",
      refundCode: "WSR",
      refundId: 8n,
    }),
  ];
  expect(wayOf(refund, "with_return", 9n)).toEqual(["", "WSR", "PPR"]);
  expect(itemWay(refund, 5)).toEqual(["", "WR"]);
});

test("the way is numbered, what may come next is possible, and the rest is there if asked for", () => {
  const short = graphOf(machine, ["", "WP"], false);
  expect(short.nodes.map(({ code, look }) => [code, look])).toEqual([
    ["", "taken"],
    ["WP", "current"],
    ["CT", "possible"],
    ["FP", "possible"],
  ]);
  expect(short.edges.map(({ from, to, look, numbers }) => [from, to, look, numbers])).toEqual([
    ["", "WP", "taken", [1]],
    ["WP", "CT", "possible", []],
    ["WP", "FP", "possible", []],
  ]);
  expect(short.edges[1]?.actions).toEqual(["cancel order", "no payment"]);
  expect(short.nodes[1]?.loops).toEqual(["make payment"]);
  const whole = graphOf(machine, ["", "WP"], true);
  expect(whole.nodes.map(({ code }) => code).sort()).toEqual(["", "CT", "FP", "FS", "WP"]);
});

test("a step that the definition does not know is a part of the way", () => {
  const { edges } = graphOf(machine, ["", "WP", "XX"], false);
  expect(edges.find(({ to }) => to === "XX")).toMatchObject({ look: "taken", numbers: [2], actions: [] });
});
