import { type ErrorCode, errorCodes } from "../wire/error-codes.ts";
import type { Group, Member, SyncResult } from "./group.ts";
import { withdrawPendingId } from "./join.ts";
import { answerSync, keepAlive, noAssignment, removeMember } from "./rebalance.ts";

/** What a member of a group says of itself. The group is undefined when there is none of that name. */
export interface MemberClaim {
  readonly group: Group | undefined;
  readonly memberId: string;
  readonly generation: number;
}

type CheckedClaim = { group: Group; member: Member; error?: undefined } | { error: ErrorCode };

function checkClaim({ group, memberId, generation }: MemberClaim): CheckedClaim {
  const member = group?.members.get(memberId);
  if (group === undefined || member === undefined) {
    return { error: errorCodes.unknownMemberId };
  }
  if (generation !== group.generation) {
    return { error: errorCodes.illegalGeneration };
  }
  keepAlive(group, member);
  return { group, member };
}

export function heartbeat(claim: MemberClaim): ErrorCode {
  const checked = checkClaim(claim);
  if (checked.error !== undefined) {
    return checked.error;
  }
  return checked.group.state === "PreparingRebalance" ? errorCodes.rebalanceInProgress : errorCodes.none;
}

/** Waits for the leader, who brings the assignments of all members. */
export function sync(
  claim: MemberClaim,
  assignments: ReadonlyMap<string, Buffer>,
): SyncResult | Promise<SyncResult> {
  const checked = checkClaim(claim);
  if (checked.error !== undefined) {
    return { error: checked.error, assignment: noAssignment };
  }
  const { group, member } = checked;
  if (group.state === "PreparingRebalance") {
    return { error: errorCodes.rebalanceInProgress, assignment: noAssignment };
  }
  if (group.state === "Stable") {
    return { error: errorCodes.none, assignment: member.assignment };
  }
  if (member.id !== group.leaderId) {
    return new Promise((resolve) => {
      answerSync(group, member, { error: errorCodes.rebalanceInProgress, assignment: noAssignment });
      member.answerSync = resolve;
    });
  }
  group.state = "Stable";
  for (const other of group.members.values()) {
    other.assignment = assignments.get(other.id) ?? noAssignment;
    answerSync(group, other, { error: errorCodes.none, assignment: other.assignment });
  }
  return { error: errorCodes.none, assignment: member.assignment };
}

export function leave(group: Group | undefined, memberId: string): ErrorCode {
  const member = group?.members.get(memberId);
  if (group !== undefined && member !== undefined) {
    removeMember(group, member);
    return errorCodes.none;
  }
  const wasPending = group !== undefined && withdrawPendingId(group, memberId);
  return wasPending ? errorCodes.none : errorCodes.unknownMemberId;
}

/** Whether offsets may be committed now. A commit from outside, with generation -1, needs a group without members. */
export function checkCommit(claim: MemberClaim): ErrorCode {
  const { group, generation } = claim;
  if (generation < 0 && (group === undefined || group.state === "Empty")) {
    return errorCodes.none;
  }
  if (group === undefined) {
    return errorCodes.illegalGeneration;
  }
  const checked = checkClaim(claim);
  if (checked.error !== undefined) {
    return checked.error;
  }
  return group.state === "CompletingRebalance" ? errorCodes.rebalanceInProgress : errorCodes.none;
}
