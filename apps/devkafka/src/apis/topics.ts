import type { Broker } from "../broker.ts";
import { partitionsPerTopicMax, topicNameProblem } from "../topics.ts";
import { type ErrorCode, errorCodes } from "../wire/error-codes.ts";
import type { RequestReader } from "../wire/request-reader.ts";
import { createResponseWriter, type ResponseWriter } from "../wire/response-writer.ts";
import { type Api, type ApiRequest, noThrottle } from "./api.ts";

/** Means that the broker's default applies. */
const unspecified = -1;

/** CreateTopics and DeleteTopics. */
export function topicApis(broker: Broker): Api[] {
  return [
    { key: 19, minVersion: 0, maxVersion: 3, handle: (request) => handleCreateTopics(broker, request) },
    { key: 20, minVersion: 0, maxVersion: 1, handle: (request) => handleDeleteTopics(broker, request) },
  ];
}

interface NewTopic {
  readonly name: string;
  readonly partitionCount: number;
  readonly replicationFactor: number;
  readonly hasAssignments: boolean;
}

function readNewTopic(reader: RequestReader): NewTopic {
  const name = reader.string();
  const partitionCount = reader.int32();
  const replicationFactor = reader.int16();
  const assignments = reader.array(() => ({ index: reader.int32(), replicas: reader.array(reader.int32) }));
  // Settings of a topic, such as its retention, are taken and have no effect: nothing is ever deleted here.
  reader.array(() => ({ name: reader.string(), value: reader.nullableString() }));
  return { name, partitionCount, replicationFactor, hasAssignments: assignments.length > 0 };
}

function handleCreateTopics(broker: Broker, { version, reader }: ApiRequest): ResponseWriter {
  const topics = reader.array(() => readNewTopic(reader));
  reader.int32(); // Timeout: creating takes no time to speak of.
  const validateOnly = version >= 1 && reader.boolean();

  const response = createResponseWriter();
  if (version >= 2) {
    response.int32(noThrottle);
  }
  response.array(topics, (topic) => {
    const problem = findProblem(broker, topic);
    if (problem === undefined && !validateOnly) {
      const { name, partitionCount } = topic;
      broker.topics.create(name, partitionCount === unspecified ? broker.defaultPartitions : partitionCount);
    }
    response.string(topic.name);
    response.int16(problem?.error ?? errorCodes.none);
    if (version >= 1) {
      response.nullableString(problem?.message ?? null);
    }
  });
  return response;
}

function findProblem(broker: Broker, topic: NewTopic): { error: ErrorCode; message: string } | undefined {
  const { name, partitionCount, replicationFactor } = topic;
  const nameProblem = topicNameProblem(name);
  if (nameProblem !== undefined) {
    return { error: errorCodes.invalidTopic, message: `${nameProblem}.` };
  }
  if (broker.topics.partitions(name) !== undefined) {
    return { error: errorCodes.topicAlreadyExists, message: `Topic '${name}' already exists.` };
  }
  if (topic.hasAssignments) {
    return {
      error: errorCodes.invalidReplicaAssignment,
      message: "devkafka has one node: leave out assignments.",
    };
  }
  if (partitionCount !== unspecified && (partitionCount < 1 || partitionCount > partitionsPerTopicMax)) {
    const message = `The number of partitions must be from 1 to ${partitionsPerTopicMax}, but is ${partitionCount}.`;
    return { error: errorCodes.invalidPartitions, message };
  }
  if (replicationFactor !== unspecified && replicationFactor !== 1) {
    const message = `The replication factor must be 1 on a single node, but is ${replicationFactor}.`;
    return { error: errorCodes.invalidReplicationFactor, message };
  }
  return undefined;
}

function handleDeleteTopics(broker: Broker, { version, reader }: ApiRequest): ResponseWriter {
  const names = reader.array(reader.string);
  reader.int32(); // Timeout.

  const response = createResponseWriter();
  if (version >= 1) {
    response.int32(noThrottle);
  }
  response.array(names, (name) => {
    const exists = broker.topics.partitions(name) !== undefined;
    if (exists) {
      broker.topics.remove(name);
      broker.offsets.removeTopic(name);
    }
    response.string(name);
    response.int16(exists ? errorCodes.none : errorCodes.unknownTopicOrPartition);
  });
  return response;
}
