import postgres from "postgres";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { callAs } from "./caller.ts";
import { isWebTestable } from "./chromium.ts";
import { processorMeter, untilIdle } from "./measuring.ts";
import { act, orderOf, paidOrderOf } from "./ordering.ts";
import { type People, startPeople, story } from "./people.ts";

const ordersMax = 10_000;
/** What is copied has ids of its own, far from those that the service gives. */
const firstId = 7_000_000_000n;
/** On average, of the page's main thread: this much work fits in between even on a machine that is four times slower. */
const frameMaxMs = 200;

const canSeed = isWebTestable() && inject("lomsDatabaseUrl") !== "";

type Orders = ReturnType<typeof openOrders>;

function openOrders(url: string) {
  return postgres(url, { max: 1, types: { bigint: postgres.BigInt } });
}

describe.skipIf(!canSeed)("a long list", () => {
  let people: People;
  let sql: Orders;
  beforeAll(async () => {
    people = await startPeople();
    sql = openOrders(inject("lomsDatabaseUrl"));
    const buyer = await callAs(people.url, "buyer2");
    const canceled = await orderOf(buyer, [2_956_315]);
    await act(buyer, canceled, "cancel order");
    const models = [await paidOrderOf(buyer, [1_148_162, 2_958_025]), canceled, await paidOrderOf(buyer)];
    await sql.begin(async (tx) => {
      for (const [index, model] of models.entries()) {
        await tx`
          insert into orders
          select (jsonb_populate_record(model, jsonb_build_object(
            'id', ${firstId}::bigint + n, 'created_at', model.created_at - n * interval '1 minute'
          ))).*
          from orders model, generate_series(1, ${ordersMax}::int) n
          where model.id = ${model} and n % ${models.length}::int = ${index}::int`;
        await tx`
          insert into order_lines
          select (jsonb_populate_record(model, jsonb_build_object('order_id', ${firstId}::bigint + n))).*
          from order_lines model, generate_series(1, ${ordersMax}::int) n
          where model.order_id = ${model} and n % ${models.length}::int = ${index}::int`;
      }
    });
    await sql`analyze orders, order_lines`;
  });
  afterAll(async () => {
    // They have neither history nor payments, which would be found by whoever verifies this mesh.
    await sql?.begin(async (tx) => {
      await tx`delete from order_lines where order_id > ${firstId} and order_id <= ${firstId}::bigint + ${ordersMax}::int`;
      await tx`delete from orders where id > ${firstId} and id <= ${firstId}::bigint + ${ordersMax}::int`;
    });
    await sql?.end();
    await people?.stop();
  });

  test(`of ${ordersMax} orders is scrolled to its end without standing still`, {
    timeout: 240_000,
  }, async () => {
    const seller = await people.demoUser("seller");
    const { page } = seller;
    await story("long-list", [seller], async () => {
      await page.goto("/desk/orders");
      await page.getByRole("table", { name: "Orders" }).waitFor();
      const isIdle = await untilIdle();
      const usedMs = await processorMeter(page);
      const beforeMs = await usedMs();
      const seen = await page.evaluate(scrollToTheEnd, {
        last: String(firstId + BigInt(ordersMax)),
        withinMs: 60_000,
      });
      const frameMs = ((await usedMs()) - beforeMs) / seen.frames;
      process.stdout.write(
        `10,000 orders: ${seen.frames} frames, ${Math.round(frameMs)} ms of processor each, the longest came after ${Math.round(seen.longestMs)} ms${isIdle ? "" : " on a busy machine"}, ${seen.blank} of them without a row, at most ${seen.rowsMax} rows in the page\n`,
      );
      expect(frameMs).toBeLessThan(frameMaxMs);
      expect(seen.rowsMax).toBeLessThan(200);
      expect(seen.reachedEnd).toBe(true);
      expect(seen.blank).toBe(0);
    });
  });
});

/** Runs in the page: scrolls by more than two screens with every frame, as somebody who looks for the last one. */
async function scrollToTheEnd({ last, withinMs }: { last: string; withinMs: number }) {
  const seen = { frames: 0, longestMs: 0, blank: 0, rowsMax: 0, reachedEnd: false };
  const giveUpAt = performance.now() + withinMs;
  const frame = () => new Promise<number>((resolve) => requestAnimationFrame(resolve));
  let before = await frame();
  while (performance.now() < giveUpAt && !seen.reachedEnd) {
    window.scrollBy(0, 2_000);
    const now = await frame();
    const rows = document.querySelectorAll("table [data-row]");
    seen.frames += 1;
    seen.longestMs = Math.max(seen.longestMs, now - before);
    seen.blank += rows.length === 0 ? 1 : 0;
    seen.rowsMax = Math.max(seen.rowsMax, rows.length);
    seen.reachedEnd = [...rows].some((row) => row.textContent?.includes(last));
    before = now;
  }
  return seen;
}
