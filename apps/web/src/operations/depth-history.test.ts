import { create } from "@bufbuild/protobuf";
import { ListBacklogsResponseSchema } from "@ordermesh/proto/ordermesh/operations/v1/operations_pb";
import { expect, test } from "vitest";
import { type DepthHistory, readingsMax, withReading } from "./depth-history.ts";

function reading(history: DepthHistory, ...found: object[]): DepthHistory {
  return withReading(history, create(ListBacklogsResponseSchema, { backlogs: found }).backlogs);
}

test("each reading is added to those of its service; who cannot be asked adds none", () => {
  const first = reading(new Map(), { service: "loms", backlog: { outbox: { depth: 3 } } });
  const second = reading(
    first,
    { service: "loms", backlog: { outbox: { depth: 128 } } },
    { service: "payments", problem: "It does not answer." },
    { service: "notifications", backlog: {} },
  );
  expect([...first]).toEqual([["loms", [3]]]);
  expect([...second]).toEqual([["loms", [3, 128]]]);
});

test("only the newest readings are kept", () => {
  let history: DepthHistory = new Map();
  for (let depth = 0; depth < readingsMax + 5; depth++) {
    history = reading(history, { service: "loms", backlog: { outbox: { depth } } });
  }
  expect(history.get("loms")).toHaveLength(readingsMax);
  expect(history.get("loms")?.at(-1)).toBe(readingsMax + 4);
});
