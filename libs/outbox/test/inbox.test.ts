import { kafkaBrokers } from "@ordermesh/testkit/infrastructure";
import { afterAll, beforeAll, expect, test } from "vitest";
import { claimEvents } from "../src/inbox.ts";
import { createOutboxHarness, type OutboxHarness } from "./outbox-harness.ts";

let harness: OutboxHarness;
beforeAll(async () => {
  harness = await createOutboxHarness(kafkaBrokers());
});
afterAll(() => harness.close());

const claim = (group: string, ids: readonly string[]) =>
  harness.database.transaction((tx) => claimEvents(tx, group, ids));

test("an event is claimed once for each group, also when a call repeats it", async () => {
  expect(await claim("a", ["1", "2", "2"])).toEqual(new Set(["1", "2"]));
  expect(await claim("a", ["2", "3"])).toEqual(new Set(["3"]));
  expect(await claim("b", ["2"])).toEqual(new Set(["2"]));
  expect(await claim("a", [])).toEqual(new Set());
});

test("any text is an id", async () => {
  const ids = ["{}", 'a"b', "c\\d", "e,f", "null", "NULL", "'; drop table inbox; --", "ä €"];
  expect(await claim("odd", ids)).toEqual(new Set(ids));
  expect(await claim("odd", ids)).toEqual(new Set());
});

test("a claim is undone with its transaction", async () => {
  const failing = harness.database.transaction(async (tx) => {
    await claimEvents(tx, "undone", ["1"]);
    throw new Error("The effect failed.");
  });
  await expect(failing).rejects.toThrow("The effect failed.");
  expect(await claim("undone", ["1"])).toEqual(new Set(["1"]));
});

test("of transactions that claim the same events at the same time, one gets each", async () => {
  const ids = Array.from({ length: 200 }, (_, index) => `${index}`);
  const claims = await Promise.all(
    Array.from({ length: 8 }, (_, member) => claim("race", member % 2 === 0 ? ids : ids.toReversed())),
  );
  expect(claims.flatMap((claimed) => [...claimed]).sort()).toEqual([...ids].sort());
});
