import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { connectRaw, encodeRequest, produceRaw, type RawClient, withLength } from "./raw-client.ts";
import { encodeBatch, withChecksum } from "./record-batches.ts";
import { createTopic, kafkaOf, readValues, startTestBroker, type TestBroker } from "./test-broker.ts";

let broker: TestBroker;
let clients: RawClient[];

beforeEach(async () => {
  broker = await startTestBroker({ requestBytesMax: 2_000_000, connectionsMax: 20 });
  clients = [];
});
afterEach(async () => {
  for (const client of clients) {
    client.close();
  }
  await broker.remove();
});

async function connect(): Promise<RawClient> {
  const client = await connectRaw(broker.current().address);
  clients.push(client);
  return client;
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

/** Metadata of all topics: a request that every client sends. */
const metadataRequest = (correlationId: number) =>
  encodeRequest({ key: 3, version: 1, correlationId, writeBody: (body) => body.int32(-1) });

describe("a connection that sends nonsense is closed, and nothing else", () => {
  test.each([
    ["another protocol", Buffer.from("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")],
    ["a negative length", int32(-5)],
    ["a length above the limit", int32(2_000_001)],
    ["a request without a header", withLength(Buffer.from([0, 3]))],
    ["a request that ends in its header", withLength(Buffer.from([0, 3, 0, 6, 0, 0, 0, 1, 0]))],
    [
      "an API that does not exist",
      encodeRequest({ key: 999, version: 0, correlationId: 1, writeBody: () => {} }),
    ],
    [
      "a version that does not exist",
      encodeRequest({ key: 3, version: 99, correlationId: 1, writeBody: () => {} }),
    ],
    [
      "an array of two billion items",
      encodeRequest({ key: 3, version: 6, correlationId: 1, writeBody: (body) => body.int32(2 ** 31 - 1) }),
    ],
    [
      "a string longer than the request",
      encodeRequest({ key: 10, version: 0, correlationId: 1, writeBody: (body) => body.int16(30_000) }),
    ],
  ])("%s", async (_, bytes) => {
    const bystander = await connect();
    const client = await connect();
    client.send(bytes);
    expect(await client.receive()).toBeUndefined();
    bystander.send(metadataRequest(7));
    expect((await bystander.receive())?.correlationId).toBe(7);
    expect(broker.logLines).toHaveLength(1);
    expect(broker.logLines[0]).toMatch(/^closed a connection over a bad request .*malformed/);
  });

  test("a request that stops in its middle changes nothing", async () => {
    const client = await connect();
    client.send(metadataRequest(1).subarray(0, 9));
    client.close();
    const other = await connect();
    other.send(metadataRequest(2));
    expect((await other.receive())?.correlationId).toBe(2);
  });
});

describe("what TCP may do to requests", () => {
  test("one byte at a time, and several at once, in order", async () => {
    const client = await connect();
    for (const byte of metadataRequest(1)) {
      client.send(Buffer.from([byte]));
    }
    expect((await client.receive())?.correlationId).toBe(1);
    client.send(Buffer.concat([2, 3, 4, 5].map(metadataRequest)));
    for (const expected of [2, 3, 4, 5]) {
      expect((await client.receive())?.correlationId).toBe(expected);
    }
  });

  test("more connections than allowed are closed at once; there is room again when others leave", async () => {
    const allowed = await Promise.all(Array.from({ length: 20 }, connect));
    const surplus = await connect();
    expect(await surplus.receive()).toBeUndefined();
    allowed[0]!.send(metadataRequest(1));
    expect((await allowed[0]!.receive())?.correlationId).toBe(1);

    for (const client of allowed.slice(10)) {
      client.close();
    }
    let answered: number | undefined;
    for (let attempt = 0; attempt < 100 && answered === undefined; attempt++) {
      const late = await connect();
      late.send(metadataRequest(9));
      answered = (await late.receive())?.correlationId;
    }
    expect(answered).toBe(9);
    expect(broker.logLines.join()).toContain("too many are open");
  });

  test("a broker that listens on all addresses tells a client the one it used", async () => {
    const open = await startTestBroker({ host: "0.0.0.0" });
    const admin = kafkaOf({
      ...open.current(),
      address: { host: "127.0.0.1", port: open.current().address.port },
    }).admin();
    await admin.connect();
    const { brokers } = await admin.describeCluster();
    expect(brokers).toMatchObject([{ host: "127.0.0.1", port: open.current().address.port }]);
    await admin.disconnect();
    await open.remove();
  });

  test("ApiVersions in a version of the future is answered with the versions that there are", async () => {
    const client = await connect();
    const body = await client.request(18, 4, () => {});
    expect(body?.int16()).toBe(35);
    const apis = body?.array(() => [body.int16(), body.int16(), body.int16()]);
    expect(apis).toContainEqual([0, 3, 7]);
    expect(apis).toContainEqual([18, 0, 2]);
  });
});

describe("records that cannot be stored", () => {
  const valid = () => encodeBatch({ values: ["a", "b"] });
  const patched = (patch: (batch: Buffer) => void) => {
    const batch = valid();
    patch(batch);
    return withChecksum(batch);
  };

  test.each([
    ["a wrong checksum", valid().fill("?", 68, 69), 2],
    ["fewer bytes than a header", valid().subarray(0, 40), 87],
    ["fewer bytes than it says", valid().subarray(0, 65), 87],
    ["an old format", patched((batch) => batch.writeInt8(1, 16)), 87],
    ["a length that does not fit", patched((batch) => batch.writeInt32BE(50, 8)), 2],
    ["two batches at once", Buffer.concat([valid(), valid()]), 87],
    ["a count that does not fit", patched((batch) => batch.writeInt32BE(3, 57)), 87],
    ["no records", patched((batch) => batch.writeInt32BE(0, 57)), 87],
    ["a transaction", patched((batch) => batch.writeInt16BE(0x10, 21)), 87],
    ["more than message.max.bytes", encodeBatch({ values: ["x".repeat(1_048_588)] }), 10],
  ])("%s", async (_, records, error) => {
    await createTopic(broker.current(), "topic");
    const client = await connect();
    expect(await produceRaw(client, "topic", records)).toEqual({ error, baseOffset: -1n });
    expect(await produceRaw(client, "topic", valid())).toEqual({ error: 0, baseOffset: 0n });
    expect(await readValues(broker.current(), "topic")).toEqual(["a", "b"]);
  });

  test("with acks 0, the producer learns of it by the end of its connection", async () => {
    await createTopic(broker.current(), "topic");
    const client = await connect();
    expect(await produceRaw(client, "topic", valid().subarray(0, 50), 0)).toBeUndefined();
  });

  test("acks that Kafka does not have are refused", async () => {
    await createTopic(broker.current(), "topic");
    expect(await produceRaw(await connect(), "topic", valid(), 2)).toEqual({ error: 21, baseOffset: -1n });
  });
});
