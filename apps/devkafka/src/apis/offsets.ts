import type { Broker } from "../broker.ts";
import type { CommittedOffset } from "../offsets-store.ts";
import { type ErrorCode, errorCodes } from "../wire/error-codes.ts";
import { createResponseWriter, type ResponseWriter } from "../wire/response-writer.ts";
import { type Api, type ApiRequest, noThrottle } from "./api.ts";

/** Apache Kafka's default for offset.metadata.max.bytes. */
const metadataBytesMax = 4096;

/** OffsetCommit and OffsetFetch. */
export function offsetApis(broker: Broker): Api[] {
  return [
    { key: 8, minVersion: 2, maxVersion: 5, handle: (request) => handleOffsetCommit(broker, request) },
    { key: 9, minVersion: 1, maxVersion: 4, handle: (request) => handleOffsetFetch(broker, request) },
  ];
}

function handleOffsetCommit(broker: Broker, { version, reader }: ApiRequest): ResponseWriter {
  const groupId = reader.string();
  const generation = reader.int32();
  const memberId = reader.string();
  if (version <= 4) {
    reader.int64(); // Retention time: offsets are kept.
  }
  const topics = reader.array(() => {
    const name = reader.string();
    const partitions = reader.array(
      (): CommittedOffset => ({
        topic: name,
        partition: reader.int32(),
        offset: reader.int64(),
        metadata: reader.nullableString(),
      }),
    );
    return { name, partitions };
  });

  const groupError = broker.groups.checkCommit({ groupId, generation, memberId });
  const errorOf = (committed: CommittedOffset) =>
    groupError === errorCodes.none ? offsetError(broker, committed) : groupError;
  const accepted = topics
    .flatMap(({ partitions }) => partitions)
    .filter((committed) => errorOf(committed) === errorCodes.none);
  if (accepted.length > 0) {
    broker.offsets.commit(groupId, accepted);
  }

  const response = createResponseWriter();
  if (version >= 3) {
    response.int32(noThrottle);
  }
  response.array(topics, (topic) => {
    response.string(topic.name);
    response.array(topic.partitions, (committed) => {
      response.int32(committed.partition);
      response.int16(errorOf(committed));
    });
  });
  return response;
}

function offsetError(broker: Broker, { topic, partition, metadata }: CommittedOffset): ErrorCode {
  if (broker.topics.partition(topic, partition) === undefined) {
    return errorCodes.unknownTopicOrPartition;
  }
  return Buffer.byteLength(metadata ?? "") > metadataBytesMax
    ? errorCodes.offsetMetadataTooLarge
    : errorCodes.none;
}

function handleOffsetFetch(broker: Broker, { version, reader }: ApiRequest): ResponseWriter {
  const groupId = reader.string();
  const asked = reader.nullableArray(() => ({
    name: reader.string(),
    partitions: reader.array(reader.int32),
  }));

  const response = createResponseWriter();
  if (version >= 3) {
    response.int32(noThrottle);
  }
  response.array(asked ?? committedTopics(broker, groupId), (topic) => {
    response.string(topic.name);
    response.array(topic.partitions, (partition) => {
      const committed = broker.offsets.get(groupId, topic.name, partition);
      response.int32(partition);
      response.int64(committed?.offset ?? -1n);
      response.nullableString(committed?.metadata ?? "");
      response.int16(errorCodes.none);
    });
  });
  if (version >= 2) {
    response.int16(errorCodes.none);
  }
  return response;
}

/** All topics and partitions that the group has committed offsets of. */
function committedTopics(broker: Broker, groupId: string): { name: string; partitions: number[] }[] {
  const partitionsOf = new Map<string, number[]>();
  for (const { topic, partition } of broker.offsets.all(groupId)) {
    partitionsOf.set(topic, [...(partitionsOf.get(topic) ?? []), partition]);
  }
  return Array.from(partitionsOf, ([name, partitions]) => ({ name, partitions }));
}
