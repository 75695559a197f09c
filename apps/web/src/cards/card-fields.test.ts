import { expect, test } from "vitest";
import { cardOf } from "./card-fields.tsx";

test("a card's month and year are read as people write them", () => {
  for (const expiry of ["04/30", "4/30", "0430", " 04 / 2030 ", "04/2030"]) {
    expect(cardOf({ number: "4242 4242", expiry, code: "123" }), expiry).toMatchObject({
      expiryMonth: 4,
      expiryYear: 2030,
    });
  }
});

test("what is no month and year is left to the service to refuse", () => {
  expect(cardOf({ expiry: "soon" })).toEqual({ number: "", expiryMonth: 0, expiryYear: 2000, code: "" });
});
