import { expect, test } from "vitest";
import { emptySeatCookie, type HeldSeat, readSeats, seatCookie } from "./seat-cookies.ts";

const seat = (id: string, usedAtSeconds: number): HeldSeat => ({
  id,
  username: "Ada.L-ove_lace",
  usedAtSeconds,
  refreshToken: `${"x".repeat(42)}_`,
});

test("what was written is read, the seat that was used last first", () => {
  const seats = [seat("a".repeat(12), 1_800_000_000), seat("B-_9".repeat(10), 1_900_000_000)];
  const header = seats.map((one) => seatCookie(one, true).split(";", 1)[0]).join("; ");
  expect(readSeats(`theme=dark; ${header}; other=1.2.3`)).toEqual([seats[1], seats[0]]);
});

test("a cookie is for one path, and for no script and no other site", () => {
  const attributes = ["Path=/auth/seat", "HttpOnly", "SameSite=Strict"];
  const written = seatCookie(seat("a".repeat(12), 1), false).split("; ");
  expect(written).toEqual(expect.arrayContaining(attributes));
  expect(written).not.toContain("Secure");
  expect(seatCookie(seat("a".repeat(12), 1), true).split("; ")).toContain("Secure");
  expect(emptySeatCookie("a".repeat(12), true).split("; ")).toEqual(
    expect.arrayContaining([`ordermesh-seat-${"a".repeat(12)}=`, "Max-Age=0", ...attributes]),
  );
});

test.each([
  undefined,
  "",
  "=",
  ";;;",
  "ordermesh-seat-short=1.a.YQ.token",
  `ordermesh-seat-${"a".repeat(41)}=1.a.YQ.token`,
  `ordermesh-seat-${"a".repeat(12)}=`,
  `ordermesh-seat-${"a".repeat(12)}=token`,
  `ordermesh-seat-${"a".repeat(12)}=2.a.YQ.token`,
  `ordermesh-seat-${"a".repeat(12)}=1.a.YQ.to ken`,
  `ordermesh-seat-${"a".repeat(12)}=1.a.YQ.${"t".repeat(201)}`,
  `__proto__=1.a.YQ.token`,
])("%s holds no seat", (header) => {
  expect(readSeats(header)).toEqual([]);
});
