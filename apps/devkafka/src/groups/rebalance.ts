import { type ErrorCode, errorCodes } from "../wire/error-codes.ts";
import type { Group, JoinResult, Member, SyncResult } from "./group.ts";

/** How long the first members of a group may gather, so that they start with one rebalance instead of several. */
const gatheringMs = 50;

export const noAssignment = Buffer.alloc(0);

/** A join that was refused. */
export function joinError(error: ErrorCode, memberId: string): JoinResult {
  return { error, generation: -1, protocol: "", leaderId: "", memberId, members: [] };
}

/** Asks all members to rejoin. Those who do not within the longest of their rebalance timeouts are removed. */
export function prepareRebalance(group: Group): void {
  const isFirst = group.state === "Empty";
  group.state = "PreparingRebalance";
  for (const member of group.members.values()) {
    answerSync(group, member, { error: errorCodes.rebalanceInProgress, assignment: noAssignment });
  }
  clearTimeout(group.rebalanceTimer);
  const timeoutMs = Math.max(...Array.from(group.members.values(), (member) => member.rebalanceTimeoutMs));
  group.rebalanceTimer = setTimeout(() => {
    for (const member of group.members.values()) {
      if (member.answerJoin === undefined) {
        forget(group, member);
      }
    }
    completeRebalance(group);
  }, timeoutMs);
  if (isFirst) {
    group.gatheringTimer = setTimeout(() => {
      group.gatheringTimer = undefined;
      completeIfAllJoined(group);
    }, gatheringMs);
  }
}

/** Ends the joining phase as soon as nobody is missing. */
export function completeIfAllJoined(group: Group): void {
  const isComplete =
    group.state === "PreparingRebalance" &&
    group.gatheringTimer === undefined &&
    [...group.members.values()].every((member) => member.answerJoin !== undefined);
  if (isComplete) {
    completeRebalance(group);
  }
}

function completeRebalance(group: Group): void {
  stopRebalanceTimers(group);
  group.generation += 1;
  const members = [...group.members.values()];
  if (members[0] === undefined) {
    group.state = "Empty";
    group.protocol = "";
    group.leaderId = "";
    return;
  }
  const leader = group.members.get(group.leaderId) ?? members[0];
  group.leaderId = leader.id;
  group.protocol = [...leader.protocols.keys()].find((name) =>
    members.every((member) => member.protocols.has(name)),
  )!;
  group.state = "CompletingRebalance";
  for (const member of members) {
    const answer = member.answerJoin;
    member.answerJoin = undefined;
    member.assignment = noAssignment;
    keepAlive(group, member);
    answer?.(currentGeneration(group, member));
  }
}

/** What a member is told when it has joined. */
export function currentGeneration(group: Group, member: Member): JoinResult {
  const everyone = Array.from(group.members.values(), ({ id, protocols }) => ({
    id,
    metadata: protocols.get(group.protocol)!,
  }));
  return {
    error: errorCodes.none,
    generation: group.generation,
    protocol: group.protocol,
    leaderId: group.leaderId,
    memberId: member.id,
    members: member.id === group.leaderId ? everyone : [],
  };
}

/** Starts the session timeout of a member anew. A member that waits for an answer of ours is alive by that. */
export function keepAlive(group: Group, member: Member): void {
  clearTimeout(member.sessionTimer);
  member.sessionTimer = setTimeout(() => {
    if (member.answerJoin !== undefined || member.answerSync !== undefined) {
      keepAlive(group, member);
    } else {
      removeMember(group, member);
    }
  }, member.sessionTimeoutMs);
}

/** Answers a member that waits for its assignment. Its session begins anew: until now it could not say anything. */
export function answerSync(group: Group, member: Member, result: SyncResult): void {
  if (member.answerSync !== undefined) {
    member.answerSync(result);
    member.answerSync = undefined;
    keepAlive(group, member);
  }
}

/** Removes a member that left or fell silent; the others rebalance. */
export function removeMember(group: Group, member: Member): void {
  forget(group, member);
  if (group.members.size === 0) {
    completeRebalance(group);
  } else if (group.state === "PreparingRebalance") {
    completeIfAllJoined(group);
  } else {
    prepareRebalance(group);
  }
}

function forget(group: Group, member: Member): void {
  clearTimeout(member.sessionTimer);
  group.members.delete(member.id);
  member.answerJoin?.(joinError(errorCodes.unknownMemberId, member.id));
  member.answerSync?.({ error: errorCodes.unknownMemberId, assignment: noAssignment });
  member.answerJoin = undefined;
  member.answerSync = undefined;
}

function stopRebalanceTimers(group: Group): void {
  clearTimeout(group.rebalanceTimer);
  clearTimeout(group.gatheringTimer);
  group.rebalanceTimer = undefined;
  group.gatheringTimer = undefined;
}

/** Ends all timers of a group and lets nobody wait any longer. */
export function disbandGroup(group: Group): void {
  stopRebalanceTimers(group);
  for (const timer of group.pendingMemberIds.values()) {
    clearTimeout(timer);
  }
  group.pendingMemberIds.clear();
  for (const member of group.members.values()) {
    forget(group, member);
  }
}
