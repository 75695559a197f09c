import { Failure } from "@ordermesh/failure/failure";
import { expect, test } from "vitest";
import { createBatcher } from "./batcher.ts";

const never = new AbortController().signal;

/** A batcher over numbers whose runs wait until they are let go. */
function gatedBatcher(options: { requestsMax?: number; weightMax?: number; queueMax?: number } = {}) {
  const batches: number[][] = [];
  const gates: (() => void)[] = [];
  const poison = new Set<number>();
  const batcher = createBatcher<number, string>({
    requestsMax: 100,
    weightMax: 1_000_000,
    queueMax: 100,
    ...options,
    weigh: (number) => number,
    sizes: { observe: () => {} },
    async run(numbers) {
      batches.push([...numbers]);
      await new Promise<void>((resolve) => gates.push(resolve));
      if (numbers.some((number) => poison.has(number))) {
        throw new Error("poison");
      }
      return numbers.map((number) => `done ${number}`);
    },
  });
  return { batcher, batches, gates, poison };
}

async function letGo(gates: (() => void)[]): Promise<void> {
  await expect.poll(() => gates.length).toBeGreaterThan(0);
  gates.shift()?.();
}

test("a lone call leaves at once; those that come meanwhile leave together", async () => {
  const { batcher, batches, gates } = gatedBatcher();
  const first = batcher.submit(1, never);
  await expect.poll(() => batches.length).toBe(1);
  const others = [2, 3, 4].map((number) => batcher.submit(number, never));
  await letGo(gates);
  await letGo(gates);
  expect(await Promise.all([first, ...others])).toEqual(["done 1", "done 2", "done 3", "done 4"]);
  expect(batches).toEqual([[1], [2, 3, 4]]);
});

test("a batch is bounded by count and by weight, and one that is too heavy alone still goes", async () => {
  const { batcher, batches, gates } = gatedBatcher({ requestsMax: 2, weightMax: 10 });
  const all = [1, 1, 1, 9, 50].map((number) => batcher.submit(number, never));
  for (let batch = 0; batch < 3; batch += 1) {
    await letGo(gates);
  }
  await Promise.all(all);
  expect(batches).toEqual([[1, 1], [1, 9], [50]]);
});

test("one poison request does not fail its neighbours", async () => {
  const { batcher, gates, poison } = gatedBatcher();
  poison.add(2);
  const all = [1, 2, 3].map((number) => batcher.submit(number, never));
  const settled = Promise.allSettled(all);
  for (let run = 0; run < 4; run += 1) {
    await letGo(gates);
  }
  expect((await settled).map((result) => result.status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
});

test("a database that is away fails the batch once, not request by request", async () => {
  let runs = 0;
  const batcher = createBatcher<number, string>({
    requestsMax: 10,
    weightMax: 10,
    queueMax: 10,
    weigh: () => 1,
    sizes: { observe: () => {} },
    async run() {
      runs += 1;
      throw new Failure("unavailable", "away", { reason: "DATABASE_UNAVAILABLE" });
    },
  });
  const settled = await Promise.allSettled([1, 2, 3].map((number) => batcher.submit(number, never)));
  expect(settled.map((result) => result.status)).toEqual(["rejected", "rejected", "rejected"]);
  expect(runs).toBe(1);
});

test("a full queue refuses, and a caller that has gone is dropped before its batch", async () => {
  const { batcher, batches, gates } = gatedBatcher({ queueMax: 2 });
  const first = batcher.submit(1, never);
  await expect.poll(() => batches.length).toBe(1);
  const caller = new AbortController();
  const gone = batcher.submit(2, caller.signal);
  const waiting = batcher.submit(3, never);
  await expect(batcher.submit(4, never)).rejects.toMatchObject({
    kind: "resource_exhausted",
    reason: "QUEUE_FULL",
  });
  caller.abort();
  await letGo(gates);
  await expect(gone).rejects.toMatchObject({ kind: "deadline_exceeded" });
  await letGo(gates);
  expect(await Promise.all([first, waiting])).toEqual(["done 1", "done 3"]);
  expect(batches).toEqual([[1], [3]]);
});

test("draining finishes what is queued and takes nothing more", async () => {
  const { batcher, gates } = gatedBatcher();
  const first = batcher.submit(1, never);
  const drained = batcher.drain();
  await expect(batcher.submit(2, never)).rejects.toMatchObject({ kind: "unavailable" });
  await letGo(gates);
  await drained;
  expect(await first).toBe("done 1");
});
