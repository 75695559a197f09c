import { Code, ConnectError } from "@connectrpc/connect";
import { ErrorInfoSchema, PreconditionFailureSchema } from "@ordermesh/proto/google/rpc/error_details_pb";
import { expect, test } from "vitest";
import { shortagesOf } from "./shortages.ts";

test("a shortage names what is left of each product", () => {
  const error = new ConnectError("Stock is short.", Code.FailedPrecondition, undefined, [
    { desc: ErrorInfoSchema, value: { reason: "INSUFFICIENT_STOCK" } },
    {
      desc: PreconditionFailureSchema,
      value: {
        violations: [
          { subject: "sku/1076963", description: "5 requested, 3 available" },
          { subject: "sku/7", description: "1 requested, 0 available" },
        ],
      },
    },
  ]);
  expect([...shortagesOf(error)]).toEqual([
    [1076963, 3],
    [7, 0],
  ]);
});

test("any other failure is none", () => {
  expect(shortagesOf(new Error("no")).size).toBe(0);
});
