import { Failure } from "@ordermesh/failure/failure";
import { eventually } from "@ordermesh/testkit/eventually";
import { kafkaBrokers } from "@ordermesh/testkit/infrastructure";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { IncomingRecord } from "../src/record.ts";
import { deadLetterTopic, ensureTopics } from "../src/topics.ts";
import { createKafkaHarness, groupOf, type KafkaHarness, numbered, retry, textOf } from "./kafka-harness.ts";

let harness: KafkaHarness;
beforeAll(() => {
  harness = createKafkaHarness(kafkaBrokers());
});
afterAll(() => harness.close());

const away = () => new Failure("unavailable", "The database is away.", { reason: "TEST" });

describe("batches", () => {
  test("are of one partition, in order, no larger than asked for, and miss nothing", async () => {
    const topic = await harness.createTopic(3);
    await harness.producer.publish(topic, numbered(400, { keys: 20 }));
    const batches: (readonly IncomingRecord[])[] = [];
    const consumer = harness.startConsumer(topic, {
      batchMax: 37,
      handle: async (records) => {
        batches.push(records);
      },
    });
    await eventually(() => expect(batches.flat()).toHaveLength(400));
    expect(new Set(batches.flat().map(textOf)).size).toBe(400);
    expect(Math.max(...batches.map((batch) => batch.length))).toBe(37);
    for (const batch of batches) {
      const first = batch[0]!;
      expect(batch.map(({ partition, offset }) => [partition, offset])).toEqual(
        batch.map((_, index) => [first.partition, first.offset + BigInt(index)]),
      );
    }
    await eventually(async () =>
      expect(await consumer.metrics.metrics()).toContain(
        `ordermesh_consumed_records_total{topic="${topic}",group="${groupOf(topic)}"} 400`,
      ),
    );
    await consumer.stop();
  });

  test("one bad record does not fail its neighbors; it is tried as often as the policy says", async () => {
    const topic = await harness.createTopic(1);
    await harness.producer.publish(topic, numbered(50, { keys: 1 }));
    const handled: string[] = [];
    const calls: string[][] = [];
    const consumer = harness.startConsumer(topic, {
      handle: async (records) => {
        calls.push(records.map(textOf));
        if (records.some((record) => textOf(record) === "20")) {
          throw new Error(`can not handle ${"x".repeat(600)}`);
        }
        handled.push(...records.map(textOf));
      },
    });
    await eventually(() => expect(handled).toHaveLength(49));
    expect(handled).toEqual(
      numbered(50, { keys: 1 }).flatMap(({ value }) => (`${value}` === "20" ? [] : `${value}`)),
    );
    expect(calls.filter((call) => call.length === 1 && call[0] === "20")).toHaveLength(retry.attemptsMax);

    const [deadLetter, ...others] = await harness.readAll(deadLetterTopic(topic, groupOf(topic)));
    expect(others).toEqual([]);
    expect(deadLetter).toMatchObject({ key: "key-0" });
    expect(textOf(deadLetter!)).toBe("20");
    expect(deadLetter!.headers).toMatchObject({
      ce_id: "20",
      dead_letter_topic: topic,
      dead_letter_group: groupOf(topic),
      dead_letter_partition: "0",
      dead_letter_offset: "20",
      dead_letter_attempts: `${retry.attemptsMax}`,
    });
    expect(deadLetter!.headers.dead_letter_reason).toMatch(/^can not handle x+$/);
    expect(deadLetter!.headers.dead_letter_reason).toHaveLength(500);
    expect(await consumer.metrics.metrics()).toContain(
      `ordermesh_dead_letters_total{topic="${topic}",group="${groupOf(topic)}"} 1`,
    );
    await consumer.stop();
  });

  test("a record that is malformed is not tried again", async () => {
    const topic = await harness.createTopic(1);
    await harness.producer.publish(topic, numbered(3, { keys: 1 }));
    let handled = 0;
    const consumer = harness.startConsumer(topic, {
      handle: async (records) => {
        if (records.some((record) => textOf(record) === "1")) {
          throw new Failure("invalid_argument", "Not an event.", { reason: "MALFORMED_EVENT" });
        }
        handled += records.length;
      },
    });
    await eventually(() => expect(handled).toBe(2));
    const [deadLetter] = await harness.readAll(deadLetterTopic(topic, groupOf(topic)));
    expect(deadLetter?.headers).toMatchObject({
      dead_letter_attempts: "1",
      dead_letter_reason: "Not an event.",
    });
    await consumer.stop();
  });
});

describe("waiting", () => {
  test("while something is away nothing is given up", async () => {
    const topic = await harness.createTopic(1);
    await harness.producer.publish(topic, numbered(4, { keys: 1 }));
    const handled: string[] = [];
    let failures = 0;
    const consumer = harness.startConsumer(topic, {
      handle: async (records) => {
        if (failures < 4 * retry.attemptsMax) {
          failures += 1;
          throw away();
        }
        handled.push(...records.map(textOf));
      },
    });
    await eventually(() => expect(handled).toEqual(["0", "1", "2", "3"]));
    expect(failures).toBe(4 * retry.attemptsMax);
    expect(await harness.readAll(deadLetterTopic(topic, groupOf(topic)))).toEqual([]);
    await consumer.stop();
  });

  test("a stop while records wait leaves them to the next member", async () => {
    const topic = await harness.createTopic(1);
    await harness.producer.publish(topic, numbered(3, { keys: 1 }));
    let tries = 0;
    const waiting = harness.startConsumer(topic, {
      handle: async () => {
        tries += 1;
        throw away();
      },
    });
    await eventually(() => expect(tries).toBeGreaterThan(2));
    await waiting.stop();
    const handled: string[] = [];
    const next = harness.startConsumer(topic, {
      handle: async (records) => {
        handled.push(...records.map(textOf));
      },
    });
    await eventually(() => expect(handled).toEqual(["0", "1", "2"]));
    await next.stop();
  });

  test("a record stays while the dead-letter topic can not be written", async () => {
    const topic = await harness.createTopic(1);
    const group = `${topic}.without-dead-letters`;
    await harness.producer.publish(topic, numbered(2, { keys: 1 }));
    const handled: string[] = [];
    let failures = 0;
    const consumer = harness.startConsumer(topic, {
      group,
      handle: async (records) => {
        if (records.some((record) => textOf(record) === "0")) {
          failures += 1;
          throw new Error("can not handle");
        }
        handled.push(...records.map(textOf));
      },
    });
    await eventually(() => expect(failures).toBeGreaterThan(retry.attemptsMax + 1));
    expect(handled).toEqual([]);
    const deadLetters = { name: deadLetterTopic(topic, group), partitions: 1 };
    await ensureTopics(harness.client, [deadLetters], AbortSignal.timeout(10_000));
    await eventually(() => expect(handled).toEqual(["1"]));
    expect((await harness.readAll(deadLetters.name)).map(textOf)).toEqual(["0"]);
    await consumer.stop();
  });
});

describe("membership", () => {
  test("a group goes on where it had committed", async () => {
    const topic = await harness.createTopic(2);
    await harness.producer.publish(topic, numbered(20, { keys: 5 }));
    const first: string[] = [];
    const before = harness.startConsumer(topic, {
      handle: async (records) => {
        first.push(...records.map(textOf));
      },
    });
    await eventually(() => expect(first).toHaveLength(20));
    await before.stop();
    expect(before.isRunning()).toBe(false);

    await harness.producer.publish(topic, numbered(20, { keys: 5, first: 20 }));
    const second: string[] = [];
    const after = harness.startConsumer(topic, {
      handle: async (records) => {
        second.push(...records.map(textOf));
      },
    });
    await eventually(() => expect(second).toHaveLength(20));
    expect(new Set([...first, ...second]).size).toBe(40);
    await after.stop();
  });

  test("members that come and go share the partitions; nothing is missed and the order per key is kept", async () => {
    const topic = await harness.createTopic(6);
    const sightings: { member: string; record: IncomingRecord }[] = [];
    const start = (member: string) =>
      harness.startConsumer(topic, {
        batchMax: 5,
        handle: async (records) => {
          sightings.push(...records.map((record) => ({ member, record })));
        },
      });
    const countOf = (member: string) => sightings.filter((sighting) => sighting.member === member).length;
    let published = 0;
    const publish = async () => {
      await harness.producer.publish(topic, numbered(60, { keys: 12, first: published }));
      published += 60;
    };

    const a = start("a");
    await publish();
    await eventually(() => expect(countOf("a")).toBe(60));
    const b = start("b");
    await eventually(async () => {
      await publish();
      expect(countOf("b")).toBeGreaterThan(60);
    });
    const ofA = countOf("a");
    await eventually(async () => {
      await publish();
      expect(countOf("a")).toBeGreaterThan(ofA);
    });
    await a.stop();
    await publish();
    const all = () => new Set(sightings.map(({ record }) => textOf(record)));
    await eventually(() => expect(all().size).toBe(published));
    await b.stop();

    const lastSeen = new Map<string, number>();
    const seen = new Set<string>();
    for (const { record } of sightings) {
      const number = Number(textOf(record));
      if (!seen.has(textOf(record))) {
        expect(number).toBeGreaterThan(lastSeen.get(record.key) ?? -1);
        lastSeen.set(record.key, number);
        seen.add(textOf(record));
      }
    }
    process.stdout.write(`records: ${published}, handled more than once: ${sightings.length - published}\n`);
  });
});
