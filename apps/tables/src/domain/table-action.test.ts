import { table } from "@ordermesh/app-loms/workflows/table";
import { expect, test } from "vitest";
import { allowedActions, tableActions } from "./table-action.ts";

const statuses = new Map([
  ["PL", "placed"],
  ["AC", "accepted"],
  ["PR", "preparing"],
  ["SV", "served"],
  ["DC", "declined"],
  ["CT", "canceled"],
]);

test("what is said to be possible is what LOMS lets be done", () => {
  const rows = table.machines.order?.rows ?? [];
  for (const { action, from, to } of Object.values(tableActions)) {
    const row = rows.find((candidate) => candidate.action === action);
    expect(row, action).toBeDefined();
    expect(row?.from.map((code) => statuses.get(code))).toEqual([...from]);
    expect(statuses.get(row?.to ?? "")).toBe(to);
  }
  const ours = new Set<string>(Object.values(tableActions).map(({ action }) => action));
  const others = rows.map(({ action }) => action).filter((action) => !ours.has(action));
  expect(others.sort()).toEqual(["create order", "end the order", "payment successful"]);
});

test("nothing can be done with an order that has ended or was served", () => {
  expect(allowedActions("accepted")).toEqual(["decline", "prepare", "serve"]);
  for (const end of ["served", "paid", "declined", "canceled"] as const) {
    expect(allowedActions(end)).toEqual([]);
  }
});
