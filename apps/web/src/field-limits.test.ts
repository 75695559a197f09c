import { RegisterRequestSchema } from "@ordermesh/proto/ordermesh/identity/v1/identity_pb";
import { ReceiveStockRequestSchema } from "@ordermesh/proto/ordermesh/loms/v1/loms_pb";
import { ApplyActionRequestSchema } from "@ordermesh/proto/ordermesh/loms/v1/workflow_pb";
import { CreatePaymentMethodRequestSchema } from "@ordermesh/proto/ordermesh/payments/v1/payments_pb";
import { LocationSchema, MenuItemSchema } from "@ordermesh/proto/ordermesh/tables/v1/location_pb";
import { expect, test } from "vitest";
import { amountLimits, limitsOf } from "./field-limits.ts";

test("a text's limits are those of the contract, also of a text within", () => {
  expect(limitsOf(ApplyActionRequestSchema, "parameters.reason")).toEqual({ maxLength: 500 });
  expect(limitsOf(RegisterRequestSchema, "password")).toEqual({
    isRequired: true,
    minLength: 10,
    maxLength: 200,
  });
  expect(limitsOf(CreatePaymentMethodRequestSchema, "card.code")).toEqual({
    isRequired: true,
    minLength: 3,
    maxLength: 4,
  });
});

test("a pattern tells how long a text is, if it tells nothing else", () => {
  expect(limitsOf(RegisterRequestSchema, "username")).toEqual({
    isRequired: true,
    minLength: 3,
    maxLength: 64,
  });
  expect(limitsOf(ApplyActionRequestSchema, "parameters.shipping_address.country_code")).toMatchObject({
    maxLength: 2,
  });
  // It may be empty.
  expect(limitsOf(LocationSchema, "currency_code")).toEqual({});
});

test("a number has as many digits as the greatest one", () => {
  expect(limitsOf(ReceiveStockRequestSchema, "receipts.quantity")).toEqual({
    isRequired: true,
    maxLength: 7,
  });
  expect(limitsOf(ReceiveStockRequestSchema, "receipts.sku")).toEqual({ isRequired: true, maxLength: 10 });
  expect(limitsOf(ReceiveStockRequestSchema, "receipts.warehouse_id")).toEqual({
    isRequired: true,
    maxLength: 19,
  });
  expect(limitsOf(ApplyActionRequestSchema, "item_sku")).toEqual({ maxLength: 10 });
  expect(amountLimits()).toEqual({ maxLength: 17 });
});

test("what must be there is required, and several values have room for all of them", () => {
  expect(limitsOf(MenuItemSchema, "price")).toEqual({ isRequired: true });
  expect(limitsOf(MenuItemSchema, "additives")).toEqual({ maxLength: 50 * 52 });
  expect(limitsOf(ApplyActionRequestSchema, "parameters.shipping_address.lines")).toEqual({
    isRequired: true,
    maxLength: 5 * 202,
  });
});

test("a field that there is not is a fault of the page", () => {
  expect(() => limitsOf(ApplyActionRequestSchema, "parameters.resaon")).toThrow("has no field resaon");
  expect(() => limitsOf(ApplyActionRequestSchema, "action.name")).toThrow("has nothing below action");
});
