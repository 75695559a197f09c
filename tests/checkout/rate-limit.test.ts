import { afterAll, beforeAll, expect, it } from "vitest";
import { type CheckoutMesh, startCheckoutMesh } from "./checkout-mesh.ts";
import { refusal, refusals } from "./refusal.ts";

/* miniZON made a new limiter for each call of ListCart, so that there was no limit at all. Here all calls share one. */

let mesh: CheckoutMesh;

beforeAll(async () => {
  mesh = await startCheckoutMesh({
    LOMS_REQUESTS_PER_SECOND: "5",
    LOMS_REQUESTS_BURST: "3",
    PRODUCT_REQUESTS_PER_SECOND: "1",
    PRODUCT_REQUESTS_BURST: "1",
  });
  await mesh.stockProduct(1, 100n, 1_000);
});

afterAll(async () => {
  await mesh?.stop();
});

const timeoutMs = 3_000;

it("calls wait for their turn as long as their deadline allows, and others are told at once when to come again", async () => {
  const before = (await mesh.upstreamCalls()).GetAvailability ?? 0;
  const startedMs = performance.now();
  const calls = Array.from({ length: 30 }, (_, index) =>
    mesh.checkout.addToCart({ userId: BigInt(index + 1), sku: 1, quantity: 1 }, { timeoutMs }),
  );
  const lastDeadlineMs = performance.now() - startedMs + timeoutMs;
  const outcomes = await Promise.allSettled(calls);
  const failed = await refusals(calls.filter((_, index) => outcomes[index]?.status === "rejected"));
  const answered = calls.length - failed.length;
  process.stdout.write(`rate limit: ${answered} of 30 calls answered, ${failed.length} refused\n`);

  const refused = failed.filter(({ code }) => code === "ResourceExhausted");
  for (const { reason, metadata, retryAfterMs } of refused) {
    expect({ reason, metadata }).toEqual({ reason: "UPSTREAM_RATE_LIMIT", metadata: { upstream: "LOMS" } });
    expect(retryAfterMs).toBeGreaterThan(1_000);
  }
  // On a busy machine the last ones to get their turn may be too late with it.
  expect(
    failed.filter((late) => !refused.includes(late)).every(({ code }) => code === "DeadlineExceeded"),
  ).toBe(true);
  // 3 at once and 5 in each second: more would break the limit, and fewer than the first second's would waste it.
  const called = ((await mesh.upstreamCalls()).GetAvailability ?? 0) - before;
  expect(called).toBeLessThanOrEqual(3 + Math.floor((lastDeadlineMs * 5) / 1_000));
  expect(called).toBeGreaterThanOrEqual(answered);
  expect(answered).toBeGreaterThan(3 + 5);
  expect(refused.length).toBeGreaterThan(0);
});

it("the catalogue has a limit of its own, which what is cached does not touch", async () => {
  const listed = (userId: bigint) => mesh.checkout.listCart({ userId }, { timeoutMs: 400 });
  expect((await mesh.checkout.listCart({ userId: 1n })).lines).toHaveLength(1);
  const again = await Promise.all(Array.from({ length: 20 }, () => listed(1n)));
  expect(again.every(({ lines }) => lines[0]?.unavailable === false)).toBe(true);

  async function listUncached(): Promise<void> {
    for (let round = 0; round < 30; round += 1) {
      await mesh.admin.dropCachedProducts({});
      await listed(1n);
    }
  }
  expect(await refusal(listUncached())).toMatchObject({
    code: "ResourceExhausted",
    metadata: { upstream: "ProductService" },
  });
});
