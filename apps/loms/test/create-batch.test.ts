import { Failure } from "@ordermesh/failure/failure";
import { openPipelinedSession, type PipelinedSession } from "@ordermesh/postgres/pipelined-session";
import { type FreshDatabase, freshDatabase } from "@ordermesh/testkit/fresh-database";
import { seededRandom } from "@ordermesh/testkit/seeded-random";
import fc from "fast-check";
import postgres from "postgres";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type CreateOutcome, createOrders } from "../src/create-orders.ts";
import { draftOrder } from "../src/domain/order-draft.ts";
import { receiveStock } from "../src/stock.ts";
import { readStockLevels, readStoredOrders } from "./stored-orders.ts";

/*
 * Whole batches, through PostgreSQL, against the rule in its plainest form: one call after the other, one unit at a
 * time, from the first warehouse that still has one. Calls repeat each other's keys, in one batch and in later ones,
 * with the same request and with another.
 */

interface Line {
  readonly sku: number;
  readonly quantity: number;
}

interface Call {
  readonly userId: number;
  readonly key: number;
  readonly lines: readonly Line[];
}

interface Level {
  readonly sku: number;
  readonly warehouseId: number;
  readonly onHand: number;
  reserved: number;
}

/** What became of a call. */
interface Decision {
  readonly kind: "accepted" | "failed";
  readonly shortages: readonly { sku: number; requested: number; available: number }[];
  /** "sku/warehouse x quantity" */
  readonly units: readonly string[];
}

let fresh: FreshDatabase;
let session: PipelinedSession;
let sql: postgres.Sql;
let nextId = 1n;
let nextSku = 0;
const seen = { accepted: 0, failed: 0, splits: 0, replays: 0, "replays in one batch": 0, refusals: 0 };

beforeAll(async () => {
  fresh = await freshDatabase({ migrations: new URL("../migrations/", import.meta.url) });
  session = openPipelinedSession({ url: fresh.url, applicationName: "test", timeoutMs: 10_000 });
  sql = postgres(fresh.url, { max: 1, onnotice: () => {} });
});

afterAll(async () => {
  await sql.end();
  await session.close();
  await fresh.drop();
});

const skuCount = 5;
const stockOf = fc.uniqueArray(
  fc.record({
    sku: fc.integer({ min: 1, max: skuCount - 1 }),
    warehouseId: fc.integer({ min: 1, max: 4 }),
    onHand: fc.integer({ min: 1, max: 6 }),
  }),
  { selector: (level) => `${level.sku}/${level.warehouseId}`, minLength: 1, maxLength: 12 },
);
const linesOf = fc.uniqueArray(
  fc.record({ sku: fc.integer({ min: 1, max: skuCount }), quantity: fc.integer({ min: 1, max: 5 }) }),
  { selector: (line) => line.sku, minLength: 1, maxLength: 3 },
);
/** Few requests and few keys, so that both come again; a key mostly with the request that it had before. */
const batchesOf = fc.array(linesOf, { minLength: 8, maxLength: 8 }).chain((requests) => {
  const callOf = fc
    .record({
      userId: fc.integer({ min: 1, max: 2 }),
      key: fc.integer({ min: 0, max: 15 }),
      other: fc.integer({ min: 0, max: 11 }),
    })
    .map(({ userId, key, other }): Call => {
      const lines = requests[(key + (other === 0 ? 1 : 0)) % requests.length] ?? [];
      return { userId, key, lines };
    });
  return fc.array(fc.array(callOf, { minLength: 1, maxLength: 12 }), { minLength: 1, maxLength: 3 });
});

/** Decides one call on its own and takes what it gets from the shelves. */
function decideGreedily(lines: readonly Line[], levels: readonly Level[]): Decision {
  const availableOf = (sku: number) =>
    levels
      .filter((level) => level.sku === sku)
      .reduce((sum, level) => sum + level.onHand - level.reserved, 0);
  const shortages = lines
    .map(({ sku, quantity }) => ({ sku, requested: quantity, available: availableOf(sku) }))
    .filter(({ requested, available }) => available < requested);
  if (shortages.length > 0) {
    return { kind: "failed", shortages, units: [] };
  }
  const units = new Map<string, number>();
  for (const { sku, quantity } of lines) {
    for (let unit = 0; unit < quantity; unit += 1) {
      const level = levels.find((each) => each.sku === sku && each.reserved < each.onHand);
      expect(level).toBeDefined();
      level!.reserved += 1;
      const name = `${sku}/${level!.warehouseId}`;
      units.set(name, (units.get(name) ?? 0) + 1);
    }
  }
  return {
    kind: "accepted",
    shortages: [],
    units: [...units].map(([name, quantity]) => `${name} x ${quantity}`),
  };
}

/** Remembers the first call of each key, as the reference must. */
interface Remembered {
  readonly call: Call;
  readonly decision: Decision;
  readonly batch: number;
  id?: bigint;
}

function createBatch(calls: readonly Call[], run: number): Promise<CreateOutcome[]> {
  const orders = calls.map(({ userId, key, lines }) => {
    const named = lines.map((line) => ({ ...line, name: `Thing ${line.sku}`, unitPrice: undefined }));
    const request = { userId: BigInt(userId), idempotencyKey: `run ${run}, key ${key}`, lines: named };
    return { draft: draftOrder({ ...request, paymentWindowMs: undefined }, 600_000), traceparent: "" };
  });
  const ids = calls.map(() => nextId++);
  return session.transaction((tx) => createOrders(tx, orders, ids));
}

/** Compares what a call was answered with what the reference says; notes the order's id the first time. */
function expectOutcome(outcome: CreateOutcome, call: Call, batch: number, first: Remembered): void {
  if (JSON.stringify(first.call.lines) !== JSON.stringify(call.lines)) {
    seen.refusals += 1;
    expect(outcome.kind).toBe("refused");
    expect(outcome.kind === "refused" && outcome.failure).toBeInstanceOf(Failure);
    return;
  }
  if (outcome.kind !== "created") {
    throw outcome.failure;
  }
  const isReplay = first.call !== call;
  seen.replays += isReplay ? 1 : 0;
  seen["replays in one batch"] += isReplay && first.batch === batch ? 1 : 0;
  first.id ??= outcome.order.id;
  expect(outcome).toMatchObject({
    replayed: isReplay,
    order: {
      id: first.id,
      userId: BigInt(call.userId),
      version: 2,
      status: first.decision.kind === "accepted" ? "awaiting_payment" : "failed",
      shortages: first.decision.shortages,
    },
  });
}

/** The tables tell of each order what the reference decided, and of nothing else. */
async function expectStored(remembered: readonly Remembered[]): Promise<void> {
  const stored = await readStoredOrders(
    sql,
    remembered.map(({ id }) => id ?? 0n),
  );
  expect(stored.size).toBe(remembered.length);
  for (const { id, call, decision } of remembered) {
    const isAccepted = decision.kind === "accepted";
    const status = isAccepted ? "awaiting_payment" : "failed";
    const lines = [...call.lines]
      .sort((a, b) => a.sku - b.sku)
      .map(({ sku, quantity }) => `${sku} x ${quantity}`);
    const why = decision.shortages.map((each) => `${each.sku}: ${each.requested} of ${each.available}`);
    expect(stored.get(`${id}`)).toEqual({
      status,
      version: 2,
      cancelReason: null,
      shortages: isAccepted ? null : decision.shortages,
      lines,
      history: ["1 new", `2 ${status}`],
      ledger: decision.units.map((units) => `${units} reserved`),
      events: [
        `OrderCreated 1 ${lines.join(", ")}`,
        isAccepted
          ? `OrderAwaitingPayment 2 ${lines.join(", ")}`
          : `OrderFailed 2 ${lines.join(", ")} (${why.join(", ")})`,
      ],
      timers: isAccepted ? ["payment_deadline of 2"] : [],
    });
    seen[decision.kind] += 1;
    seen.splits += decision.units.length > call.lines.length ? 1 : 0;
  }
}

test("agrees with the greedy reference in every answer, every row and every event", async () => {
  const { seed } = seededRandom("create batch");
  let run = 0;
  await fc.assert(
    fc.asyncProperty(stockOf, batchesOf, async (stock, batches) => {
      // SKUs and keys of its own, so that runs share tables and nothing else.
      run += 1;
      const offset = nextSku;
      nextSku += skuCount + 1;
      const sorted = [...stock].sort((a, b) => a.sku - b.sku || a.warehouseId - b.warehouseId);
      const levels: Level[] = sorted.map((level) => ({ ...level, sku: level.sku + offset, reserved: 0 }));
      const receipts = levels.map((level) => ({
        ...level,
        warehouseId: BigInt(level.warehouseId),
        quantity: level.onHand,
      }));
      await session.transaction((tx) => receiveStock(tx, receipts, `run ${run}`));

      const firstOfKey = new Map<string, Remembered>();
      for (const [batch, shifted] of batches.entries()) {
        const calls = shifted.map((call): Call => {
          const lines = [...call.lines].sort((a, b) => a.sku - b.sku);
          return { ...call, lines: lines.map((line) => ({ ...line, sku: line.sku + offset })) };
        });
        const outcomes = await createBatch(calls, run);
        for (const [index, call] of calls.entries()) {
          const name = `${call.userId}/${call.key}`;
          const first = firstOfKey.get(name) ?? { call, decision: decideGreedily(call.lines, levels), batch };
          firstOfKey.set(name, first);
          expectOutcome(outcomes[index]!, call, batch, first);
        }
      }
      await expectStored([...firstOfKey.values()]);
      expect(await readStockLevels(sql, offset, nextSku)).toEqual(
        levels.map(
          ({ sku, warehouseId, onHand, reserved }) => `${sku}/${warehouseId}: ${onHand}, ${reserved}`,
        ),
      );
    }),
    { seed, numRuns: 250, interruptAfterTimeLimit: 45_000 },
  );
  process.stdout.write(`create batch: ${run} runs, ${JSON.stringify(seen)}\n`);
  // Runs in which nothing was refused, split or repeated would prove nothing.
  expect(Math.min(...Object.values(seen))).toBeGreaterThan(20);
});
