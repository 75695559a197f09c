import { create } from "@bufbuild/protobuf";
import { OrderSchema, RefundKind } from "@ordermesh/proto/ordermesh/loms/v1/order_pb";
import {
  ListAllowedActionsResponseSchema,
  WorkflowCause,
  WorkflowSchema,
} from "@ordermesh/proto/ordermesh/loms/v1/workflow_pb";
import { expect, test } from "vitest";
import { roleBox, rowsOfSlug, slugOf } from "./role-boxes.ts";

const workflow = create(WorkflowSchema, {
  name: "product",
  machines: [
    {
      name: "order",
      states: [
        { code: "FP", name: "paid" },
        { code: "FS", name: "shipped" },
      ],
      rows: [
        { role: "B", action: "create order", fromCodes: [""], toCode: "WP", cause: WorkflowCause.REQUEST },
        {
          role: "S",
          action: "ship the order",
          fromCodes: ["FP"],
          toCode: "FS",
          cause: WorkflowCause.REQUEST,
        },
        {
          role: "S",
          action: "extend auto acking reception of order",
          fromCodes: ["FS"],
          toCode: "FS",
          guards: ["seller_may_extend"],
          cause: WorkflowCause.REQUEST,
        },
        { role: "P", action: "processing refund", fromCodes: ["FP"], toCode: "HS", internal: true },
        { role: "P", action: "auto ack", fromCodes: ["FS"], toCode: "ST", cause: WorkflowCause.TIME },
      ],
    },
    { name: "item", rows: [{ role: "B", action: "request refund", fromCodes: ["FP"], toCode: "WR" }] },
    {
      name: "pre_shipping",
      states: [{ code: "WSR", name: "waiting" }],
      rows: [{ role: "S", action: "agree refund", fromCodes: ["WSR"], toCode: "PPR" }],
    },
  ],
});

const order = create(OrderSchema, {
  stateCode: "FP",
  items: [
    { sku: 5, stateCode: "WR", refunds: [{ kind: RefundKind.PRE_SHIPPING, stateCode: "WSR" }] },
    { sku: 6, stateCode: "FP" },
  ],
});

const allowed = create(ListAllowedActionsResponseSchema, {
  roles: [
    { role: "S", actions: ["ship the order"], items: [{ itemSku: 5, actions: ["agree refund"] }] },
    { role: "P", actions: [], items: [] },
  ],
});

test("what the service allows is possible, and the rest says when it would be", () => {
  const box = roleBox("S", order, workflow, allowed);
  expect(box.possible.map(({ action, itemSku }) => [action, itemSku])).toEqual([
    ["ship the order", 0],
    ["agree refund", 5],
  ]);
  expect(box.refused).toMatchObject([
    { action: "extend auto acking reception of order", itemSku: 0, hint: "only when shipped" },
  ]);
});

test("in the right state, it is the condition that is missing", () => {
  const shipped = create(OrderSchema, { ...order, stateCode: "FS" });
  const box = roleBox("S", shipped, workflow, allowed);
  expect(box.refused.map(({ hint }) => hint)).toContain("only if seller may extend");
});

test("what follows by itself is never offered, and what the clock does is marked", () => {
  const box = roleBox("P", order, workflow, allowed);
  expect(box.possible).toEqual([]);
  expect(box.refused).toMatchObject([{ action: "auto ack", cause: WorkflowCause.TIME }]);
});

test("of a role that the service does not tell, the workflow is asked", () => {
  const box = roleBox("B", order, workflow, allowed);
  expect(box.isKnown).toBe(false);
  expect(box.possible).toMatchObject([{ action: "request refund", itemSku: 6 }]);
  expect(box.refused).toMatchObject([{ action: "request refund", itemSku: 5 }]);
});

test("an action has a name that fits an address", () => {
  expect(slugOf("ship the order")).toBe("ship-the-order");
  expect(rowsOfSlug(workflow, "ship-the-order")).toHaveLength(1);
  expect(rowsOfSlug(undefined, "ship-the-order")).toEqual([]);
});
