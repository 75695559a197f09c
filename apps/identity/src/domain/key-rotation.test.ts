import { describe, expect, test } from "vitest";
import { planRotation, signingKey } from "./key-rotation.ts";

const times = { rotateAfterMs: 1_000, publishAheadMs: 100, keepMs: 50 };

describe("keys", () => {
  test("the first one signs at once", () => {
    expect(planRotation([], 5, times)).toEqual({ nextSignsFromMs: 5, remove: [] });
  });

  test("the next one is published before it signs, and the former one after it did", () => {
    let keys = [{ id: "1", signsFromMs: 0 }];
    const published: string[] = [];
    for (let nowMs = 0; nowMs <= 3_200; nowMs += 10) {
      const plan = planRotation(keys, nowMs, times);
      keys = keys.filter(({ id }) => !plan.remove.includes(id));
      if (plan.nextSignsFromMs !== undefined) {
        keys.push({ id: `${Number(keys.at(-1)?.id) + 1}`, signsFromMs: plan.nextSignsFromMs });
      }
      const state = `${keys.map(({ id }) => id).join("+")} by ${signingKey(keys, nowMs)?.id}`;
      if (published.at(-1)?.startsWith(`${state} `) !== true) {
        published.push(`${state} at ${nowMs}`);
      }
    }
    expect(published).toEqual([
      "1 by 1 at 0",
      "1+2 by 1 at 900",
      "1+2 by 2 at 1000",
      "2 by 2 at 1050",
      "2+3 by 2 at 1900",
      "2+3 by 3 at 2000",
      "3 by 3 at 2050",
      "3+4 by 3 at 2900",
      "3+4 by 4 at 3000",
      "4 by 4 at 3050",
    ]);
  });

  test("after a long standstill the old key signs until the new one may", () => {
    const keys = [{ id: "1", signsFromMs: 0 }];
    expect(planRotation(keys, 90_000, times)).toEqual({ nextSignsFromMs: 90_100, remove: [] });
    expect(signingKey([...keys, { id: "2", signsFromMs: 90_100 }], 90_050)?.id).toBe("1");
  });
});
