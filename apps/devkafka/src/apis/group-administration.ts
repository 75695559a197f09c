import type { Broker } from "../broker.ts";
import { noAssignment } from "../groups/rebalance.ts";
import { errorCodes } from "../wire/error-codes.ts";
import { createResponseWriter, type ResponseWriter } from "../wire/response-writer.ts";
import { type Api, type ApiRequest, noThrottle } from "./api.ts";

/** DescribeGroups, ListGroups and DeleteGroups. A group is known by its members or by the offsets it committed. */
export function groupAdministrationApis(broker: Broker): Api[] {
  return [
    { key: 15, minVersion: 0, maxVersion: 2, handle: (request) => handleDescribeGroups(broker, request) },
    { key: 16, minVersion: 0, maxVersion: 2, handle: (request) => handleListGroups(broker, request) },
    { key: 42, minVersion: 0, maxVersion: 1, handle: (request) => handleDeleteGroups(broker, request) },
  ];
}

function handleDescribeGroups(broker: Broker, { version, reader }: ApiRequest): ResponseWriter {
  const groupIds = reader.array(reader.string);
  const response = createResponseWriter();
  if (version >= 1) {
    response.int32(noThrottle);
  }
  response.array(groupIds, (groupId) => {
    const group = broker.groups.group(groupId);
    const stateWithoutMembers = broker.offsets.hasGroup(groupId) ? "Empty" : "Dead";
    response.int16(errorCodes.none);
    response.string(groupId);
    response.string(group?.state ?? stateWithoutMembers);
    response.string(group?.protocolType ?? "");
    response.string(group?.state === "Stable" ? group.protocol : "");
    response.array([...(group?.members.values() ?? [])], (member) => {
      response.string(member.id);
      response.string(member.clientId);
      response.string(member.clientHost);
      response.bytes(member.protocols.get(group?.protocol ?? "") ?? noAssignment);
      response.bytes(member.assignment);
    });
  });
  return response;
}

function handleListGroups(broker: Broker, { version }: ApiRequest): ResponseWriter {
  const groupIds = new Set([...broker.groups.groups().map((group) => group.id), ...broker.offsets.groups()]);
  const response = createResponseWriter();
  if (version >= 1) {
    response.int32(noThrottle);
  }
  response.int16(errorCodes.none);
  response.array([...groupIds], (groupId) => {
    response.string(groupId);
    response.string(broker.groups.group(groupId)?.protocolType ?? "");
  });
  return response;
}

function handleDeleteGroups(broker: Broker, { reader }: ApiRequest): ResponseWriter {
  const groupIds = reader.array(reader.string);
  const response = createResponseWriter();
  response.int32(noThrottle);
  response.array(groupIds, (groupId) => {
    const error = broker.groups.remove(groupId);
    const isKnownByOffsets = error === errorCodes.groupIdNotFound && broker.offsets.hasGroup(groupId);
    if (error === errorCodes.none || isKnownByOffsets) {
      broker.offsets.removeGroup(groupId);
    }
    response.string(groupId);
    response.int16(isKnownByOffsets ? errorCodes.none : error);
  });
  return response;
}
