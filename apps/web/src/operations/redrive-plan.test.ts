import { create } from "@bufbuild/protobuf";
import { DeadLetterSchema } from "@ordermesh/proto/ordermesh/operations/v1/operations_pb";
import { expect, test } from "vitest";
import { findingParts } from "./finding-parts.ts";
import { matchingLetters, redriveSteps, shortType } from "./redrive-plan.ts";

const letter = (service: string, id: string, record: object = {}) =>
  create(DeadLetterSchema, {
    service,
    record: { id: `${service}:${id}`, group: service, topic: "orders.events.v1", ...record },
  });

test("letters are sent back in one call for each consumer group, and no call takes more than it may", () => {
  const letters = [
    ...Array.from({ length: 501 }, (_, index) => letter("payments", `0-${index}`)),
    letter("notifications", "0-1"),
    letter("notifications", "0-2", { group: "notifications.table-events", topic: "tables.events.v1" }),
  ];
  const steps = redriveSteps(letters);
  expect(steps.map(({ service, group, count }) => [service, group, count])).toEqual([
    ["payments", "payments", 500],
    ["payments", "payments", 1],
    ["notifications", "notifications", 1],
    ["notifications", "notifications.table-events", 1],
  ]);
  expect(steps.flatMap(({ ids }) => ids)).toEqual(letters.map(({ record }) => record?.id));
  expect(redriveSteps([])).toEqual([]);
});

test("letters are found by service, by group, and by what is said of them", () => {
  const letters = [
    letter("payments", "0-1", { reason: "smtp: connection refused", subject: "9000" }),
    letter("notifications", "0-1", { eventType: "ordermesh.events.v1.OrderPaid", subject: "9001" }),
  ];
  const found = (filter: object) =>
    matchingLetters(letters, { service: "", group: "", text: "", ...filter }).map(({ service }) => service);
  expect(found({})).toEqual(["payments", "notifications"]);
  expect(found({ service: "payments" })).toEqual(["payments"]);
  expect(found({ group: "notifications" })).toEqual(["notifications"]);
  expect(found({ text: " REFUSED " })).toEqual(["payments"]);
  expect(found({ text: "orderpaid" })).toEqual(["notifications"]);
  expect(found({ text: "9001", service: "payments" })).toEqual([]);
  expect(shortType("ordermesh.events.v1.OrderPaid")).toBe("OrderPaid");
});

test("the orders that a finding names can be opened", () => {
  expect(findingParts("order 9000000377: captured 62.90, ledger 0.00")).toEqual([
    { text: "order " },
    { orderId: 9_000_000_377n },
    { text: ": captured 62.90, ledger 0.00" },
  ]);
  expect(findingParts("enable_extending of 1042, due 2026-01-01")).toEqual([
    { text: "enable_extending of " },
    { orderId: 1042n },
    { text: ", due 2026-01-01" },
  ]);
  expect(findingParts("line of order 5, SKU 1; holder 7")).toEqual([
    { text: "line of order " },
    { orderId: 5n },
    { text: ", SKU 1; holder " },
    { orderId: 7n },
  ]);
  expect(findingParts("SKU 1 in warehouse 220: its finished refunds are of 200, 5 of 7")).toEqual([
    { text: "SKU 1 in warehouse 220: its finished refunds are of 200, 5 of 7" },
  ]);
});
