import { testLogger } from "@ordermesh/testkit/test-logger";
import type { Kafka, ProducerConfig, ProducerRecord, RecordMetadata } from "kafkajs";
import { expect, test } from "vitest";
import { createProducer } from "../src/producer.ts";
import { numbered } from "./kafka-harness.ts";

const partitionCount = 12;

/**
 * The library as it is when one of three brokers goes away in the middle of a call: it says that all is well, and has
 * left out the partitions that moved to a broker which had answered already. Apache Kafka does this to it for real in
 * tests/faults/apache-kafka-cluster.test.ts, now and then; here it happens to the first call.
 */
function createForgetfulKafka() {
  const taken: string[] = [];
  let producers = 0;
  function producer({ createPartitioner }: ProducerConfig) {
    producers += 1;
    const isForgetful = producers === 1;
    const choose = createPartitioner!();
    const partitionMetadata = Array.from({ length: partitionCount }, (_, partitionId) => ({
      partitionErrorCode: 0,
      partitionId,
      leader: 1,
      replicas: [],
      isr: [],
    }));
    return {
      async connect() {},
      async disconnect() {},
      async send({ topic, messages }: ProducerRecord): Promise<RecordMetadata[]> {
        const answered = new Set<number>();
        for (const message of messages) {
          const partition = choose({ topic, partitionMetadata, message });
          if (!isForgetful || partition % 3 > 0) {
            taken.push(String(message.value));
            answered.add(partition);
          }
        }
        return [...answered].map((partition) => ({ topicName: topic, partition, errorCode: 0 }));
      },
    };
  }
  // Only what the producer calls; the rest of the library has no part in this.
  return { taken, kafka: { producer } as unknown as Kafka };
}

test("records that the library left out fail the call, and are sent by the next one", async () => {
  const { kafka, taken } = createForgetfulKafka();
  const producer = createProducer({ kafka, logger: testLogger() });
  const records = numbered(100, { keys: 100 });
  await expect(producer.publish("topic", records)).rejects.toMatchObject({
    kind: "unavailable",
    details: { reason: "KAFKA_UNAVAILABLE" },
  });
  expect(taken.length).toBeLessThan(100);
  await producer.publish("topic", records);
  expect(new Set(taken).size).toBe(100);
  await producer.close();
});
