import { randomUUID } from "node:crypto";
import { type ErrorCode, errorCodes } from "../wire/error-codes.ts";
import type { Group, JoinResult, Member } from "./group.ts";
import {
  completeIfAllJoined,
  currentGeneration,
  joinError,
  keepAlive,
  noAssignment,
  prepareRebalance,
} from "./rebalance.ts";

/** The bounds of Apache Kafka's defaults: a shorter session would pass here and fail there. */
const sessionTimeoutMsMin = 6_000;
const sessionTimeoutMsMax = 1_800_000;

/** With the ids that were given out and not used yet. */
const membersPerGroupMax = 1_000;

export interface JoinRequest {
  readonly groupId: string;
  /** Empty in the first request of a member. */
  readonly memberId: string;
  readonly clientId: string;
  readonly clientHost: string;
  readonly sessionTimeoutMs: number;
  readonly rebalanceTimeoutMs: number;
  readonly protocolType: string;
  readonly protocols: ReadonlyMap<string, Buffer>;
  /** Whether the client knows that it first gets an id and joins with it (JoinGroup version 4). */
  readonly knowsMemberIdRequired: boolean;
}

/** Whether the request can be refused without changing anything. */
export function checkJoin(group: Group | undefined, request: JoinRequest): ErrorCode {
  const { groupId, memberId, sessionTimeoutMs, protocolType, protocols } = request;
  if (groupId === "") {
    return errorCodes.invalidGroupId;
  }
  if (sessionTimeoutMs < sessionTimeoutMsMin || sessionTimeoutMs > sessionTimeoutMsMax) {
    return errorCodes.invalidSessionTimeout;
  }
  if (protocolType === "" || protocols.size === 0) {
    return errorCodes.inconsistentGroupProtocol;
  }
  const isKnown = group?.members.has(memberId) || group?.pendingMemberIds.has(memberId);
  if (memberId !== "" && !isKnown) {
    return errorCodes.unknownMemberId;
  }
  if (group === undefined || group.members.size + group.pendingMemberIds.size === 0) {
    return errorCodes.none;
  }
  if (memberId === "" && group.members.size + group.pendingMemberIds.size >= membersPerGroupMax) {
    return errorCodes.groupMaxSizeReached;
  }
  const others = [...group.members.values()].filter((member) => member.id !== memberId);
  const isSupported = [...protocols.keys()].some((name) =>
    others.every((other) => other.protocols.has(name)),
  );
  return isSupported && (others.length === 0 || protocolType === group.protocolType)
    ? errorCodes.none
    : errorCodes.inconsistentGroupProtocol;
}

/** Lets a member in that `checkJoin` did not refuse. */
export function joinGroup(group: Group, request: JoinRequest): JoinResult | Promise<JoinResult> {
  const known = group.members.get(request.memberId);
  if (known !== undefined) {
    return rejoin(group, known, request);
  }
  if (request.memberId === "" && request.knowsMemberIdRequired) {
    const memberId = newMemberId(request.clientId);
    const timer = setTimeout(() => withdrawPendingId(group, memberId), request.sessionTimeoutMs);
    group.pendingMemberIds.set(memberId, timer);
    return joinError(errorCodes.memberIdRequired, memberId);
  }
  withdrawPendingId(group, request.memberId);
  const member: Member = {
    id: request.memberId === "" ? newMemberId(request.clientId) : request.memberId,
    clientId: request.clientId,
    clientHost: request.clientHost,
    sessionTimeoutMs: request.sessionTimeoutMs,
    rebalanceTimeoutMs: request.rebalanceTimeoutMs,
    protocols: request.protocols,
    assignment: noAssignment,
  };
  group.members.set(member.id, member);
  group.protocolType = request.protocolType;
  return waitForRebalance(group, member);
}

/** Takes back an id that no member has joined with. */
export function withdrawPendingId(group: Group, memberId: string): boolean {
  clearTimeout(group.pendingMemberIds.get(memberId));
  return group.pendingMemberIds.delete(memberId);
}

function newMemberId(clientId: string): string {
  return `${clientId}-${randomUUID()}`;
}

/** A member that comes back with nothing new gets the generation that it is in: it missed the answer. */
function rejoin(group: Group, member: Member, request: JoinRequest): JoinResult | Promise<JoinResult> {
  const isUnchanged = haveEqualProtocols(member.protocols, request.protocols);
  member.sessionTimeoutMs = request.sessionTimeoutMs;
  member.rebalanceTimeoutMs = request.rebalanceTimeoutMs;
  member.protocols = request.protocols;
  const missedTheAnswer =
    isUnchanged &&
    (group.state === "CompletingRebalance" || (group.state === "Stable" && member.id !== group.leaderId));
  if (missedTheAnswer) {
    keepAlive(group, member);
    return currentGeneration(group, member);
  }
  return waitForRebalance(group, member);
}

function haveEqualProtocols(left: ReadonlyMap<string, Buffer>, right: ReadonlyMap<string, Buffer>): boolean {
  return left.size === right.size && [...left].every(([name, metadata]) => right.get(name)?.equals(metadata));
}

function waitForRebalance(group: Group, member: Member): Promise<JoinResult> {
  return new Promise((resolve) => {
    // The same member asking again from another connection has given up on the first answer.
    member.answerJoin?.(joinError(errorCodes.rebalanceInProgress, member.id));
    member.answerJoin = resolve;
    keepAlive(group, member);
    if (group.state !== "PreparingRebalance") {
      prepareRebalance(group);
    }
    completeIfAllJoined(group);
  });
}
