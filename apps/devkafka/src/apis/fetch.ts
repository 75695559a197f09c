import type { Broker } from "../broker.ts";
import type { PartitionLog } from "../log/partition-log.ts";
import { type ErrorCode, errorCodes } from "../wire/error-codes.ts";
import type { RequestReader } from "../wire/request-reader.ts";
import { createResponseWriter, type ResponseWriter } from "../wire/response-writer.ts";
import { type Api, type ApiRequest, noThrottle } from "./api.ts";

/** Apache Kafka's default for fetch.max.bytes: the most that a broker puts into one response. */
const responseBytesMax = 55 * 1024 * 1024;

/** The longest that a fetch waits, whatever it asks for: a client that is gone without a reset is noticed after it. */
const maxWaitMsLimit = 60_000;

/** A fetch session would let a client leave out what has not changed. Every request here is whole. */
const noFetchSession = 0;

const nothing = Buffer.alloc(0);

export function fetchApis(broker: Broker): Api[] {
  return [{ key: 1, minVersion: 4, maxVersion: 11, handle: (request) => handleFetch(broker, request) }];
}

interface FetchRequest {
  readonly maxWaitMs: number;
  readonly minBytes: number;
  readonly maxBytes: number;
  readonly topics: readonly FetchedTopic[];
}

interface FetchedTopic {
  readonly name: string;
  readonly partitions: readonly {
    readonly index: number;
    readonly offset: bigint;
    readonly maxBytes: number;
  }[];
}

interface FetchResult {
  readonly topic: string;
  readonly index: number;
  readonly log: PartitionLog | undefined;
  readonly error: ErrorCode;
  readonly records: Buffer;
}

function readFetch(version: number, reader: RequestReader): FetchRequest {
  reader.int32(); // Replica id: -1 for every consumer.
  const maxWaitMs = Math.min(reader.int32(), maxWaitMsLimit);
  const minBytes = reader.int32();
  const maxBytes = Math.min(reader.int32(), responseBytesMax);
  reader.int8(); // Isolation level: there are no transactions, so both levels see the same.
  if (version >= 7) {
    reader.int32(); // Session id.
    reader.int32(); // Session epoch.
  }
  const topics = reader.array(() => ({
    name: reader.string(),
    partitions: reader.array(() => {
      const index = reader.int32();
      if (version >= 9) {
        reader.int32(); // Leader epoch: it never changes.
      }
      const offset = reader.int64();
      if (version >= 5) {
        reader.int64(); // Log start offset: for followers.
      }
      return { index, offset, maxBytes: reader.int32() };
    }),
  }));
  return { maxWaitMs, minBytes, maxBytes, topics };
}

async function handleFetch(broker: Broker, { version, reader, signal }: ApiRequest): Promise<ResponseWriter> {
  const request = readFetch(version, reader);
  const deadline = performance.now() + request.maxWaitMs;
  let results = readAll(broker, request);
  while (!isEnough(results, request.minBytes)) {
    const hasChanged = await waitForChange(results, deadline - performance.now(), signal);
    if (!hasChanged) {
      break;
    }
    results = readAll(broker, request);
  }
  return writeFetch(version, request, results);
}

function readAll(broker: Broker, request: FetchRequest): FetchResult[] {
  let bytesLeft = request.maxBytes;
  return request.topics.flatMap(({ name: topic, partitions }) =>
    partitions.map(({ index, offset, maxBytes }) => {
      const log = broker.topics.partition(topic, index);
      if (log === undefined) {
        return { topic, index, log, error: errorCodes.unknownTopicOrPartition, records: nothing };
      }
      const result = log.read(offset, Math.min(maxBytes, bytesLeft));
      // The first records go out even when they are above the limit, or a consumer could never get past them.
      const isOverLimit = bytesLeft <= 0 && bytesLeft < request.maxBytes;
      const records = isOverLimit ? nothing : result.records;
      bytesLeft -= records.length;
      return { topic, index, log, error: result.error, records };
    }),
  );
}

function isEnough(results: readonly FetchResult[], minBytes: number): boolean {
  const readBytes = results.reduce((sum, { records }) => sum + records.length, 0);
  return readBytes >= minBytes || results.some(({ error }) => error !== errorCodes.none);
}

/** Waits for an append to one of the partitions. False when the time is over or the client is gone. */
function waitForChange(
  results: readonly FetchResult[],
  timeoutMs: number,
  signal: AbortSignal,
): Promise<boolean> {
  if (timeoutMs <= 0 || signal.aborted) {
    return Promise.resolve(false);
  }
  return new Promise((resolve) => {
    const finish = (hasChanged: boolean) => {
      clearTimeout(timer);
      signal.removeEventListener("abort", onAbort);
      for (const stopListening of subscriptions) {
        stopListening();
      }
      resolve(hasChanged);
    };
    const onAbort = () => finish(false);
    const timer = setTimeout(() => finish(false), timeoutMs);
    signal.addEventListener("abort", onAbort);
    const subscriptions = results.flatMap(({ log }) => (log ? [log.onChange(() => finish(true))] : []));
  });
}

function writeFetch(version: number, request: FetchRequest, results: readonly FetchResult[]): ResponseWriter {
  const response = createResponseWriter();
  response.int32(noThrottle);
  if (version >= 7) {
    response.int16(errorCodes.none);
    response.int32(noFetchSession);
  }
  let next = 0;
  response.array(request.topics, (topic) => {
    response.string(topic.name);
    response.array(topic.partitions, () => {
      const { index, error, log, records } = results[next++]!;
      const endOffset = error === errorCodes.none ? (log?.endOffset() ?? -1n) : -1n;
      response.int32(index);
      response.int16(error);
      response.int64(endOffset); // High watermark: with one node, everything appended is committed.
      response.int64(endOffset); // Last stable offset.
      if (version >= 5) {
        response.int64(error === errorCodes.none ? 0n : -1n);
      }
      response.array([], response.int32); // Aborted transactions.
      if (version >= 11) {
        response.int32(-1); // Preferred read replica.
      }
      response.bytes(records);
    });
  });
  return response;
}
