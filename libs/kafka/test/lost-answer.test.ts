import { connect, type Socket } from "node:net";
import { kafkaBrokers } from "@ordermesh/testkit/infrastructure";
import { Kafka, logLevel } from "kafkajs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createProducer } from "../src/producer.ts";
import { createKafkaHarness, type KafkaHarness, numbered, textOf } from "./kafka-harness.ts";

let harness: KafkaHarness;
beforeAll(() => {
  harness = createKafkaHarness(kafkaBrokers());
});
afterAll(() => harness.close());

/** Sockets on which the next answer can be lost: the connection ends after the broker has done what was asked. */
function createLossySockets() {
  let armed = false;
  let lost = 0;
  return {
    loseNextAnswer() {
      armed = true;
    },
    lost: () => lost,
    socketFactory({ host, port, onConnect }: { host: string; port: number; onConnect: () => void }): Socket {
      const socket = connect({ host, port }, onConnect);
      const emit = socket.emit.bind(socket);
      socket.emit = (event: string | symbol, ...values: unknown[]) => {
        if (event === "data" && armed) {
          armed = false;
          lost += 1;
          socket.destroy();
          emit("end");
          return true;
        }
        return emit(event, ...values);
      };
      return socket;
    },
  };
}

// kafkajs takes the sequence numbers of a request back when its answer is lost. Two calls at the same time then shared
// them: the broker took the second call's records for the first one's, answered that it had them, and dropped them.
test("records of calls that overlap are all there, once, when an answer is lost", async () => {
  const sockets = createLossySockets();
  const kafka = new Kafka({
    clientId: "lossy",
    brokers: kafkaBrokers(),
    socketFactory: sockets.socketFactory,
    logLevel: logLevel.NOTHING,
  });
  const producer = createProducer({ ...harness.client, kafka });
  const topic = await harness.createTopic(1);
  let first = 0;
  const publish = async () => {
    const record = numbered(1, { keys: 1, first });
    first += 1;
    await producer.publish(topic, record);
  };
  await publish();
  for (let round = 0; round < 5; round += 1) {
    sockets.loseNextAnswer();
    await Promise.all([publish(), publish(), publish()]);
  }
  expect(sockets.lost()).toBe(5);
  const records = await harness.readAll(topic);
  expect(records.map(textOf)).toEqual(Array.from({ length: first }, (_, index) => `${index}`));
  await producer.close();
});
