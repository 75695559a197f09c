import { connect } from "node:net";
import { PassThrough } from "node:stream";
import { type ISocketFactory, Kafka, logLevel, Partitioners } from "kafkajs";
import { expect, test } from "vitest";
import type { Devkafka } from "../src/service.ts";
import { readFrames } from "../src/wire/frames.ts";
import { randomNumbers } from "./random-numbers.ts";
import { connectRaw, encodeRequest, withLength } from "./raw-client.ts";
import { createTopic, produce, readValues, startTestBroker } from "./test-broker.ts";

const rounds = 3_000;

test("requests of a real client with some bytes changed close their connection at most", async () => {
  const broker = await startTestBroker();
  try {
    await createTopic(broker.current(), "kept");
    await produce(broker.current(), "kept", ["one", "two"]);
    const requests = await recordRequests(broker.current());
    const kinds = new Set(requests.map((request) => request.readInt16BE(0)));
    expect([...kinds].sort((left, right) => left - right)).toEqual([
      0, 1, 2, 3, 8, 9, 10, 11, 12, 13, 14, 15, 16, 18, 19, 20, 22, 42,
    ]);

    const { seed, integer } = randomNumbers();
    const bystander = await connectRaw(broker.current().address);
    let answered = 0;
    for (let round = 0; round < rounds; round++) {
      const request = Buffer.from(requests[round % requests.length]!);
      for (let change = integer(1, 3); change > 0; change--) {
        request.writeUInt8(integer(0, 255), integer(4, request.length - 1));
      }
      const client = await connectRaw(broker.current().address);
      await client.request(18, 0, () => {});
      client.send(withLength(request));
      // Two answers to somebody else say that the broker is alive, and that it has dealt with the request.
      for (const correlationId of [1, 2]) {
        bystander.send(encodeRequest({ key: 18, version: 0, correlationId, writeBody: () => {} }));
        expect((await bystander.receive())?.correlationId).toBe(correlationId);
      }
      answered += client.hasAnswer() ? 1 : 0;
      client.close();
    }
    bystander.close();
    const refused = broker.logLines.filter((line) => line.includes("bad request")).length;
    process.stdout.write(
      `mutated requests: seed ${seed}, ${rounds} sent, ${answered} answered, ${refused} closed the connection\n`,
    );
    expect(answered).toBeGreaterThan(rounds / 10);
    expect(refused).toBeGreaterThan(rounds / 10);
    expect(broker.logLines.filter((line) => line.includes("error of the broker"))).toEqual([]);
    await broker.restart();
    expect(await readValues(broker.current(), "kept", "after")).toEqual(["one", "two"]);
  } finally {
    await broker.remove();
  }
});

/** Lets kafkajs do one of everything, and keeps what it sends. */
async function recordRequests({ address }: Devkafka): Promise<Buffer[]> {
  const requests: Buffer[] = [];
  const recordings: Promise<void>[] = [];
  const socketFactory: ISocketFactory = ({ host, port, onConnect }) => {
    const socket = connect({ host, port }, onConnect);
    const copy = new PassThrough();
    const write = socket.write.bind(socket);
    socket.write = ((data: Buffer, ...rest: []) => {
      copy.write(data);
      return write(data, ...rest);
    }) as typeof socket.write;
    socket.once("close", () => copy.end());
    recordings.push(
      (async () => {
        for await (const request of readFrames(copy, 1_000_000)) {
          requests.push(request);
        }
      })(),
    );
    return socket;
  };
  const kafka = new Kafka({
    brokers: [`${address.host}:${address.port}`],
    logLevel: logLevel.NOTHING,
    socketFactory,
  });

  const admin = kafka.admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic: "recorded", numPartitions: 2 }] });
  const producer = kafka.producer({ idempotent: true, createPartitioner: Partitioners.DefaultPartitioner });
  await producer.connect();
  await producer.send({ topic: "recorded", messages: [{ key: "k", value: "v", headers: { h: "x" } }] });
  const consumer = kafka.consumer({ groupId: "recorded", maxWaitTimeInMs: 50, heartbeatInterval: 20 });
  await consumer.connect();
  await consumer.subscribe({ topic: "recorded", fromBeginning: true });
  const heartbeat = new Promise<void>((resolve) => consumer.on(consumer.events.HEARTBEAT, () => resolve()));
  await consumer.run({ eachMessage: async () => {} });
  await heartbeat;
  await consumer.commitOffsets([{ topic: "recorded", partition: 0, offset: "1" }]);
  await admin.fetchOffsets({ groupId: "recorded" });
  await admin.listGroups();
  await admin.describeGroups(["recorded"]);
  await consumer.disconnect();
  await admin.deleteGroups(["recorded"]);
  await admin.deleteTopics({ topics: ["recorded"] });
  await producer.disconnect();
  await admin.disconnect();
  await Promise.all(recordings);
  return requests;
}
