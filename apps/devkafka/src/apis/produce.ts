import type { Broker } from "../broker.ts";
import type { AppendResult } from "../log/partition-log.ts";
import { type ErrorCode, errorCodes } from "../wire/error-codes.ts";
import { malformedRequest, type RequestReader } from "../wire/request-reader.ts";
import { createResponseWriter, type ResponseWriter } from "../wire/response-writer.ts";
import { type Api, type ApiRequest, noThrottle } from "./api.ts";

/** Produce and InitProducerId. */
export function produceApis(broker: Broker): Api[] {
  return [
    { key: 0, minVersion: 3, maxVersion: 7, handle: (request) => handleProduce(broker, request) },
    { key: 22, minVersion: 0, maxVersion: 1, handle: (request) => handleInitProducerId(broker, request) },
  ];
}

function readProduce(reader: RequestReader) {
  const transactionalId = reader.nullableString();
  const acks = reader.int16();
  const timeoutMs = reader.int32();
  const topics = reader.array(() => ({
    name: reader.string(),
    partitions: reader.array(() => ({ index: reader.int32(), records: reader.nullableBytes() })),
  }));
  return { transactionalId, acks, timeoutMs, topics };
}

function handleProduce(broker: Broker, { version, reader }: ApiRequest): ResponseWriter | undefined {
  const { transactionalId, acks, topics } = readProduce(reader);
  let refusal: ErrorCode = errorCodes.none;
  if (transactionalId !== null) {
    refusal = errorCodes.invalidRequest;
  } else if (acks < -1 || acks > 1) {
    refusal = errorCodes.invalidRequiredAcks;
  }

  const results = topics.map(({ name, partitions }) => ({
    name,
    partitions: partitions.map(({ index, records }) => ({
      index,
      result:
        refusal === errorCodes.none
          ? append(broker, name, index, records)
          : { error: refusal, baseOffset: -1n },
    })),
  }));
  if (acks === 0) {
    // Without a response, the end of the connection is the only way to tell the producer.
    const failed = results.some((topic) =>
      topic.partitions.some(({ result }) => result.error !== errorCodes.none),
    );
    if (failed) {
      throw malformedRequest("records sent with acks 0 were refused");
    }
    return undefined;
  }

  const response = createResponseWriter();
  response.array(results, (topic) => {
    response.string(topic.name);
    response.array(topic.partitions, ({ index, result }) => {
      response.int32(index);
      response.int16(result.error);
      response.int64(result.baseOffset);
      response.int64(-1n);
      if (version >= 5) {
        response.int64(result.error === errorCodes.none ? 0n : -1n);
      }
    });
  });
  response.int32(noThrottle);
  return response;
}

function append(broker: Broker, topic: string, index: number, records: Buffer | null): AppendResult {
  const log = broker.topics.partition(topic, index);
  if (log === undefined) {
    return { error: errorCodes.unknownTopicOrPartition, baseOffset: -1n };
  }
  return records === null ? { error: errorCodes.invalidRecord, baseOffset: -1n } : log.append(records);
}

function handleInitProducerId(broker: Broker, { reader }: ApiRequest): ResponseWriter {
  const transactionalId = reader.nullableString();
  const response = createResponseWriter();
  response.int32(noThrottle);
  if (transactionalId === null) {
    response.int16(errorCodes.none);
    response.int64(broker.metadata.takeProducerId());
    response.int16(0);
  } else {
    response.int16(errorCodes.invalidRequest);
    response.int64(-1n);
    response.int16(-1);
  }
  return response;
}
