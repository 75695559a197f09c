import { expect, test } from "vitest";
import { guestText, parseGuest } from "./kept-guest.ts";

const guest = {
  token: "guest_abc",
  nickname: "Ana",
  guestId: 4_503_599_627_370_497n,
  sessionId: 9_007_199_254_740_993n,
  locationId: 1n,
};

test("a guest is the same after a reload, with every digit of the ids", () => {
  expect(parseGuest(guestText(guest))).toEqual(guest);
});

test.each([null, "", "null", "{}", '{"token":1}', '{"token":"t","nickname":"n","guestId":"x"}'])(
  "%s is no guest",
  (text) => {
    expect(parseGuest(text)).toBeUndefined();
  },
);
