import { createHook } from "node:async_hooks";
import { pause } from "@ordermesh/process/wait";
import { eventually } from "@ordermesh/testkit/eventually";
import { kafkaBrokers } from "@ordermesh/testkit/infrastructure";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createKafkaHarness, type KafkaHarness, numbered } from "./kafka-harness.ts";

let harness: KafkaHarness;
beforeEach(() => {
  harness = createKafkaHarness(kafkaBrokers());
});
afterEach(async () => {
  await harness.close();
});

/** Counts the timers that begin in this process in half a second. */
async function timersBegun(): Promise<number> {
  let begun = 0;
  const hook = createHook({
    init(_id, type) {
      begun += type === "Timeout" ? 1 : 0;
    },
  });
  hook.enable();
  await pause(500);
  hook.disable();
  return begun;
}

/*
 * kafkajs 2.2.4 looked for waiting requests a thousand times a second on each connection, for ever, also when none could be
 * there (its issue 1704; patches/kafkajs@2.2.4.patch). Each idle process with a consumer took 5 % of a processor for that.
 */
test("a producer and a consumer without work do not keep the processor busy", async () => {
  const topic = await harness.createTopic(1);
  let handled = 0;
  harness.startConsumer(topic, {
    handle: async (records) => {
      handled += records.length;
    },
  });
  await harness.producer.publish(topic, numbered(1, { keys: 1 }));
  await eventually(() => expect(handled).toBe(1));
  expect(await timersBegun()).toBeLessThan(100);
});
