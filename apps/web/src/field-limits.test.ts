import { RegisterRequestSchema } from "@ordermesh/proto/ordermesh/identity/v1/identity_pb";
import { ActionParametersSchema } from "@ordermesh/proto/ordermesh/loms/v1/workflow_pb";
import { expect, test } from "vitest";
import { limitsOf } from "./field-limits.ts";

test("a field's limits are those of the contract", () => {
  expect(limitsOf(ActionParametersSchema, "reason")).toEqual({ maxLength: 500 });
  expect(limitsOf(RegisterRequestSchema, "password")).toEqual({ minLength: 10, maxLength: 200 });
  expect(limitsOf(RegisterRequestSchema, "username")).toEqual({});
});

test("what is no text has none", () => {
  expect(limitsOf(ActionParametersSchema, "refund_amount")).toEqual({});
});

test("a field that there is not is a fault of the page", () => {
  expect(() => limitsOf(ActionParametersSchema, "resaon")).toThrow("has no field resaon");
});
