import { expect, test } from "vitest";
import { openingHoursText, parseOpeningHours } from "./opening-hours.ts";

test("days in a row share a line, and are read again as they were", () => {
  const hours = [
    ...[1, 2, 3, 4, 5].map((weekday) => ({ weekday, opens: "08:00", closes: "22:00" })),
    { weekday: 7, opens: "09:00", closes: "01:00" },
  ];
  const text = openingHoursText(hours);
  expect(text).toBe("Mon–Fri 08:00–22:00\nSun 09:00–01:00");
  expect(parseOpeningHours(text)).toEqual(hours);
});

test("as people write it", () => {
  expect(parseOpeningHours("saturday 9:00 - 24:00\n\n")).toEqual([
    { weekday: 6, opens: "09:00", closes: "24:00" },
  ]);
  expect(parseOpeningHours("")).toEqual([]);
});

test.each(["every day", "Fri–Mon 10:00–11:00", "Xyz 10:00–11:00", "Mon 10–11"])(
  "%s cannot be read",
  (text) => {
    expect(parseOpeningHours(text)).toEqual({ unreadable: text });
  },
);
