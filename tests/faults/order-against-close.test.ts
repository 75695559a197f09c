import { randomUUID } from "node:crypto";
import { fromBinary } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { pause } from "@ordermesh/process/wait";
import { SessionState } from "@ordermesh/proto/ordermesh/tables/v1/session_pb";
import {
  type SessionChange,
  SessionChangeSchema,
  TablesService,
} from "@ordermesh/proto/ordermesh/tables/v1/tables_pb";
import { eventually } from "@ordermesh/testkit/eventually";
import type { SeededRandom } from "@ordermesh/testkit/seeded-random";
import postgres from "postgres";
import { expect, onTestFinished, test } from "vitest";
import { fromElsewhere, type House, openHouse, type TablesClient } from "../../apps/tables/test/table.ts";
import { startTablesHarness, type TablesHarness } from "../../apps/tables/test/tables-harness.ts";
import { faultRun } from "../harness/fault-run.ts";
import { expectVerifyClean } from "../harness/verify-clean.ts";

/*
 * ordered-online looked whether a session was open, and then inserted the order: one that was closed in between had an
 * order after its close. Here guests and staff order at one replica while staff close the session at the other one, plainly
 * or by force. Either the order is there and the plain close is refused, or it is refused; and nothing comes after a close.
 */

const run = faultRun("order against close", { short: 30, whole: 100, long: 1_000 });
const atATime = 4;
const placers = 3;

interface Round {
  readonly sessionId: bigint;
  readonly acknowledged: readonly bigint[];
  readonly refused: number;
  readonly forced: boolean;
  readonly closed: boolean;
}

/** What a session that is closed, or being closed, may answer, and a token that died with it. */
function isRefusal(error: unknown): boolean {
  const { code, rawMessage } = ConnectError.from(error);
  return (
    code === Code.Unauthenticated ||
    (code === Code.FailedPrecondition && rawMessage.startsWith("The session is"))
  );
}

async function playRound(
  house: House,
  here: TablesClient,
  there: TablesClient,
  random: SeededRandom,
  aimMs: number,
): Promise<Round> {
  const { session, link } = await here.openSession({ locationId: house.locationId, name: randomUUID() });
  const sessionId = session?.sessionId ?? 0n;
  const { guestToken } = await here.joinSession(
    { invitation: { case: "link", value: link }, nickname: "Ada" },
    fromElsewhere(),
  );
  const asGuest = { headers: { authorization: `Bearer ${guestToken}` } };
  const place = async (index: number, delayMs: number) => {
    await pause(delayMs);
    const request = {
      sessionId,
      lines: [{ sku: house.espresso, quantity: 1 }],
      idempotencyKey: `order ${index}`,
    };
    return (await here.placeOrder(request, index === 0 ? {} : asGuest)).order?.orderId ?? 0n;
  };
  const forced = random.next() < 0.5;
  const closing = pause(aimMs * (0.5 + random.next())).then(() =>
    there.closeSession({ sessionId, force: forced, reason: forced ? "race" : "" }),
  );
  const [close, ...placed] = await Promise.allSettled([
    closing,
    ...Array.from({ length: placers }, (_, index) => place(index, random.integer(0, 40))),
  ]);
  if (close.status === "rejected") {
    const { code, message } = ConnectError.from(close.reason);
    expect([Code.FailedPrecondition, forced ? Code.Unavailable : Code.FailedPrecondition], message).toContain(
      code,
    );
  }
  const wrong = placed.flatMap((result) =>
    result.status === "rejected" && !isRefusal(result.reason) ? [String(result.reason)] : [],
  );
  expect(wrong).toEqual([]);
  const acknowledged = placed.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
  return {
    sessionId,
    acknowledged,
    refused: placers - acknowledged.length,
    forced,
    closed: close.status === "fulfilled",
  };
}

/** What must hold once a round is over. A session that could not be closed plainly is closed by force then. */
async function checkRound(
  staff: TablesClient,
  { sessionId, acknowledged, forced, closed }: Round,
): Promise<void> {
  const { session: found } = await staff.getSession({ sessionId });
  const orderIds = found?.orders.map(({ orderId }) => orderId) ?? [];
  expect(orderIds).toEqual(expect.arrayContaining([...acknowledged]));
  if (closed) {
    expect(found?.state).toBe(SessionState.CLOSED);
  }
  if (closed && !forced) {
    // Nothing was served, so that a plain close has only been possible without orders.
    expect(orderIds).toEqual([]);
  }
  if (!closed) {
    await eventually(() => staff.closeSession({ sessionId, force: true, reason: "race" }));
  }
}

/** Sessions in which something happened after the close, and orders that are not in the one session where LOMS has them. */
async function findWrong({ sql, databaseUrls }: TablesHarness) {
  const changes = await sql<{ sessionId: string; change: Uint8Array; isLast: boolean }[]>`
    select session_id::text as "sessionId", change, version = max(version) over (partition by session_id) as "isLast"
    from session_changes`;
  const isClose = ({ what }: SessionChange) =>
    what.case === "session" && what.value.state === SessionState.CLOSED;
  const late = changes.filter(
    ({ change, isLast }) => isClose(fromBinary(SessionChangeSchema, change)) !== isLast,
  );
  const afterClose = await sql`select o.id from session_orders o join sessions s on s.id = o.session_id
    where s.state = 'closed' and (o.placed_at > s.closed_at or o.order_id is null)`;
  const ours =
    await sql`select order_id::text as "orderId", session_id::text as "sessionId" from session_orders`;
  const loms = postgres(databaseUrls.loms ?? "", { max: 1, onnotice: () => {} });
  const theirs =
    await loms`select order_id::text as "orderId", session_id::text as "sessionId" from table_references`;
  const open = await loms`select id from orders o join table_references t on t.order_id = o.id
    where o.status in ('placed', 'accepted', 'preparing')`;
  await loms.end();
  const names = (rows: readonly object[]) => rows.map((row) => JSON.stringify(row)).sort();
  return {
    late: late.map(({ sessionId }) => sessionId),
    afterClose: [...afterClose],
    open: [...open],
    ours: names(ours),
    theirs: names(theirs),
  };
}

test("no order comes into a closed session, and none that was acknowledged is lost", {
  timeout: run.timeoutMs(2_000),
}, async () => {
  const harness = await startTablesHarness({
    neighbors: ["product", "loms"],
    environment: { TABLES_RECOVERY_AFTER_MS: "1000", TABLES_RECOVERY_EVERY_MS: "50" },
  });
  onTestFinished(harness.stop);
  const house = await openHouse(harness);
  const token = await harness.sellerToken(house.ownerId);
  const address = await harness.startReplica();
  const there = await harness.client(TablesService, token, { address });

  const rounds: Round[] = [];
  let aimMs = 30;
  while (rounds.length < run.rounds) {
    const played = await Promise.all(
      Array.from({ length: atATime }, () => playRound(house, house.staff, there, run.random, aimMs)),
    );
    for (const round of played) {
      await checkRound(house.staff, round);
    }
    rounds.push(...played);
    // Aimed by what came of the rounds before, so that both outcomes stay about as frequent.
    const refused = played.reduce((sum, round) => sum + round.refused, 0) / (placers * atATime);
    aimMs = Math.max(2, Math.min(1_000, aimMs * 1.6 ** (2 * refused - 1)));
  }

  const { ours, theirs, ...wrong } = await findWrong(harness);
  expect(wrong).toEqual({ late: [], afterClose: [], open: [] });
  expect(ours).toEqual(theirs);
  const count = (which: (round: Round) => boolean) => rounds.filter(which).length;
  const counts = {
    "orders placed": rounds.reduce((sum, { acknowledged }) => sum + acknowledged.length, 0),
    "orders refused by the close": rounds.reduce((sum, { refused }) => sum + refused, 0),
    "plain closes that won": count(({ forced, closed }) => !forced && closed),
    "plain closes refused by an order": count(({ forced, closed }) => !forced && !closed),
    "forced closes with orders": count(({ forced, acknowledged }) => forced && acknowledged.length > 0),
  };
  const mixed = count(({ acknowledged, refused }) => acknowledged.length > 0 && refused > 0);
  run.report({ ...counts, "rounds with both": mixed });
  for (const [what, value] of Object.entries(counts)) {
    expect(value, what).toBeGreaterThan(0);
  }
  await expectVerifyClean({
    lomsDatabaseUrl: harness.databaseUrls.loms ?? "",
    tablesDatabaseUrl: harness.databaseUrl,
    kafkaBrokers: harness.brokers,
  });
});
