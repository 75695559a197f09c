import type { Broker } from "../broker.ts";
import type { MemberName } from "../groups/group-coordinator.ts";
import type { JoinRequest } from "../groups/join.ts";
import type { RequestReader } from "../wire/request-reader.ts";
import { createResponseWriter, type ResponseWriter } from "../wire/response-writer.ts";
import { type Api, type ApiRequest, noThrottle } from "./api.ts";

/**
 * JoinGroup, SyncGroup, Heartbeat and LeaveGroup, up to the versions before static membership: nobody here needs a
 * member that keeps its partitions over a restart.
 */
export function groupMembershipApis(broker: Broker): Api[] {
  return [
    { key: 11, minVersion: 0, maxVersion: 4, handle: (request) => handleJoinGroup(broker, request) },
    { key: 12, minVersion: 0, maxVersion: 2, handle: (request) => handleHeartbeat(broker, request) },
    { key: 13, minVersion: 0, maxVersion: 2, handle: (request) => handleLeaveGroup(broker, request) },
    { key: 14, minVersion: 0, maxVersion: 2, handle: (request) => handleSyncGroup(broker, request) },
  ];
}

/** A copy: a group outlives the request, which would stay in memory as a whole. */
function readNamedBytes(reader: RequestReader): [string, Buffer] {
  return [reader.string(), Buffer.from(reader.bytes())];
}

function readJoinGroup({ version, clientId, remoteAddress, reader }: ApiRequest): JoinRequest {
  const groupId = reader.string();
  const sessionTimeoutMs = reader.int32();
  const rebalanceTimeoutMs = version >= 1 ? reader.int32() : sessionTimeoutMs;
  const memberId = reader.string();
  const protocolType = reader.string();
  const protocols = new Map(reader.array(() => readNamedBytes(reader)));
  return {
    groupId,
    memberId,
    clientId,
    clientHost: `/${remoteAddress}`,
    sessionTimeoutMs,
    rebalanceTimeoutMs,
    protocolType,
    protocols,
    knowsMemberIdRequired: version >= 4,
  };
}

async function handleJoinGroup(broker: Broker, request: ApiRequest): Promise<ResponseWriter> {
  const result = await broker.groups.join(readJoinGroup(request));
  const response = createResponseWriter();
  if (request.version >= 2) {
    response.int32(noThrottle);
  }
  response.int16(result.error);
  response.int32(result.generation);
  response.string(result.protocol);
  response.string(result.leaderId);
  response.string(result.memberId);
  response.array(result.members, (member) => {
    response.string(member.id);
    response.bytes(member.metadata);
  });
  return response;
}

function readMemberName(reader: RequestReader): MemberName {
  return { groupId: reader.string(), generation: reader.int32(), memberId: reader.string() };
}

async function handleSyncGroup(broker: Broker, { version, reader }: ApiRequest): Promise<ResponseWriter> {
  const name = readMemberName(reader);
  const assignments = new Map(reader.array(() => readNamedBytes(reader)));
  const result = await broker.groups.sync(name, assignments);
  const response = createResponseWriter();
  if (version >= 1) {
    response.int32(noThrottle);
  }
  response.int16(result.error);
  response.bytes(result.assignment);
  return response;
}

function handleHeartbeat(broker: Broker, { version, reader }: ApiRequest): ResponseWriter {
  const error = broker.groups.heartbeat(readMemberName(reader));
  const response = createResponseWriter();
  if (version >= 1) {
    response.int32(noThrottle);
  }
  response.int16(error);
  return response;
}

function handleLeaveGroup(broker: Broker, { version, reader }: ApiRequest): ResponseWriter {
  const error = broker.groups.leave(reader.string(), reader.string());
  const response = createResponseWriter();
  if (version >= 1) {
    response.int32(noThrottle);
  }
  response.int16(error);
  return response;
}
