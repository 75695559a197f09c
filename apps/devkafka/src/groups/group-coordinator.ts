import { type ErrorCode, errorCodes } from "../wire/error-codes.ts";
import { createGroup, type Group, type JoinResult, type SyncResult } from "./group.ts";
import { checkJoin, type JoinRequest, joinGroup } from "./join.ts";
import { checkCommit, heartbeat, leave, sync } from "./membership.ts";
import { disbandGroup, joinError } from "./rebalance.ts";

/** A group stays known when its members have left; beyond this many the oldest empty ones are forgotten. */
const groupsMax = 10_000;

/** How a member names itself: its group, the id it was given, and the generation it joined. */
export interface MemberName {
  readonly groupId: string;
  readonly memberId: string;
  readonly generation: number;
}

/** The classic consumer group protocol: join, sync, heartbeat, leave. */
export interface GroupCoordinator {
  /** Waits until the rebalance is complete, at most as long as the members' rebalance timeouts. */
  join(request: JoinRequest): Promise<JoinResult>;
  /** Waits for the leader, who brings the assignments of all members. */
  sync(name: MemberName, assignments: ReadonlyMap<string, Buffer>): Promise<SyncResult>;
  heartbeat(name: MemberName): ErrorCode;
  leave(groupId: string, memberId: string): ErrorCode;
  /** Whether offsets may be committed now. Generation -1 is a commit from outside the group. */
  checkCommit(name: MemberName): ErrorCode;
  group(groupId: string): Group | undefined;
  groups(): Group[];
  /** Removes a group that has no members. */
  remove(groupId: string): ErrorCode;
  /** Ends all timers and answers everyone who waits. */
  stop(): void;
}

export function createGroupCoordinator(): GroupCoordinator {
  const groups = new Map<string, Group>();
  let isStopped = false;

  const claimOf = ({ groupId, memberId, generation }: MemberName) => ({
    group: groups.get(groupId),
    memberId,
    generation,
  });

  function groupFor(groupId: string): Group | undefined {
    const known = groups.get(groupId);
    if (known !== undefined || groups.size < groupsMax || forgetEmptyGroup(groups)) {
      const group = known ?? createGroup(groupId);
      groups.set(groupId, group);
      return group;
    }
    return undefined;
  }

  return {
    async join(request) {
      const refusal = checkJoin(groups.get(request.groupId), request);
      if (refusal !== errorCodes.none) {
        return joinError(refusal, request.memberId);
      }
      const group = isStopped ? undefined : groupFor(request.groupId);
      return group === undefined
        ? joinError(errorCodes.coordinatorNotAvailable, request.memberId)
        : joinGroup(group, request);
    },
    sync: async (name, assignments) => sync(claimOf(name), assignments),
    heartbeat: (name) => heartbeat(claimOf(name)),
    leave: (groupId, memberId) => leave(groups.get(groupId), memberId),
    checkCommit: (name) => checkCommit(claimOf(name)),
    group: (groupId) => groups.get(groupId),
    groups: () => [...groups.values()],
    remove(groupId) {
      const group = groups.get(groupId);
      if (group === undefined) {
        return errorCodes.groupIdNotFound;
      }
      if (group.members.size > 0) {
        return errorCodes.nonEmptyGroup;
      }
      disbandGroup(group);
      groups.delete(groupId);
      return errorCodes.none;
    },
    stop() {
      isStopped = true;
      for (const group of groups.values()) {
        disbandGroup(group);
      }
      groups.clear();
    },
  };
}

function forgetEmptyGroup(groups: Map<string, Group>): boolean {
  for (const [groupId, group] of groups) {
    if (group.members.size + group.pendingMemberIds.size === 0) {
      return groups.delete(groupId);
    }
  }
  return false;
}
