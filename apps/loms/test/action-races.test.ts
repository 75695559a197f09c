import { pause } from "@ordermesh/process/wait";
import { seededRandom } from "@ordermesh/testkit/seeded-random";
import { byLength } from "@ordermesh/testkit/test-length";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type LomsHarness, startLomsHarness } from "./loms-harness.ts";
import { type OrderWalk, walkOrders } from "./order-walk.ts";
import { expectTablesAgree } from "./tables-agree.ts";

/* Two people at the same order at the same time, each at a replica of their own. Each test fails if one of its outcomes never came. */

let harness: LomsHarness;
/** Another replica on the same database. */
let other: LomsHarness;
let walk: OrderWalk;
let walkThere: OrderWalk;
/** FAULTS_ROUNDS asks for any other number. */
const rounds = Number(process.env.FAULTS_ROUNDS ?? byLength({ short: 20, whole: 60, long: 2_000 }));
const timeout = 60_000 + rounds * 200;
const random = seededRandom("action races");

beforeAll(async () => {
  harness = await startLomsHarness();
  other = await startLomsHarness({}, harness.database);
  walk = walkOrders(harness.orders);
  walkThere = walkOrders(other.orders);
});

afterAll(async () => {
  expect(await expectTablesAgree(harness.database.url)).toBeGreaterThanOrEqual(4 * rounds);
  await other.stop();
  await harness.stop();
});

/**
 * Both calls at once, in a random order and up to some milliseconds apart, so that either may be the first.
 *
 * @returns whether each succeeded.
 */
async function atOnce(
  first: () => Promise<unknown>,
  second: () => Promise<unknown>,
): Promise<[boolean, boolean]> {
  const swap = random.integer(0, 1) === 1;
  const [early, late] = swap ? [second, first] : [first, second];
  const begun = early();
  const calls = [begun, pause(random.integer(0, 6)).then(late)];
  const settled = (await Promise.allSettled(calls)).map(({ status }) => status === "fulfilled");
  const [one = false, two = false] = swap ? settled.reverse() : settled;
  return [one, two];
}

function report(
  name: string,
  done: number,
  seen: ReadonlyMap<string, number>,
  wanted: readonly string[],
): void {
  process.stdout.write(
    `${name}: seed ${random.seed}, ${done} rounds, ${JSON.stringify(Object.fromEntries(seen))}\n`,
  );
  expect([...seen.keys()].sort()).toEqual([...wanted].sort());
}

/** On a machine that is busy one of two may be the first each time: some more rounds are played until both have been. */
const roundsMax = 10 * rounds;

async function inRounds(
  name: string,
  wanted: readonly string[],
  round: () => Promise<string>,
): Promise<void> {
  const seen = new Map<string, number>();
  let done = 0;
  while (done < rounds || (done < roundsMax && wanted.some((outcome) => !seen.has(outcome)))) {
    const outcomes = await Promise.all(Array.from({ length: 10 }, round));
    for (const outcome of outcomes) {
      seen.set(outcome, (seen.get(outcome) ?? 0) + 1);
    }
    done += outcomes.length;
  }
  report(name, done, seen, wanted);
}

test("a refund is agreed while the goods are shipped: never both", { timeout }, async () => {
  await inRounds("refund against shipping", ["held", "shipped"], async () => {
    const [sku = 0] = await walk.stock(5);
    const orderId = await walk.placePaid([sku]);
    await walk.act(orderId, "B", "request refund", { itemSku: sku });
    const [agreed, shipped] = await atOnce(
      () => walk.act(orderId, "S", "agree refund", { itemSku: sku }),
      () => walkThere.act(orderId, "S", "ship the order"),
    );
    expect([agreed, shipped].filter(Boolean)).toHaveLength(1);
    expect(await walk.codes(orderId, sku)).toBe(agreed ? "HS/WR/PPR" : "FS/FP/SCR");
    return agreed ? "held" : "shipped";
  });
});

test("a refund is requested while the goods are shipped: it is overtaken, or one of shipped goods", {
  timeout,
}, async () => {
  await inRounds("request against shipping", ["FS/FP/SCR", "FS/WR/WSR"], async () => {
    const [sku = 0] = await walk.stock(5);
    const orderId = await walk.placePaid([sku]);
    const both = await atOnce(
      () => walk.act(orderId, "B", "request refund", { itemSku: sku }),
      () => walkThere.act(orderId, "S", "ship the order"),
    );
    expect(both).toEqual([true, true]);
    return await walk.codes(orderId, sku);
  });
});

test("two sellers decide the same refund: the first one does", { timeout }, async () => {
  await inRounds("two sellers at once", ["agreed", "rejected"], async () => {
    const [sku = 0] = await walk.stock(5);
    const orderId = await walk.placePaid([sku]);
    await walk.act(orderId, "S", "ship the order");
    await walk.act(orderId, "B", "request refund", { itemSku: sku });
    const [agreed, rejected] = await atOnce(
      () => walk.act(orderId, "S", "agree refund", { itemSku: sku }),
      () => walkThere.act(orderId, "S", "reject refund", { itemSku: sku }),
    );
    expect([agreed, rejected].filter(Boolean)).toHaveLength(1);
    expect(await walk.codes(orderId, sku)).toBe(agreed ? "FS/WR/PPR" : "FS/WR/SRR");
    return agreed ? "agreed" : "rejected";
  });
});

test("the same refund is finished twice, and asked for twice: the money goes back once", {
  timeout,
}, async () => {
  await inRounds("double refund", ["once"], async () => {
    const [sku = 0] = await walk.stock(5);
    const orderId = await walk.placePaid([sku]);
    const requested = await atOnce(
      () => walk.act(orderId, "B", "request refund", { itemSku: sku }),
      () => walkThere.act(orderId, "B", "request refund", { itemSku: sku }),
    );
    await walk.act(orderId, "S", "agree refund", { itemSku: sku });
    const finished = await atOnce(
      () => walk.act(orderId, "P", "finished refund", { itemSku: sku }),
      () => walkThere.act(orderId, "P", "finished refund", { itemSku: sku }),
    );
    const { order } = await harness.orders.getOrder({ orderId });
    expect(order?.refunded?.amountMinor).toBe(2_000n);
    expect(order?.items[0]?.refunds).toHaveLength(1);
    expect(await walk.onHand(sku)).toBe(5);
    const times = [requested, finished].map((both) => both.filter(Boolean).length);
    return times.every((count) => count === 1) ? "once" : `${times}`;
  });
});

test("an order is paid while it is canceled: paid and sold, or canceled and free", { timeout }, async () => {
  await inRounds("pay against cancel", ["paid", "canceled"], async () => {
    const [sku = 0] = await walk.stock(5);
    const orderId = await walk.place([sku]);
    const [paid, canceled] = await atOnce(
      () => walk.act(orderId, "P", "payment successful"),
      () => walkThere.act(orderId, "B", "cancel order"),
    );
    expect([paid, canceled].filter(Boolean)).toHaveLength(1);
    expect(await walk.onHand(sku)).toBe(paid ? 3 : 5);
    return paid ? "paid" : "canceled";
  });
});
