import { timestampDate } from "@bufbuild/protobuf/wkt";
import { Code } from "@connectrpc/connect";
import { RefundKind } from "@ordermesh/proto/ordermesh/loms/v1/order_pb";
import { eventually } from "@ordermesh/testkit/eventually";
import postgres from "postgres";
import { afterAll, beforeAll, expect, test } from "vitest";
import { durationProfiles } from "../src/workflows/durations.ts";
import { type LomsHarness, startLomsHarness } from "./loms-harness.ts";
import { type OrderWalk, refusalOf, walkOrders } from "./order-walk.ts";
import { expectTablesAgree } from "./tables-agree.ts";

/* Timers of workflows. Time passes when a test says so: it moves what a timer waits for into the past. */

let harness: LomsHarness;
let walk: OrderWalk;
let sql: postgres.Sql;

const dayMs = 86_400_000;
const { production } = durationProfiles;

beforeAll(async () => {
  harness = await startLomsHarness({ timersEveryMs: 20 });
  walk = walkOrders(harness.orders);
  sql = postgres(harness.database.url, { max: 1, onnotice: () => {} });
});

afterAll(async () => {
  expect(await expectTablesAgree(harness.database.url)).toBeGreaterThan(5);
  await sql.end();
  await harness.stop();
});

/** Timers as they are stored: "kind/sku of step, in n days" or "held, n days left". */
async function stored(orderId: bigint): Promise<string[]> {
  const rows = await sql<{ name: string; held: boolean; days: number }[]>`
    select kind || case sku when 0 then '' else '/' || sku end || ' of ' || step as name, remaining_ms is not null as held,
      round(coalesce(remaining_ms::numeric, extract(epoch from
        case when isfinite(due_at) then due_at end - now()) * 1000) / ${dayMs})::int as days
    from timers where subject_id = ${`${orderId}`} and kind <> 'payment_deadline' order by kind, sku`;
  return rows.map(
    ({ name, held, days }) => `${name}, ${held ? `held, ${days} days left` : `in ${days} days`}`,
  );
}

/** Lets the time of a timer come, as nothing else would. */
async function letPass(orderId: bigint, kind: string): Promise<void> {
  const moved = await sql.begin(async (tx) => {
    await tx`select from orders where id = ${`${orderId}`} for no key update`;
    return await tx`update timers set due_at = now() - interval '1 second'
      where subject_id = ${`${orderId}`} and kind = ${kind} and remaining_ms is null returning 1`;
  });
  expect(moved).toHaveLength(1);
}

async function untilCodes(orderId: bigint, codes: string, sku?: number): Promise<void> {
  await eventually(async () => expect(await walk.codes(orderId, sku)).toBe(codes), { everyMs: 10 });
}

/** An order whose first item has a refund that waits for the seller. */
async function shippedWithRefund(action: string): Promise<{ orderId: bigint; itemSku: number }> {
  const [itemSku = 0, other = 0] = await walk.stock(10, 10);
  const orderId = await walk.placePaid([itemSku, other]);
  await walk.act(orderId, "S", "ship the order");
  await walk.act(orderId, "B", action, { itemSku });
  return { orderId, itemSku };
}

test("nobody does anything: the order completes, its time for refunds ends, and it awaits settlement", async () => {
  const [sku = 0] = await walk.stock(10);
  const orderId = await walk.placePaid([sku]);
  expect(await stored(orderId)).toEqual([]);
  await walk.act(orderId, "S", "ship the order");
  expect(await stored(orderId)).toEqual([
    "auto_ack_shipping of 4, in 15 days",
    "enable_extending of 4, in 7 days",
  ]);
  await letPass(orderId, "auto_ack_shipping");
  await untilCodes(orderId, "ST");
  expect(await stored(orderId)).toEqual(["no_refund_request of 5, in 7 days"]);
  await letPass(orderId, "no_refund_request");
  await untilCodes(orderId, "WA");
  expect(await stored(orderId)).toEqual([]);
  await walk.act(orderId, "P", "finished accounting");
  const { entries } = await harness.orders.getHistory({ orderId, afterVersion: 4 });
  expect(entries.map(({ actor, role }) => [actor, role])).toEqual([
    ["timer", "P"],
    ["timer", "P"],
    ["anonymous", "P"],
  ]);
});

test("after a week buyer and seller may each put off the completion, once, by three days", async () => {
  const [sku = 0] = await walk.stock(10);
  const orderId = await walk.placePaid([sku]);
  await walk.act(orderId, "S", "ship the order");
  const extend = (role: string) => walk.act(orderId, role, "extend auto acking reception of order");
  expect(await refusalOf(extend("B"))).toMatchObject({ reason: "GUARD_REFUSED" });
  await letPass(orderId, "enable_extending");
  await eventually(async () => {
    const { order } = await harness.orders.getOrder({ orderId });
    expect(order?.shipment).toMatchObject({ buyerMayExtend: true, sellerMayExtend: true });
  });
  const before = (await harness.orders.getOrder({ orderId })).order?.shipment?.completesTime;
  await extend("B");
  await extend("S");
  for (const role of ["B", "S"]) {
    expect((await refusalOf(extend(role))).code).toBe(Code.FailedPrecondition);
  }
  const after = (await harness.orders.getOrder({ orderId })).order?.shipment;
  expect(after).toMatchObject({ buyerMayExtend: false, sellerMayExtend: false });
  expect(timestampDate(after!.completesTime!).getTime() - timestampDate(before!).getTime()).toBe(
    2 * production.extension_length,
  );
  expect(await stored(orderId)).toEqual(["auto_ack_shipping of 4, in 21 days"]);
});

test("a seller who does not answer: customer service takes over; a buyer who does not: the request ends", async () => {
  const { orderId, itemSku } = await shippedWithRefund("request refund");
  expect(await stored(orderId)).toContain(`seller_no_response/${itemSku} of 5, in 3 days`);
  await letPass(orderId, "seller_no_response");
  await untilCodes(orderId, "FS/WR/CSI", itemSku);

  const other = await shippedWithRefund("request refund");
  await walk.act(other.orderId, "S", "reject refund", { itemSku: other.itemSku });
  expect(await stored(other.orderId)).toContain(`buyer_no_response/${other.itemSku} of 6, in 3 days`);
  await letPass(other.orderId, "buyer_no_response");
  await untilCodes(other.orderId, "FS/CR/CCR", other.itemSku);
});

test("before shipping, a seller who does not answer agrees, and nothing is shipped meanwhile", async () => {
  const [itemSku = 0, other = 0] = await walk.stock(10, 10);
  const orderId = await walk.placePaid([itemSku, other]);
  await walk.act(orderId, "B", "request refund", { itemSku });
  await letPass(orderId, "seller_no_response");
  // Easy Order forgot to hold the order here.
  await untilCodes(orderId, "HS/WR/PPR", itemSku);
  expect((await refusalOf(walk.act(orderId, "S", "ship the order"))).code).toBe(Code.FailedPrecondition);
});

test("a request that is changed starts the seller's time anew, and a timer of the step before does nothing", async () => {
  const { orderId, itemSku } = await shippedWithRefund("request refund");
  await walk.act(orderId, "S", "reject refund", { itemSku });
  await walk.act(orderId, "B", "change refund request", {
    itemSku,
    parameters: { refundKind: RefundKind.WITH_RETURN },
  });
  expect(await stored(orderId)).toContain(`seller_no_response/${itemSku} of 7, in 3 days`);

  // As they were left behind there: of the first request, and of its rejection.
  for (const [kind, step] of [
    ["seller_no_response", 5],
    ["buyer_no_response", 6],
  ] as const) {
    await sql`insert into timers (subject_id, kind, sku, step, due_at)
      values (${`${orderId}`}, ${kind}, ${itemSku}, ${step}, now() - interval '1 second')`;
  }
  await eventually(async () => {
    const late = await sql`select from timers where subject_id = ${`${orderId}`} and due_at <= now()`;
    expect(late).toHaveLength(0);
  });
  expect(await walk.codes(orderId, itemSku)).toBe("FS/WR/WSR");
  expect((await harness.orders.getOrder({ orderId })).order?.version).toBe(7);
});

test("the time for refunds stands still while one is open", async () => {
  const { orderId, itemSku } = await shippedWithRefund("request refund");
  await walk.act(orderId, "B", "confirm reception of order");
  expect(await stored(orderId)).toContain("no_refund_request of 6, held, 7 days left");
  await walk.act(orderId, "B", "cancel refund request", { itemSku });
  expect(await stored(orderId)).toEqual(["no_refund_request of 6, in 7 days"]);
});

test("an order whose time to complete comes while a refund is open completes when that is through", async () => {
  const { orderId, itemSku } = await shippedWithRefund("request refund");
  await letPass(orderId, "auto_ack_shipping");
  await eventually(async () => expect((await walk.story(orderId)).at(-1)).toContain("auto ack"));
  expect(await walk.codes(orderId, itemSku)).toBe("FS/WR/WSR");
  const closed = await walk.act(orderId, "B", "cancel refund request", { itemSku });
  expect(closed.stateCode).toBe("ST");
});

test("operators see what is to come, can bring it about at once, and can keep it from happening", async () => {
  const { orderId, itemSku } = await shippedWithRefund("request refund");
  const list = async () => {
    const { timers } = await harness.orders.listTimers({ orderId });
    return timers.map(({ timer, action, live }) => [timer, action, live]);
  };
  expect(await list()).toEqual([
    ["seller_no_response", "seller no response", true],
    ["enable_extending", "allow extending", true],
    ["auto_ack_shipping", "auto ack reception of order", true],
  ]);
  const skipped = await harness.orders.skipTimer({
    orderId,
    timer: "auto_ack_shipping",
    reason: "A strike.",
  });
  expect(skipped.timer).toMatchObject({ timer: "auto_ack_shipping", live: true });
  const ran = await harness.orders.runTimerNow({ orderId, timer: "seller_no_response", itemSku });
  expect(ran.steps).toMatchObject([{ action: "seller no response", refundCode: "CSI", actor: "anonymous" }]);
  await harness.orders.runTimerNow({ orderId, timer: "enable_extending" });
  const { skippedTimers } = await harness.orders.getHistory({ orderId });
  expect(skippedTimers).toMatchObject([
    { timer: "auto_ack_shipping", itemSku: 0, step: 4, actor: "anonymous", reason: "A strike." },
  ]);
  // What was fired by hand does not fire a second time.
  expect(await list()).toEqual([]);
  expect(await refusalOf(harness.orders.runTimerNow({ orderId, timer: "enable_extending" }))).toMatchObject({
    code: Code.NotFound,
    reason: "TIMER_NOT_FOUND",
  });

  const [sku = 0] = await walk.stock(10);
  const unpaid = await walk.place([sku]);
  const skip = harness.orders.skipTimer({ orderId: unpaid, timer: "payment_deadline" });
  expect(await refusalOf(skip)).toMatchObject({ reason: "TIMER_NOT_SKIPPABLE" });
  const expired = await harness.orders.runTimerNow({ orderId: unpaid, timer: "payment_deadline" });
  expect(expired.stateCode).toBe("CT");
});

test("the timers of all orders come in pages, the next to fire first", async () => {
  const seen: number[] = [];
  const ids = new Set<string>();
  let pageToken = "";
  do {
    const page = await harness.orders.listTimers({ pageSize: 3, pageToken });
    for (const { orderId, timer, itemSku, step, dueTime } of page.timers) {
      ids.add(`${orderId}/${timer}/${itemSku}/${step}`);
      seen.push(dueTime === undefined ? Number.POSITIVE_INFINITY : timestampDate(dueTime).getTime());
    }
    pageToken = page.nextPageToken;
  } while (pageToken !== "");
  const [row] = await sql<{ count: number }[]>`select count(*)::int as count from timers`;
  expect(ids.size).toBe(row?.count);
  expect(seen).toEqual([...seen].sort((a, b) => a - b));
  expect(await refusalOf(harness.orders.listTimers({ timers: ["tea"] }))).toMatchObject({
    code: Code.InvalidArgument,
    reason: "UNKNOWN_TIMER",
  });
});

test("a timer that can not be fired keeps no other one waiting", async () => {
  const broken = await shippedWithRefund("request refund");
  const sound = await shippedWithRefund("request refund");
  await sql`update orders set workflow_version = 99 where id = ${`${broken.orderId}`}`;
  await letPass(broken.orderId, "seller_no_response");
  await letPass(sound.orderId, "seller_no_response");
  await untilCodes(sound.orderId, "FS/WR/CSI", sound.itemSku);
  await eventually(async () => {
    const failed =
      await sql`select failures from timers where subject_id = ${`${broken.orderId}`} and failures > 0`;
    expect(failed).toMatchObject([{ failures: 1 }]);
  });
  await sql`update orders set workflow_version = 1 where id = ${`${broken.orderId}`}`;
  // It has been put off by a minute.
  await letPass(broken.orderId, "seller_no_response");
  await untilCodes(broken.orderId, "FS/WR/CSI", broken.itemSku);
});
