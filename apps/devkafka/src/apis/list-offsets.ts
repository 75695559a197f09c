import type { Broker } from "../broker.ts";
import { errorCodes } from "../wire/error-codes.ts";
import { createResponseWriter, type ResponseWriter } from "../wire/response-writer.ts";
import { type Api, type ApiRequest, noThrottle } from "./api.ts";

const latest = -1n;
const earliest = -2n;

export function listOffsetsApis(broker: Broker): Api[] {
  return [{ key: 2, minVersion: 1, maxVersion: 3, handle: (request) => handleListOffsets(broker, request) }];
}

/** The first offset, the next offset, or the first offset that is not older than a timestamp. */
function handleListOffsets(broker: Broker, { version, reader }: ApiRequest): ResponseWriter {
  reader.int32(); // Replica id.
  if (version >= 2) {
    reader.int8(); // Isolation level.
  }
  const topics = reader.array(() => ({
    name: reader.string(),
    partitions: reader.array(() => ({ index: reader.int32(), timestamp: reader.int64() })),
  }));

  const response = createResponseWriter();
  if (version >= 2) {
    response.int32(noThrottle);
  }
  response.array(topics, (topic) => {
    response.string(topic.name);
    response.array(topic.partitions, ({ index, timestamp }) => {
      const { error, ...found } = findOffset(broker, topic.name, index, timestamp);
      response.int32(index);
      response.int16(error);
      response.int64(found.timestamp);
      response.int64(found.offset);
    });
  });
  return response;
}

function findOffset(broker: Broker, topic: string, index: number, timestamp: bigint) {
  const none = { error: errorCodes.none, timestamp: -1n, offset: -1n };
  const log = broker.topics.partition(topic, index);
  if (log === undefined) {
    return { ...none, error: errorCodes.unknownTopicOrPartition };
  }
  if (timestamp === latest) {
    return { ...none, offset: log.endOffset() };
  }
  if (timestamp === earliest) {
    return { ...none, offset: 0n };
  }
  return { ...none, ...log.findTimestamp(timestamp) };
}
