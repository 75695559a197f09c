import { expect, test } from "vitest";
import { quarterMs, trendOf, trendQuarters } from "./stock-story.ts";

const now = { time: new Date("2026-03-14T10:00:00Z"), onHand: 10, reserved: 3 };

test("without changes, a day is as it is now", () => {
  const points = trendOf(now, []);
  expect(points).toHaveLength(trendQuarters + 1);
  expect(new Set(points.map(({ onHand, reserved }) => `${onHand}/${reserved}`))).toEqual(new Set(["10/3"]));
  expect(points.at(-1)).toEqual(now);
  expect(points[0]?.time.getTime()).toBe(now.time.getTime() - trendQuarters * quarterMs);
});

test("a change counts from the end of its quarter of an hour on", () => {
  const points = trendOf(now, [
    { quartersAgo: 0, onHand: -2, reserved: -2 },
    { quartersAgo: 2, onHand: 5, reserved: 1 },
  ]);
  expect(points.slice(-4).map(({ onHand, reserved }) => [onHand, reserved])).toEqual([
    [7, 4],
    [12, 5],
    [12, 5],
    [10, 3],
  ]);
});
