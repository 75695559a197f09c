import { afterEach, beforeEach, expect, test } from "vitest";
import { connectRaw, produceRaw, type RawClient } from "./raw-client.ts";
import { encodeBatch } from "./record-batches.ts";
import { createTopic, readValues, startTestBroker, type TestBroker } from "./test-broker.ts";

let broker: TestBroker;
let client: RawClient;

beforeEach(async () => {
  broker = await startTestBroker();
  await createTopic(broker.current(), "orders");
  client = await connectRaw(broker.current().address);
});
afterEach(async () => {
  client.close();
  await broker.remove();
});

const outOfOrderSequence = { error: 45, baseOffset: -1n };
const invalidProducerEpoch = { error: 47, baseOffset: -1n };
const at = (baseOffset: bigint) => ({ error: 0, baseOffset });

/** Sends a batch as producer 1. Its values tell sequence numbers, so that a reader sees what was stored. */
function send(baseSequence: number, options: { count?: number; epoch?: number; producerId?: bigint } = {}) {
  const { count = 1, epoch = 0, producerId = 1n } = options;
  const values = Array.from(
    { length: count },
    (_, index) => `${producerId}/${epoch}/${baseSequence + index}`,
  );
  return produceRaw(
    client,
    "orders",
    encodeBatch({ values, producerId, producerEpoch: epoch, baseSequence }),
  );
}

async function restart(): Promise<void> {
  client.close();
  await broker.restart();
  client = await connectRaw(broker.current().address);
}

test("a batch that comes again gets its first offset and is not stored again", async () => {
  expect(await send(0, { count: 3 })).toEqual(at(0n));
  expect(await send(0, { count: 3 })).toEqual(at(0n));
  expect(await send(3)).toEqual(at(3n));
  expect(await send(0, { count: 3 })).toEqual(at(0n));
  expect(await readValues(broker.current(), "orders")).toEqual(["1/0/0", "1/0/1", "1/0/2", "1/0/3"]);
});

test("a gap and a step back are refused, and the right batch is taken afterwards", async () => {
  expect(await send(0)).toEqual(at(0n));
  expect(await send(2)).toEqual(outOfOrderSequence);
  expect(await send(1)).toEqual(at(1n));
  // Sequence 0 was one record: two records from there on are not the batch that is known.
  expect(await send(0, { count: 2 })).toEqual(outOfOrderSequence);
  expect(await send(2)).toEqual(at(2n));
});

test("the last five batches are known, older ones are not", async () => {
  for (let sequence = 0; sequence < 6; sequence++) {
    expect(await send(sequence)).toEqual(at(BigInt(sequence)));
  }
  expect(await send(1)).toEqual(at(1n));
  expect(await send(0)).toEqual(outOfOrderSequence);
});

test("sequence numbers go from the largest 32-bit integer to zero", async () => {
  expect(await send(2 ** 31 - 2)).toEqual(at(0n));
  expect(await send(2 ** 31 - 1, { count: 2 })).toEqual(at(1n));
  expect(await send(1)).toEqual(at(3n));
  expect(await send(2 ** 31 - 1, { count: 2 })).toEqual(at(1n));
});

test("a new epoch begins at zero and shuts the old one out; producers do not disturb each other", async () => {
  expect(await send(0)).toEqual(at(0n));
  expect(await send(5, { epoch: 1 })).toEqual(outOfOrderSequence);
  expect(await send(0, { epoch: 1 })).toEqual(at(1n));
  expect(await send(1, { epoch: 0 })).toEqual(invalidProducerEpoch);
  expect(await send(0, { producerId: 2n })).toEqual(at(2n));
  expect(await send(1, { epoch: 1 })).toEqual(at(3n));
});

test("what is known of producers survives a restart", async () => {
  await send(0);
  await send(1);
  await restart();
  expect(await send(1)).toEqual(at(1n));
  expect(await send(3)).toEqual(outOfOrderSequence);
  expect(await send(2)).toEqual(at(2n));
});

test("producer ids are never given twice, over restarts too", async () => {
  const ids: bigint[] = [];
  for (let round = 0; round < 3; round++) {
    for (let count = 0; count < 700; count++) {
      const body = await client.request(22, 1, (request) => {
        request.nullableString(null);
        request.int32(1_000);
      });
      body?.int32();
      expect(body?.int16()).toBe(0);
      ids.push(body?.int64() ?? -1n);
    }
    await restart();
  }
  expect(new Set(ids).size).toBe(2_100);
});

test("transactions are refused", async () => {
  const coordinator = await client.request(10, 1, (request) => {
    request.string("transaction");
    request.int8(1);
  });
  coordinator?.int32();
  expect([coordinator?.int16(), coordinator?.nullableString()]).toEqual([42, "devkafka has no transactions"]);
  const producer = await client.request(22, 1, (request) => {
    request.nullableString("transaction");
    request.int32(1_000);
  });
  producer?.int32();
  expect(producer?.int16()).toBe(42);
});
