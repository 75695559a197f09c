import { pause } from "@ordermesh/process/wait";
import { OrderStatus } from "@ordermesh/proto/ordermesh/loms/v1/order_pb";
import { VoucherCodeState } from "@ordermesh/proto/ordermesh/loms/v1/voucher_pb";
import { eventually } from "@ordermesh/testkit/eventually";
import { seededRandom } from "@ordermesh/testkit/seeded-random";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openVoucherShop, type VoucherShop } from "./voucher-orders.ts";

/* A code is good once, and never while its money goes back: whoever comes at the same time. */

const random = seededRandom("voucher races");

let shop: VoucherShop;
beforeAll(async () => {
  shop = await openVoucherShop({ timersEveryMs: 10 });
});
afterAll(() => shop.stop());

const validated = "Validated Successfully!";

/** Two things at the same time; which one is a little earlier is left to chance. */
async function race<One, Other>(one: () => Promise<One>, other: () => Promise<Other>) {
  const leadMs = random.integer(-3, 10);
  return await Promise.all([
    pause(Math.max(0, -leadMs)).then(one),
    pause(Math.max(0, leadMs)).then(() =>
      other().then(
        () => true,
        () => false,
      ),
    ),
  ]);
}

/** What is being given back for an order, or was, in minor units; undefined if nothing was asked for. */
async function refundOf(orderId: bigint): Promise<bigint | undefined> {
  const refunds = (await shop.order(orderId)).items[0]!.refunds;
  expect(refunds.length).toBeLessThanOrEqual(1);
  return refunds[0]?.amount?.amountMinor;
}

async function countOf(orderId: bigint, state: VoucherCodeState): Promise<number> {
  return (await shop.voucher(orderId)).codes.filter((code) => code.state === state).length;
}

test("one code at several counters at once is good at one of them", async () => {
  const rounds = 40;
  for (let round = 0; round < rounds; round += 1) {
    const orderId = await shop.buy({ serviceTimes: 2 });
    const [code] = await shop.codes(orderId);
    const messages = await Promise.all(Array.from({ length: 4 }, () => shop.show(code!)));
    expect(messages.sort()).toEqual([...Array(3).fill("Already used!"), validated]);
    expect(await countOf(orderId, VoucherCodeState.USED)).toBe(1);
  }
});

test("all codes of an order at once: each is good once, and the order is completed once", async () => {
  const rounds = 15;
  for (let round = 0; round < rounds; round += 1) {
    const orderId = await shop.buy({ serviceTimes: 8 });
    const codes = await shop.codes(orderId);
    const messages = await Promise.all([...codes, ...codes].map((code) => shop.show(code)));
    expect(messages.filter((message) => message === validated)).toHaveLength(8);
    expect((await shop.order(orderId)).status).toBe(OrderStatus.COMPLETED);
    expect(await shop.actions(orderId)).toEqual(["payment successful", "all used"]);
  }
});

test("a code against the request of a refund: used and not paid back, or paid back and dead", async () => {
  const seen = { used: 0, dead: 0 };
  for (let round = 0; round < 80; round += 1) {
    const orderId = await shop.buy({ serviceTimes: 3 });
    const [code] = await shop.codes(orderId);
    const [message, isRequested] = await race(
      () => shop.show(code!),
      () => shop.act(orderId, "B", "request refund"),
    );
    expect(isRequested).toBe(true);
    const isUsed = message === validated;
    expect(message).toBe(isUsed ? validated : "Already refunded!");
    expect(await countOf(orderId, VoucherCodeState.USED)).toBe(isUsed ? 1 : 0);
    expect(await refundOf(orderId)).toBe(isUsed ? 3_800n : 5_000n);
    seen[isUsed ? "used" : "dead"] += 1;
  }
  process.stdout.write(`code against refund: ${seen.used} used first, ${seen.dead} refunded first\n`);
  expect(Math.min(seen.used, seen.dead)).toBeGreaterThan(0);
});

test("the last code against the request of a refund: completed, or all but the used ones paid back", async () => {
  const seen = { completed: 0, refunded: 0 };
  for (let round = 0; round < 80; round += 1) {
    const orderId = await shop.buy({ serviceTimes: 2 });
    const [first, last] = await shop.codes(orderId);
    await shop.show(first!);
    const [message, isRequested] = await race(
      () => shop.show(last!),
      () => shop.act(orderId, "B", "request refund"),
    );
    expect(isRequested).toBe(message !== validated);
    expect((await shop.order(orderId)).stateCode).toBe(isRequested ? "FP" : "ST");
    expect(await refundOf(orderId)).toBe(isRequested ? 3_800n : undefined);
    seen[isRequested ? "refunded" : "completed"] += 1;
  }
  process.stdout.write(`last code against refund: ${seen.completed} completed, ${seen.refunded} refunded\n`);
  expect(Math.min(seen.completed, seen.refunded)).toBeGreaterThan(0);
});

test("refunds that are asked for at once: one is made", async () => {
  for (let round = 0; round < 30; round += 1) {
    const orderId = await shop.buy();
    const asked = await Promise.allSettled(
      Array.from({ length: 4 }, () => shop.act(orderId, "B", "request refund")),
    );
    expect(asked.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    expect(await refundOf(orderId)).toBe(5_000n);
  }
});

/** Shows the codes of twenty orders from shortly before their end until shortly after it, and counts the answers. */
async function showAroundTheEnd(validForMs: number, messages: Map<string, number>): Promise<void> {
  const orders = await Promise.all(Array.from({ length: 20 }, () => shop.buy({ validForMs })));
  const used = new Map(orders.map((orderId) => [orderId, 0n]));
  await Promise.all(
    orders.map(async (orderId) => {
      const codes = await shop.codes(orderId);
      const { terms } = await shop.voucher(orderId);
      const endMs = Number(terms!.validUntilTime!.seconds) * 1_000 + terms!.validUntilTime!.nanos / 1_000_000;
      for (const [index, code] of codes.entries()) {
        await pause(endMs + (index - 4) * random.integer(10, 80) + 60 - Date.now());
        const message = await shop.show(code);
        messages.set(message, (messages.get(message) ?? 0) + 1);
        used.set(orderId, used.get(orderId)! + (message === validated ? 1n : 0n));
      }
    }),
  );
  for (const [orderId, count] of used) {
    await eventually(async () => {
      const isAllUsed = count === 5n;
      expect(await refundOf(orderId)).toBe(isAllUsed ? undefined : 5_000n - 1_200n * count);
    });
    expect(await countOf(orderId, VoucherCodeState.USED)).toBe(Number(count));
  }
}

test("codes around the moment when they expire: what was used is not paid back, and all else is", async () => {
  const messages = new Map<string, number>();
  // A machine that takes longer to sell them than they are good gets another chance with codes that are good for longer.
  for (let validForMs = 1_500; validForMs <= 12_000 && !messages.has(validated); validForMs *= 2) {
    await showAroundTheEnd(validForMs, messages);
  }
  process.stdout.write(`codes around their end: ${JSON.stringify(Object.fromEntries(messages))}\n`);
  expect([...messages.keys()].sort()).toEqual(["Already expired!", validated]);
});
