import type { Broker } from "../broker.ts";
import { topicNameProblem } from "../topics.ts";
import { errorCodes } from "../wire/error-codes.ts";
import { createResponseWriter, type ResponseWriter } from "../wire/response-writer.ts";
import { type Api, type ApiRequest, noThrottle } from "./api.ts";

/** The only node: leader of every partition, controller, and coordinator of every group. */
const nodeId = 1;
const clusterId = "devkafka";
const groupKeyType = 0;

/** Metadata and FindCoordinator: who is there, and who leads what. */
export function clusterApis(broker: Broker): Api[] {
  return [
    { key: 3, minVersion: 1, maxVersion: 6, handle: (request) => handleMetadata(broker, request) },
    { key: 10, minVersion: 0, maxVersion: 2, handle: (request) => handleFindCoordinator(broker, request) },
  ];
}

function handleMetadata(broker: Broker, request: ApiRequest): ResponseWriter {
  const { version, reader } = request;
  const asked = reader.nullableArray(reader.string);
  const mayCreate = version >= 4 ? reader.boolean() : true;

  const response = createResponseWriter();
  if (version >= 3) {
    response.int32(noThrottle);
  }
  response.array([nodeId], (id) => {
    response.int32(id);
    writeAddress(response, broker, request);
    response.nullableString(null);
  });
  if (version >= 2) {
    response.string(clusterId);
  }
  response.int32(nodeId);
  response.array(asked ?? broker.topics.names(), (name) => {
    const error = topicError(broker, name, mayCreate);
    const partitions = broker.topics.partitions(name) ?? [];
    response.int16(error);
    response.string(name);
    response.boolean(false);
    response.array([...partitions.keys()], (index) => {
      response.int16(errorCodes.none);
      response.int32(index);
      response.int32(nodeId);
      response.array([nodeId], response.int32);
      response.array([nodeId], response.int32);
      if (version >= 5) {
        response.array([], response.int32);
      }
    });
  });
  return response;
}

/** Creates a topic that a client asks for by name, as Apache Kafka does by default. */
function topicError(broker: Broker, name: string, mayCreate: boolean) {
  if (broker.topics.partitions(name) !== undefined) {
    return errorCodes.none;
  }
  if (topicNameProblem(name) !== undefined) {
    return errorCodes.invalidTopic;
  }
  if (!mayCreate) {
    return errorCodes.unknownTopicOrPartition;
  }
  broker.topics.create(name, broker.defaultPartitions);
  return errorCodes.none;
}

function handleFindCoordinator(broker: Broker, request: ApiRequest): ResponseWriter {
  const { version, reader } = request;
  reader.string();
  const isGroup = version < 1 || reader.int8() === groupKeyType;

  const response = createResponseWriter();
  if (version >= 1) {
    response.int32(noThrottle);
  }
  response.int16(isGroup ? errorCodes.none : errorCodes.invalidRequest);
  if (version >= 1) {
    response.nullableString(isGroup ? null : "devkafka has no transactions");
  }
  response.int32(isGroup ? nodeId : -1);
  writeAddress(response, broker, request);
  return response;
}

/** A broker that listens on all addresses tells each client the one that the client used. */
function writeAddress(response: ResponseWriter, broker: Broker, request: ApiRequest): void {
  const isWildcard = broker.advertisedHost === "0.0.0.0" || broker.advertisedHost === "::";
  response.string(isWildcard ? request.localAddress : broker.advertisedHost);
  response.int32(request.localPort);
}
