import { runVerify } from "@ordermesh/ordermesh/verify/run-verify";
import { type FreshDatabase, freshDatabase } from "@ordermesh/testkit/fresh-database";
import { testLogger } from "@ordermesh/testkit/test-logger";
import postgres from "postgres";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type LomsReplicas, startLomsReplicas } from "../harness/loms-replicas.ts";

/*
 * As verify-finds.test.ts, for orders at tables: the order service's own tables, and those of the tables service, which
 * are written by hand here as that service writes them. All of it is an hour old, unless a damage says otherwise.
 */

let loms: LomsReplicas;
let tablesDatabase: FreshDatabase;
let lomsSql: postgres.Sql;
let tablesSql: postgres.Sql;
let served: bigint;
let canceled: bigint;
let accepted: bigint;

const guestId = 2n ** 52n + 5n;
const [openSession, closedSession] = [1n, 2n];
const totalMinor = 1_300;

async function place(key: string, sessionId: bigint, ...actions: string[]): Promise<bigint> {
  const { orderId } = await loms.orders.createOrder({
    userId: guestId,
    idempotencyKey: key,
    workflow: "table",
    table: { locationId: 1n, sessionId, guestNickname: "Ada" },
    lines: [{ sku: 3, quantity: 2, name: "Soup", unitPrice: { currencyCode: "EUR", amountMinor: 650n } }],
  });
  for (const action of actions) {
    await loms.orders.applyAction({ orderId, role: "S", action });
  }
  return orderId;
}

beforeAll(async () => {
  loms = await startLomsReplicas(1);
  tablesDatabase = await freshDatabase({
    migrations: new URL("../../apps/tables/migrations/", import.meta.url),
  });
  const options = { max: 1, onnotice: () => {} };
  lomsSql = postgres(loms.database.url, options);
  tablesSql = postgres(tablesDatabase.url, options);
  accepted = await place("accepted", openSession, "accept the order");
  served = await place("served", closedSession, "accept the order", "serve the order");
  canceled = await place("canceled", closedSession, "cancel order");
  await loms.expectVerifyClean();
  await Promise.all(loms.replicas.map((replica) => replica.stop()));
  await lomsSql`update order_history set changed_at = changed_at - interval '1 hour'`;
  await tablesSql.unsafe(`
    insert into locations (owner_user_id, name, name_key, address, address_key, description, website, telephone,
      categories, tags, category_keys, tag_keys, opening_hours, currency_code)
    values (9, 'Inn', 'inn', 'Road 1', 'road 1', '', '', '', '{}', '{}', '{}', '{}', '[]', 'EUR');
    insert into sessions (location_id, name, state, code, currency_code, opened_at, closed_at, opened_by, request_hash, version)
    values (1, 'Table 1', 'open', 'ABCDEF', 'EUR', now() - interval '1 hour', null, 'user:9', '', 2),
      (1, 'Table 2', 'closed', 'GHJKMN', 'EUR', now() - interval '1 hour', now() - interval '50 minutes', 'user:9', '', 1);
    insert into session_codes values ('ABCDEF', 1, null), ('GHJKMN', 2, now());
    insert into session_changes (session_id, version, location_id, change, changed_at)
    select s, v, 1, '', now() - interval '1 hour' from (values (1, 1), (1, 2), (2, 1)) as c (s, v);
    insert into guests (id, session_id, nickname, token_hash) values (${guestId}, 1, 'Ada', sha256('token'));
    insert into session_orders (session_id, guest_id, placed_by, idempotency_key, request_hash, lines, note, total_minor,
      traceparent, order_id, status, version, placed_at, changed_at, next_try_at)
    select session_id, ${guestId}, 'user:9', key, '', '[]', '', ${totalMinor}, '', order_id, status::session_order_status,
      version, now() - interval '1 hour', now() - interval '1 hour', now()
    from (values (1, 'a', ${accepted}, 'accepted', 3), (2, 's', ${served}, 'served', 4),
      (2, 'c', ${canceled}, 'canceled', 3)) as o (session_id, key, order_id, status, version)`);
});

afterAll(async () => {
  await Promise.all([lomsSql.end(), tablesSql.end()]);
  await loms.stop();
  await tablesDatabase.drop();
});

async function findings(): Promise<{ invariant: string; text: string }[]> {
  const results = await runVerify(
    {
      lomsDatabaseUrl: loms.database.url,
      tablesDatabaseUrl: tablesDatabase.url,
      kafkaBrokers: loms.broker.brokers,
    },
    testLogger(),
  );
  expect(results.some(({ invariant, examined }) => invariant === "I16" && examined >= 4)).toBe(true);
  return results.flatMap((result) => [...result.findings]);
}

interface Damage {
  readonly invariant: string;
  readonly what: string;
  readonly breakIt: () => string;
  readonly mendIt: () => string;
  readonly says: () => string;
}

test("nothing is wrong to begin with", async () => {
  expect(await findings()).toEqual([]);
});

const inLoms: Damage[] = [
  {
    invariant: "I6",
    what: "units that are held for an order at a table",
    breakIt: () =>
      `insert into reservation_ledger (holder_id, sku, warehouse_id, resolves, entry, quantity) values (${accepted}, 3, 1, false, 'reserved', 2)`,
    mendIt: () => `delete from reservation_ledger where holder_id = ${accepted}`,
    says: () => `order ${accepted} (accepted), SKU 3: ordered 2, held 2`,
  },
  {
    invariant: "I8",
    what: "an order at a table with a deadline",
    breakIt: () => `update orders set payment_due_at = now() where id = ${accepted}`,
    mendIt: () => `update orders set payment_due_at = null where id = ${accepted}`,
    says: () => `order ${accepted} (table, accepted): due 2`,
  },
  {
    invariant: "I8",
    what: "an order at a table with a timer",
    breakIt: () =>
      `insert into timers (due_at, subject_id, kind, step) values (now(), ${accepted}, 'payment_deadline', 2)`,
    mendIt: () => `delete from timers where subject_id = ${accepted}`,
    says: () => `order ${accepted} (table, accepted): due never, a table, 1 timers`,
  },
  {
    invariant: "I8",
    what: "a table of no order",
    breakIt: () => "insert into table_references values (5, 1, 1, '', 0, '')",
    mendIt: () => "delete from table_references where order_id = 5",
    says: () => "order 5 has a table, but there is no such order",
  },
  {
    invariant: "I13",
    what: "a step that no kitchen takes",
    breakIt: () =>
      `update order_history set action = 'start preparing' where order_id = ${served} and version = 4`,
    mendIt: () =>
      `update order_history set action = 'serve the order' where order_id = ${served} and version = 4`,
    says: () => `order ${served}: version 4`,
  },
  {
    invariant: "I16",
    what: "an order that no session has",
    breakIt: () => `update table_references set order_id = ${2n ** 40n} where order_id = ${served}`,
    mendIt: () => `update table_references set order_id = ${served} where order_id = ${2n ** 40n}`,
    says: () => `order ${served} of session ${closedSession}: the order service has no such order at a table`,
  },
  {
    invariant: "I16",
    what: "an order of another session",
    breakIt: () => `update table_references set session_id = 7 where order_id = ${accepted}`,
    mendIt: () => `update table_references set session_id = ${openSession} where order_id = ${accepted}`,
    says: () => `order ${accepted} (accepted) of session 7: it is of session 7 at location 1`,
  },
];

const movedBack = (change: string, where: string) => `update session_orders set ${change} where ${where}`;

const inTables: Damage[] = [
  {
    invariant: "I16",
    what: "an order in LOMS that the session has lost",
    breakIt: () => movedBack("order_id = 77", `order_id = ${accepted}`),
    mendIt: () => movedBack(`order_id = ${accepted}`, "order_id = 77"),
    says: () => `order ${accepted} (accepted) of session ${openSession}: no session has it`,
  },
  {
    invariant: "I16",
    what: "an order that LOMS has never made",
    breakIt: () => movedBack("order_id = 77", `order_id = ${accepted}`),
    mendIt: () => movedBack(`order_id = ${accepted}`, "order_id = 77"),
    says: () => `order 77 of session ${openSession}: the order service has no such order`,
  },
  {
    invariant: "I16",
    what: "another status at the same version",
    breakIt: () => movedBack("status = 'preparing', changed_at = now()", `order_id = ${accepted}`),
    mendIt: () =>
      movedBack("status = 'accepted', changed_at = now() - interval '1 hour'", `order_id = ${accepted}`),
    says: () => "at version 3 tables has it as preparing",
  },
  {
    invariant: "I16",
    what: "a step that was never heard of",
    breakIt: () => movedBack("status = 'placed', version = 2", `order_id = ${accepted}`),
    mendIt: () => movedBack("status = 'accepted', version = 3", `order_id = ${accepted}`),
    says: () => "it has version 3, but tables has version 2 (placed)",
  },
  {
    invariant: "I16",
    what: "a step that was never taken",
    breakIt: () => movedBack("status = 'served', version = 4", `order_id = ${accepted}`),
    mendIt: () => movedBack("status = 'accepted', version = 3", `order_id = ${accepted}`),
    says: () => "it has version 3, but tables claims version 4 (served)",
  },
  {
    invariant: "I16",
    what: "another price than the guest was told",
    breakIt: () => movedBack("total_minor = 1", `order_id = ${served}`),
    mendIt: () => movedBack(`total_minor = ${totalMinor}`, `order_id = ${served}`),
    says: () =>
      `total ${totalMinor}; tables has session ${closedSession} at location 1, guest ${guestId}, total 1`,
  },
  {
    invariant: "I16",
    what: "an order that is being placed for ever",
    breakIt: () => movedBack("order_id = null, status = 'placing', version = 0", `order_id = ${accepted}`),
    mendIt: () => movedBack(`order_id = ${accepted}, status = 'accepted', version = 3`, "order_id is null"),
    says: () => `of session ${openSession} is being placed since`,
  },
  {
    invariant: "I16",
    what: "an order to be made in a closed session",
    breakIt: () => movedBack(`session_id = ${closedSession}`, `order_id = ${accepted}`),
    mendIt: () => movedBack(`session_id = ${openSession}`, `order_id = ${accepted}`),
    says: () => `session ${closedSession} is closed, but its order ${accepted} (1) is accepted`,
  },
  {
    invariant: "I16",
    what: "a guest of a closed session who may still call",
    breakIt: () => `update guests set session_id = ${closedSession} where id = ${guestId}`,
    mendIt: () => `update guests set session_id = ${openSession} where id = ${guestId}`,
    says: () => `session ${closedSession} is closed, but guest ${guestId} still has a token`,
  },
  {
    invariant: "I16",
    what: "a code of a closed session that still lets people in",
    breakIt: () => "update session_codes set retired_at = null where code = 'GHJKMN'",
    mendIt: () => "update session_codes set retired_at = now() where code = 'GHJKMN'",
    says: () => `session ${closedSession} is closed, but one can join it with GHJKMN`,
  },
  {
    invariant: "I16",
    what: "an open session that nobody can join",
    breakIt: () => "update session_codes set retired_at = now() where code = 'ABCDEF'",
    mendIt: () => "update session_codes set retired_at = null where code = 'ABCDEF'",
    says: () => `session ${openSession} has the code ABCDEF, but one joins it with nothing`,
  },
  {
    invariant: "I16",
    what: "a change that nobody was told",
    breakIt: () => `update session_changes set version = 9 where session_id = ${openSession} and version = 1`,
    mendIt: () => `update session_changes set version = 1 where session_id = ${openSession} and version = 9`,
    says: () => `session ${openSession} has version 2, but 2 changes, from 2 to 9`,
  },
  {
    invariant: "I16",
    what: "a session that never finishes closing",
    breakIt: () => `update sessions set state = 'closing', close_due_at = now() where id = ${openSession}`,
    mendIt: () => `update sessions set state = 'open', close_due_at = null where id = ${openSession}`,
    says: () => `session ${openSession} is closing since`,
  },
];

async function expectFound({ invariant, breakIt, mendIt, says }: Damage, sql: postgres.Sql): Promise<void> {
  await sql.unsafe(breakIt());
  const found = await findings();
  await sql.unsafe(mendIt());
  expect(found).toContainEqual({ invariant, text: expect.stringContaining(says()) });
}

describe("in the tables of loms", () => {
  test.each(inLoms)("$invariant: $what is found", (damage) => expectFound(damage, lomsSql));
});

describe("in the tables of tables", () => {
  test.each(inTables)("$invariant: $what is found", (damage) => expectFound(damage, tablesSql));
});

test("what is under way is left alone: an order that was just made, and a step that was just taken", async () => {
  await lomsSql`update order_history set changed_at = now() where order_id in (${`${accepted}`}, ${`${served}`})`;
  await tablesSql`update session_orders set status = 'placed', version = 2 where order_id = ${`${accepted}`}`;
  await tablesSql`update session_orders set order_id = null, status = 'placing', version = 0, placed_at = now(),
    session_id = ${`${openSession}`} where order_id = ${`${served}`}`;
  expect(await findings()).toEqual([]);
  await lomsSql`update order_history set changed_at = now() - interval '1 hour'`;
  await tablesSql`update session_orders set status = 'accepted', version = 3 where order_id = ${`${accepted}`}`;
  await tablesSql`update session_orders set order_id = ${`${served}`}, status = 'served', version = 4,
    session_id = ${`${closedSession}`} where order_id is null`;
});

test("once all is mended nothing is found", async () => {
  expect(await findings()).toEqual([]);
});
