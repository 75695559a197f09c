import { existsSync } from "node:fs";
import { appendFile, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { startDevkafka } from "../src/service.ts";
import { connectRaw, type RawClient } from "./raw-client.ts";
import {
  createTopic,
  kafkaOf,
  produce,
  readValues,
  startTestBroker,
  type TestBroker,
} from "./test-broker.ts";

let broker: TestBroker;

beforeEach(async () => {
  broker = await startTestBroker();
});
afterEach(() => broker.remove());

const inData = (...path: string[]) => join(broker.dataDirectory, ...path);
const logFile = () => inData("topics", "1-orders", "0.log");

describe("a restart", () => {
  test("keeps topics, records and committed offsets, and goes on where it was", async () => {
    await createTopic(broker.current(), "orders");
    await produce(broker.current(), "orders", ["one", "two"]);
    await commit("billing", "orders", "1");
    await broker.restart();
    expect(await readValues(broker.current(), "orders")).toEqual(["one", "two"]);
    expect(await committed("billing", "orders")).toBe("1");
    await produce(broker.current(), "orders", ["three"]);
    expect(await readValues(broker.current(), "orders", "second-reader")).toEqual(["one", "two", "three"]);
  });

  test("does not bring back what was deleted", async () => {
    await createTopic(broker.current(), "orders");
    await createTopic(broker.current(), "payments");
    await commit("billing", "orders", "1");
    await commit("billing", "payments", "1");
    await commit("reports", "payments", "1");
    const admin = kafkaOf(broker.current()).admin();
    await admin.connect();
    await admin.deleteTopics({ topics: ["orders"] });
    await admin.deleteGroups(["reports"]);
    await admin.disconnect();

    await broker.restart();
    const again = kafkaOf(broker.current()).admin();
    await again.connect();
    expect(await again.listTopics()).toEqual(["payments"]);
    expect((await again.listGroups()).groups.map(({ groupId }) => groupId)).toEqual(["billing"]);
    await again.disconnect();
    await createTopic(broker.current(), "orders");
    expect(await committed("billing", "orders")).toBe("-1");
    expect(await committed("billing", "payments")).toBe("1");
    expect(await readValues(broker.current(), "orders")).toEqual([]);
  });

  test("reads a log of several windows", async () => {
    await createTopic(broker.current(), "orders");
    const value = "x".repeat(900_000);
    for (let batch = 0; batch < 8; batch++) {
      await produce(broker.current(), "orders", [value, `small-${batch}`]);
    }
    expect((await stat(logFile())).size).toBeGreaterThan(7_000_000);
    await broker.restart();
    const values = await readValues(broker.current(), "orders");
    expect(values.filter((read) => read === value)).toHaveLength(8);
    expect(values.filter((read) => read !== value)).toEqual(
      Array.from({ length: 8 }, (_, batch) => `small-${batch}`),
    );
  });
});

describe("an append that a crash cut off", () => {
  test("is removed, wherever it was cut, and the log goes on after what is whole", async () => {
    await createTopic(broker.current(), "orders");
    await produce(broker.current(), "orders", ["whole"]);
    const wholeBytes = (await stat(logFile())).size;
    await produce(broker.current(), "orders", ["torn"]);
    const complete = await readFile(logFile());
    await broker.current().stop();
    let cuts = 0;
    for (let sizeBytes = wholeBytes + 1; sizeBytes < complete.length; sizeBytes += 7) {
      await writeFile(logFile(), complete.subarray(0, sizeBytes));
      await broker.restart();
      await broker.current().stop();
      expect((await stat(logFile())).size).toBe(wholeBytes);
      cuts += 1;
    }
    expect(cuts).toBeGreaterThan(8);
    expect(broker.logLines.filter((line) => line.startsWith("removed an append"))).toHaveLength(cuts);
    await broker.restart();
    await produce(broker.current(), "orders", ["next"]);
    expect(await readValues(broker.current(), "orders")).toEqual(["whole", "next"]);
  });

  test.each([
    ["zeros, as after a loss of power", Buffer.alloc(5000)],
    ["a few bytes", Buffer.from("few")],
  ])("%s are removed", async (_, tail) => {
    await createTopic(broker.current(), "orders");
    await produce(broker.current(), "orders", ["whole"]);
    await broker.current().stop();
    await appendFile(logFile(), tail);
    await broker.restart();
    expect(await readValues(broker.current(), "orders")).toEqual(["whole"]);
    expect(broker.logLines.join()).toContain(`"removed_bytes":${tail.length}`);
  });

  test("a commit that a crash cut off is removed", async () => {
    await createTopic(broker.current(), "orders");
    await commit("billing", "orders", "1");
    await broker.current().stop();
    await appendFile(inData("offsets.jsonl"), '["billing","orders",0,"7');
    await broker.restart();
    expect(await committed("billing", "orders")).toBe("1");
    await commit("billing", "orders", "2");
    await broker.restart();
    expect(await committed("billing", "orders")).toBe("2");
  });
});

/** Going on would lose records that were acknowledged, so the broker says what is wrong instead. */
describe("damage that no crash explains stops the start with one sentence", () => {
  test("a changed byte before whole batches", async () => {
    await createTopic(broker.current(), "orders");
    await produce(broker.current(), "orders", ["one"]);
    await produce(broker.current(), "orders", ["two"]);
    await broker.current().stop();
    const bytes = await readFile(logFile());
    bytes.writeUInt8(bytes.readUInt8(66) ^ 1, 66);
    await writeFile(logFile(), bytes);
    await expect(broker.restart()).rejects.toThrow(
      /^The log .*0\.log is damaged at byte 0 of \d+: restore .*\.$/,
    );
    expect((await readFile(logFile())).equals(bytes)).toBe(true);
  });

  test.each([
    ["is not JSON", "{"],
    ["has another shape", '{"formatVersion":1,"topics":{"orders":{}},"producerIdsReservedUpTo":0}'],
    ["is of another version", '{"formatVersion":2,"topics":{},"producerIdsReservedUpTo":0}'],
  ])("metadata.json %s", async (_, content) => {
    await broker.current().stop();
    await writeFile(inData("metadata.json"), content);
    await expect(broker.restart()).rejects.toThrow(
      /^The metadata file .*metadata\.json cannot be used \(.*\): .*\.$/,
    );
    expect(await readFile(inData("metadata.json"), "utf8")).toBe(content);
  });

  test("metadata.json is missing beside topics", async () => {
    await createTopic(broker.current(), "orders");
    await broker.current().stop();
    await rm(inData("metadata.json"));
    await expect(broker.restart()).rejects.toThrow(/it is missing, and there are topics beside it/);
  });

  test("a line of offsets.jsonl that is not the last", async () => {
    await createTopic(broker.current(), "orders");
    await commit("billing", "orders", "1");
    await broker.current().stop();
    const before = await readFile(inData("offsets.jsonl"), "utf8");
    await writeFile(inData("offsets.jsonl"), `nonsense\n${before}`);
    await expect(broker.restart()).rejects.toThrow(/^Line 1 of .*offsets\.jsonl cannot be read: .*\.$/);
  });
});

describe("start", () => {
  test("a port in use is named in one sentence", async () => {
    const { port } = broker.current().address;
    const dataDirectory = inData("second");
    const starting = startDevkafka({
      host: "127.0.0.1",
      port,
      dataDirectory,
      defaultPartitions: 1,
      fsync: false,
    });
    await expect(starting).rejects.toThrow(
      new RegExp(`^Port ${port} on 127.0.0.1 is in use: .*DEVKAFKA_PORT\\.$`),
    );
  });

  test("a data directory that cannot be made is named in one sentence", async () => {
    await writeFile(inData("file"), "");
    const options = { host: "127.0.0.1", port: 0, defaultPartitions: 1, fsync: false };
    const starting = startDevkafka({ ...options, dataDirectory: inData("file", "below") });
    await expect(starting).rejects.toThrow(/^The data directory .* cannot be created \(.*\): .*\.$/);
  });

  test("offsets.jsonl shrinks to what counts, at start and while running", async () => {
    await createTopic(broker.current(), "orders");
    await commit("busy", "orders", ...Array.from({ length: 10_050 }, (_, index) => String(index + 1)));
    const countLines = async () => (await readFile(inData("offsets.jsonl"), "utf8")).split("\n").length - 1;
    expect(await countLines()).toBeLessThan(100);
    await broker.restart();
    expect(await countLines()).toBe(1);
    expect(await committed("busy", "orders")).toBe("10050");
  });

  test("fsync, and empty partitions without files", async () => {
    const durable = await startTestBroker({ fsync: true });
    await createTopic(durable.current(), "orders");
    expect(await readdir(join(durable.dataDirectory, "topics", "1-orders"))).toEqual([]);
    await produce(durable.current(), "orders", ["one"]);
    expect(await readdir(join(durable.dataDirectory, "topics", "1-orders"))).toEqual(["0.log"]);
    await durable.restart();
    expect(await readValues(durable.current(), "orders")).toEqual(["one"]);
    await durable.remove();
    expect(existsSync(durable.dataDirectory)).toBe(false);
  });
});

/** Commits from outside the group, as tools do. */
async function commit(groupId: string, topic: string, ...offsets: string[]): Promise<void> {
  const client = await connectRaw(broker.current().address);
  for (const offset of offsets) {
    await commitOne(client, groupId, topic, offset);
  }
  client.close();
}

async function commitOne(client: RawClient, groupId: string, topic: string, offset: string): Promise<void> {
  const body = await client.request(8, 5, (request) => {
    request.string(groupId);
    request.int32(-1);
    request.string("");
    request.array([topic], (name) => {
      request.string(name);
      request.array([0], (partition) => {
        request.int32(partition);
        request.int64(BigInt(offset));
        request.nullableString(null);
      });
    });
  });
  body?.int32();
  const errors = body?.array(() => [body.string(), body.array(() => [body.int32(), body.int16()])]);
  expect(errors).toEqual([[topic, [[0, 0]]]]);
}

async function committed(groupId: string, topic: string): Promise<string | undefined> {
  const admin = kafkaOf(broker.current()).admin();
  await admin.connect();
  const [fetched] = await admin.fetchOffsets({ groupId, topics: [topic] });
  await admin.disconnect();
  return fetched?.partitions[0]?.offset;
}
