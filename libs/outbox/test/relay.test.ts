import type { Producer } from "@ordermesh/kafka/producer";
import type { IncomingRecord } from "@ordermesh/kafka/record";
import { pause } from "@ordermesh/process/wait";
import { eventually } from "@ordermesh/testkit/eventually";
import { kafkaBrokers } from "@ordermesh/testkit/infrastructure";
import { type SeededRandom, seededRandom } from "@ordermesh/testkit/seeded-random";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { appendEvents } from "../src/outbox.ts";
import {
  createOutboxHarness,
  eventIdOf,
  eventOf,
  firstSightings,
  type OutboxHarness,
} from "./outbox-harness.ts";

let harness: OutboxHarness;
beforeEach(async () => {
  harness = await createOutboxHarness(kafkaBrokers());
});
afterEach(() => harness.close());

const drained = () => eventually(async () => expect(await harness.waiting()).toEqual([]));

/**
 * Appends versions 1, 2, 3 … of each aggregate until it is enough, as many transactions at a time as there are
 * aggregates, so that they commit out of the order of their ids.
 *
 * @returns how many versions each aggregate has.
 */
async function change(options: {
  readonly aggregates: number;
  readonly isEnough: (version: number) => boolean;
  readonly random: SeededRandom;
  readonly onCommitted: () => void;
}): Promise<number[]> {
  const { aggregates, isEnough, random, onCommitted } = options;
  const changeOne = async (aggregateId: number) => {
    let version = 0;
    for (; !isEnough(version); version += 1) {
      const { payload } = eventOf(aggregateId, version + 1);
      await harness.sql.begin(async (tx) => {
        await tx`insert into outbox (aggregate_type, aggregate_id, type, payload, headers)
          values ('order', ${aggregateId}, 'test.v1.Changed', ${payload as Buffer}, '{}')`;
        await pause(random.integer(0, 15));
      });
      onCommitted();
    }
    return version;
  };
  return await Promise.all(Array.from({ length: aggregates }, (_, aggregateId) => changeOne(aggregateId)));
}

/** @returns the records, after checking that each key has all its versions and that their first ones are in order. */
async function expectAllVersions(versions: readonly number[]): Promise<IncomingRecord[]> {
  const records = await harness.published();
  for (const [aggregateId, count] of versions.entries()) {
    const all = Array.from({ length: count }, (_, index) => index + 1);
    expect(firstSightings(records, `${aggregateId}`)).toEqual(all);
  }
  return records;
}

describe("records", () => {
  test("are CloudEvents in binary mode with the trace of the change", async () => {
    const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00";
    await harness.database.transaction(async (tx) => {
      appendEvents(tx, [eventOf(17, 1, traceparent), eventOf(18, 1)]);
    });
    const rows = await harness.sql<
      { created_at: Date; id: string }[]
    >`select id, created_at from outbox order by id`;
    const relay = harness.startRelay();
    await drained();
    const records = await harness.published();
    const [first, second] = records.sort((a, b) => a.key.localeCompare(b.key));
    expect(first).toMatchObject({
      key: "17",
      headers: {
        ce_specversion: "1.0",
        ce_id: rows[0]!.id,
        ce_type: "test.v1.Changed",
        ce_source: "ordermesh/test",
        ce_time: rows[0]!.created_at.toISOString(),
        ce_subject: "17",
        "content-type": "application/protobuf",
        traceparent,
      },
    });
    expect(`${first!.value}`).toBe("1");
    expect(second?.key).toBe("18");
    expect(second?.headers).not.toHaveProperty("traceparent");
    expect(await relay.metrics.metrics()).toContain("ordermesh_outbox_published_total 2");
  });

  test("that are large go in batches that a broker takes", async () => {
    const sizes: number[] = [];
    const producer: Producer = {
      ...harness.producer,
      publish(topic, records) {
        sizes.push(records.reduce((sum, { value }) => sum + value.byteLength, 0));
        return harness.producer.publish(topic, records);
      },
    };
    const large = (version: number) => ({
      ...eventOf(1, version),
      payload: Buffer.alloc(200_000, `${version}`),
    });
    await harness.database.transaction(async (tx) => {
      appendEvents(tx, [1, 2, 3, 4, 5, 6, 7, 8, 9].map(large));
      appendEvents(tx, [{ ...eventOf(1, 0), payload: Buffer.alloc(950_000, "x") }]);
    });
    harness.startRelay({ producer });
    await drained();
    expect(sizes).toEqual([800_000, 800_000, 200_000, 950_000]);
    expect((await harness.published()).map(({ value }) => `${value}`.slice(0, 1)).join("")).toBe(
      "123456789x",
    );
  });
});

describe("order", () => {
  test("an event that is committed after later ones is published too (F25)", async () => {
    harness.startRelay();
    const late = await harness.sql.reserve();
    await late`begin`;
    await late`insert into outbox (aggregate_type, aggregate_id, type, payload, headers)
      values ('order', 1, 'test.v1.Changed', '1', '{}')`;
    await harness.database.transaction(async (tx) => appendEvents(tx, [eventOf(2, 1)]));
    await eventually(async () => expect(await harness.published()).toHaveLength(1));
    await late`commit`;
    late.release();
    await drained();
    const ids = (await harness.published()).map(eventIdOf).map(Number).sort();
    expect(ids).toHaveLength(2);
    expect(ids[0]).toBeLessThan(ids[1]!);
  });

  test("is kept per key while commits are out of order, and nothing is published twice", async () => {
    const random = seededRandom("relay order");
    const relay = harness.startRelay();
    const isEnough = (version: number) => version === 30;
    const versions = await change({ aggregates: 12, isEnough, random, onCommitted: relay.wake });
    await drained();
    const records = await expectAllVersions(versions);
    expect(records).toHaveLength(12 * 30);
    const inversions = records.filter((record, index) => {
      const former = records[index - 1];
      return former?.partition === record.partition && Number(eventIdOf(record)) < Number(eventIdOf(former));
    }).length;
    process.stdout.write(`events: ${records.length}, out of id order: ${inversions}\n`);
    expect(inversions).toBeGreaterThan(5);
  });
});

describe("faults", () => {
  test("nothing is deleted when a publication fails, and nothing is lost", async () => {
    let failures = 0;
    const producer: Producer = {
      ...harness.producer,
      async publish(topic, records) {
        failures += 1;
        if (failures <= 3) {
          throw new Error("The broker did not answer.");
        }
        await harness.producer.publish(topic, records);
      },
    };
    await harness.database.transaction(async (tx) =>
      appendEvents(tx, [eventOf(1, 1), eventOf(1, 2), eventOf(2, 1)]),
    );
    const before = await harness.waiting();
    const relay = harness.startRelay({ producer });
    await eventually(() => expect(failures).toBe(3));
    expect(await harness.waiting()).toEqual(before);
    expect(await harness.published()).toEqual([]);
    await drained();
    expect((await harness.published()).map(eventIdOf).sort()).toEqual(before);
    expect(await relay.metrics.metrics()).toContain("ordermesh_outbox_published_total 3");
  });

  test("events repeat when the relay dies between publishing and deleting, and only then", async () => {
    let kills = 0;
    const producer: Producer = {
      ...harness.producer,
      async publish(topic, records) {
        await harness.producer.publish(topic, records);
        if (kills < 5 && (await harness.killLeader())) {
          kills += 1;
        }
      },
    };
    await harness.database.transaction(async (tx) =>
      appendEvents(
        tx,
        [1, 2, 3].map((version) => eventOf(1, version)),
      ),
    );
    harness.startRelay({ producer });
    await drained();
    const records = await harness.published();
    process.stdout.write(`kills between publish and delete: ${kills}, records: ${records.length}\n`);
    expect(kills).toBe(5);
    expect(records).toHaveLength(3 * 6);
    expect(firstSightings(records, "1")).toEqual([1, 2, 3]);
  });

  test("another relay takes over when the leading one's connection is killed, again and again", async () => {
    const random = seededRandom("relay takeover");
    const killsWanted = 15;
    const relays = [harness.startRelay(), harness.startRelay()];
    const wakeAll = () => {
      for (const relay of relays) {
        relay.wake();
      }
    };
    let kills = 0;
    const changed = change({
      aggregates: 8,
      // Bounded, in case that no connection can be killed: then the count below says so.
      isEnough: (version) => kills >= killsWanted || version === 1_000,
      random,
      onCommitted: wakeAll,
    });
    while (kills < killsWanted) {
      kills += (await harness.killLeader()) ? 1 : 0;
      await pause(random.integer(0, 30));
    }
    const versions = await changed;
    await drained();
    const records = await expectAllVersions(versions);
    const repeated = records.length - new Set(records.map(eventIdOf)).size;
    const counts = await Promise.all(
      relays.map(async ({ metrics }) => {
        const metric = await metrics.getSingleMetric("ordermesh_outbox_published_total")!.get();
        return metric.values[0]!.value;
      }),
    );
    process.stdout.write(`kills: ${kills}, repeated: ${repeated}, published by each: ${counts.join(", ")}\n`);
    expect(kills).toBe(killsWanted);
    expect(Math.min(...counts)).toBeGreaterThan(0);
  });
});
