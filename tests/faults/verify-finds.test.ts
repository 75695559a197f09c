import { runVerify } from "@ordermesh/ordermesh/verify/run-verify";
import { testLogger } from "@ordermesh/testkit/test-logger";
import postgres from "postgres";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type LomsReplicas, startLomsReplicas } from "../harness/loms-replicas.ts";

/*
 * A check that finds nothing is only worth something if it finds what is there. Each invariant is broken here by hand,
 * in the tables, and must be named with its ids.
 */

let loms: LomsReplicas;
let sql: postgres.Sql;
let paid: bigint;
let waiting: bigint;
let refunded: bigint;
let shipped: bigint;
let received: bigint;

beforeAll(async () => {
  loms = await startLomsReplicas(1);
  sql = postgres(loms.database.url, { max: 1, onnotice: () => {} });
  await loms.orders.receiveStock({
    idempotencyKey: "receive",
    receipts: [220n, 221n].map((warehouseId) => ({ sku: 1, warehouseId, quantity: 20 })),
  });
  const unitPrice = { currencyCode: "EUR", amountMinor: 100n };
  const place = async (key: string, quantity = 2) => {
    const lines = [{ sku: 1, quantity, unitPrice }];
    return (await loms.orders.createOrder({ userId: 1n, idempotencyKey: key, lines })).orderId;
  };
  const placeShipped = async (key: string) => {
    const orderId = await place(key, 1);
    await loms.orders.payOrder({ orderId });
    await loms.orders.applyAction({ orderId, role: "S", action: "ship the order" });
    return orderId;
  };
  paid = await place("paid");
  await loms.orders.payOrder({ orderId: paid });
  await loms.orders.cancelOrder({ orderId: await place("canceled") });
  waiting = await place("waiting");
  await place("failed", 1_000);
  refunded = await place("refunded");
  await loms.orders.payOrder({ orderId: refunded });
  for (const [role, action] of [
    ["B", "request refund"],
    ["S", "agree refund"],
    ["P", "finished refund"],
  ]) {
    await loms.orders.applyAction({ orderId: refunded, role, action, itemSku: 1 });
  }
  shipped = await placeShipped("shipped");
  await loms.orders.applyAction({ orderId: shipped, role: "B", action: "request refund", itemSku: 1 });
  received = await placeShipped("received");
  await loms.orders.applyAction({ orderId: received, role: "B", action: "confirm reception of order" });
  await loms.orders.applyAction({ orderId: received, role: "B", action: "request refund", itemSku: 1 });
  // Timers that are gone for a reason are not missed.
  const served = await placeShipped("served");
  await loms.orders.runTimerNow({ orderId: served, timer: "enable_extending" });
  await loms.orders.skipTimer({ orderId: served, timer: "auto_ack_shipping" });
  await loms.expectVerifyClean();
  // From here on the tables are only broken by hand.
  await Promise.all(loms.replicas.map((replica) => replica.stop()));
  await sql`alter table stock_levels drop constraint stock_levels_check`;
});

afterAll(async () => {
  await sql.end();
  await loms.stop();
});

interface Damage {
  readonly invariant: string;
  readonly what: string;
  readonly breakIt: () => string;
  readonly mendIt: () => string;
  readonly says: () => string;
}

const damages: Damage[] = [
  {
    invariant: "I1",
    what: "more reserved than on hand",
    breakIt: () => "update stock_levels set reserved = reserved + 100 where warehouse_id = 221",
    mendIt: () => "update stock_levels set reserved = reserved - 100 where warehouse_id = 221",
    says: () => "SKU 1 in warehouse 221",
  },
  {
    invariant: "I2",
    what: "a unit that nobody delivered",
    breakIt: () => "update stock_levels set on_hand = on_hand + 1 where warehouse_id = 220",
    mendIt: () => "update stock_levels set on_hand = on_hand - 1 where warehouse_id = 220",
    says: () => "SKU 1 in warehouse 220",
  },
  {
    invariant: "I3",
    what: "a unit that is reserved for nobody",
    breakIt: () => "update stock_levels set reserved = reserved + 1 where warehouse_id = 220",
    mendIt: () => "update stock_levels set reserved = reserved - 1 where warehouse_id = 220",
    says: () => "SKU 1 in warehouse 220",
  },
  {
    invariant: "I4",
    what: "a hold that was committed in part",
    breakIt: () => `update reservation_ledger set quantity = 1 where resolves and holder_id = ${paid}`,
    mendIt: () => `update reservation_ledger set quantity = 2 where resolves and holder_id = ${paid}`,
    says: () => `holder ${paid}`,
  },
  {
    invariant: "I5",
    what: "units that vanished",
    breakIt: () => "update stock_levels set on_hand = on_hand - 1 where warehouse_id = 221",
    mendIt: () => "update stock_levels set on_hand = on_hand + 1 where warehouse_id = 221",
    says: () => "received 40",
  },
  {
    invariant: "I2",
    what: "a refunded unit that is not back",
    breakIt: () => `update stock_returns set quantity = 1 where order_id = ${refunded}`,
    mendIt: () => `update stock_returns set quantity = 2 where order_id = ${refunded}`,
    says: () => "committed 7 and returned 1",
  },
  {
    invariant: "I6",
    what: "units that came back for no reason",
    breakIt: () => `update stock_returns set reason = 'returned' where order_id = ${refunded}`,
    mendIt: () => `update stock_returns set reason = 'refunded_before_shipping' where order_id = ${refunded}`,
    says: () => `order ${refunded}, SKU 1`,
  },
  {
    invariant: "I6",
    what: "a paid order whose stock is only held",
    breakIt: () => `update orders set status = 'paid' where id = ${waiting}`,
    mendIt: () => `update orders set status = 'awaiting_payment' where id = ${waiting}`,
    says: () => `order ${waiting}`,
  },
  {
    invariant: "I6",
    what: "a hold of nobody",
    breakIt: () =>
      "insert into reservation_ledger (holder_id, sku, warehouse_id, resolves, entry, quantity) values (5, 1, 220, false, 'reserved', 1)",
    mendIt: () => "delete from reservation_ledger where holder_id = 5",
    says: () => "holder 5: neither an order nor a reservation",
  },
  {
    invariant: "I6",
    what: "a line of no order",
    breakIt: () => "insert into order_lines (order_id, sku, quantity, name) values (5, 1, 1, '')",
    mendIt: () => "delete from order_lines where order_id = 5",
    says: () => "line of order 5, SKU 1",
  },
  {
    invariant: "I8",
    what: "an order past its deadline",
    breakIt: () => `update orders set payment_due_at = now() - interval '6 seconds' where id = ${waiting}`,
    mendIt: () => `update orders set payment_due_at = now() + interval '600 seconds' where id = ${waiting}`,
    says: () => `order ${waiting} awaits payment`,
  },
  {
    invariant: "I9",
    what: "a hole in the history",
    breakIt: () => `update order_history set version = 9 where order_id = ${paid} and version = 2`,
    mendIt: () => `update order_history set version = 2 where order_id = ${paid} and version = 9`,
    says: () => `order ${paid}`,
  },
  {
    invariant: "I9",
    what: "a history of no order",
    breakIt: () => "insert into order_history values (5, 1, 'new', null, now())",
    mendIt: () => "delete from order_history where order_id = 5",
    says: () => "order 5 (version , )",
  },
  {
    invariant: "I13",
    what: "a step that the workflow does not know",
    breakIt: () =>
      `update order_history set action = 'ship the order' where order_id = ${paid} and version = 3`,
    mendIt: () =>
      `update order_history set action = 'payment successful' where order_id = ${paid} and version = 3`,
    says: () => `order ${paid}: version 3`,
  },
  {
    invariant: "I13",
    what: "an item that stands where its history does not lead",
    breakIt: () => `update order_items set state = 'CR' where order_id = ${refunded}`,
    mendIt: () => `update order_items set state = 'FR' where order_id = ${refunded}`,
    says: () => `order ${refunded}: item 1 stands at "CR"`,
  },
  {
    invariant: "I13",
    what: "a refund that was opened again by hand",
    breakIt: () => `update refund_sheets set state = 'PPR' where order_id = ${refunded}`,
    mendIt: () => `update refund_sheets set state = 'PFR' where order_id = ${refunded}`,
    says: () => 'stands at "PPR"',
  },
  {
    invariant: "I13",
    what: "money that an order counts as refunded and no refund gave",
    breakIt: () => `update orders set refunded_minor = refunded_minor - 1 where id = ${refunded}`,
    mendIt: () => `update orders set refunded_minor = refunded_minor + 1 where id = ${refunded}`,
    says: () => "its finished refunds are of 200, but it says 199",
  },
  {
    invariant: "I13",
    what: "an order of a workflow that nobody knows",
    breakIt: () => `update orders set workflow_version = 7 where id = ${paid}`,
    mendIt: () => `update orders set workflow_version = 1 where id = ${paid}`,
    says: () => `order ${paid}: it lives by product@7`,
  },
  {
    invariant: "I15",
    what: "an order that would wait for its payment for ever",
    breakIt: () => `delete from timers where subject_id = ${waiting}`,
    mendIt: () =>
      `insert into timers (kind, due_at, subject_id, step) select 'payment_deadline', payment_due_at, id, step from orders where id = ${waiting}`,
    says: () => `order ${waiting}: the timer payment_deadline of version 2 is missing`,
  },
  {
    invariant: "I15",
    what: "a timer of a step that never was",
    breakIt: () => `update timers set step = 99 where subject_id = ${shipped} and kind = 'auto_ack_shipping'`,
    mendIt: () => `update timers set step = 4 where subject_id = ${shipped} and kind = 'auto_ack_shipping'`,
    says: () => `order ${shipped}: the timer auto_ack_shipping of version 4 is missing`,
  },
  {
    invariant: "I15",
    what: "a request for a refund that nobody has to answer",
    breakIt: () =>
      `update timers set kind = 'delivery' where subject_id = ${shipped} and kind = 'seller_no_response'`,
    mendIt: () =>
      `update timers set kind = 'seller_no_response' where subject_id = ${shipped} and kind = 'delivery'`,
    says: () => `order ${shipped}, item 1: the timer seller_no_response of version 5 is missing`,
  },
  {
    invariant: "I15",
    what: "a timer that stands still for no reason",
    breakIt: () =>
      `update timers set due_at = 'infinity', remaining_ms = 1 where subject_id = ${shipped} and kind = 'auto_ack_shipping'`,
    mendIt: () =>
      `update timers set due_at = now() + interval '15 days', remaining_ms = null where subject_id = ${shipped} and kind = 'auto_ack_shipping'`,
    says: () => `order ${shipped}: the timer auto_ack_shipping stands still`,
  },
  {
    invariant: "I15",
    what: "a timer that goes on in spite of an open refund",
    breakIt: () =>
      `update timers set due_at = now() + interval '7 days', remaining_ms = null where subject_id = ${received} and kind = 'no_refund_request'`,
    mendIt: () =>
      `update timers set due_at = 'infinity', remaining_ms = 1 where subject_id = ${received} and kind = 'no_refund_request'`,
    says: () => `order ${received}: the timer no_refund_request runs, although refund_is_open`,
  },
  {
    invariant: "I15",
    what: "a timer that does not fire",
    breakIt: () =>
      `update timers set due_at = now() - interval '6 seconds' where subject_id = ${shipped} and kind = 'enable_extending'`,
    mendIt: () =>
      `update timers set due_at = now() + interval '7 days' where subject_id = ${shipped} and kind = 'enable_extending'`,
    says: () => `enable_extending of ${shipped}, due `,
  },
  {
    invariant: "I15",
    what: "a timer that is put off again and again, because it can not be fired",
    breakIt: () => `update timers set failures = 3 where subject_id = ${shipped} and sku = 1`,
    mendIt: () => `update timers set failures = 0 where subject_id = ${shipped} and sku = 1`,
    says: () => `seller_no_response of ${shipped} could not be fired 3 times`,
  },
  {
    invariant: "I10",
    what: "a change that was never published",
    breakIt: () => `insert into order_history values (${waiting}, 3, 'paid', null, now())`,
    mendIt: () => `delete from order_history where order_id = ${waiting} and version = 3`,
    says: () => `order ${waiting}, version 3`,
  },
];

async function findings(): Promise<{ invariant: string; text: string }[]> {
  const results = await runVerify(
    { lomsDatabaseUrl: loms.database.url, kafkaBrokers: loms.broker.brokers },
    testLogger(),
  );
  return results.flatMap((result) => [...result.findings]);
}

test.each(damages)("$invariant: $what is found", async ({ invariant, breakIt, mendIt, says }) => {
  await sql.unsafe(breakIt());
  const found = await findings();
  await sql.unsafe(mendIt());
  expect(found).toContainEqual({ invariant, text: expect.stringContaining(says()) });
});

test("once all is mended nothing is found", async () => {
  expect(await findings()).toEqual([]);
});
