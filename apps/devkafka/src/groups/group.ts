import type { ErrorCode } from "../wire/error-codes.ts";

/** The states of Apache Kafka's group coordinator. */
export type GroupState = "Empty" | "PreparingRebalance" | "CompletingRebalance" | "Stable";

export interface JoinResult {
  readonly error: ErrorCode;
  readonly generation: number;
  readonly protocol: string;
  readonly leaderId: string;
  readonly memberId: string;
  /** Everyone, for the leader; nobody, for the others. */
  readonly members: readonly { readonly id: string; readonly metadata: Buffer }[];
}

export interface SyncResult {
  readonly error: ErrorCode;
  readonly assignment: Buffer;
}

export interface Member {
  readonly id: string;
  readonly clientId: string;
  readonly clientHost: string;
  sessionTimeoutMs: number;
  rebalanceTimeoutMs: number;
  /** What each assignment strategy needs to know of the member, in the order of its preference. */
  protocols: ReadonlyMap<string, Buffer>;
  assignment: Buffer;
  /** Set while the member waits for the others to join. */
  answerJoin?: (result: JoinResult) => void;
  /** Set while the member waits for the leader's assignment. */
  answerSync?: (result: SyncResult) => void;
  sessionTimer?: NodeJS.Timeout;
}

/** A consumer group, in memory only: members rejoin after a restart of the broker, as they do after a rebalance. */
export interface Group {
  readonly id: string;
  state: GroupState;
  /** Rises by one with each completed rebalance. */
  generation: number;
  protocolType: string;
  protocol: string;
  leaderId: string;
  readonly members: Map<string, Member>;
  /** Ids given to members that have yet to join with them; each with the timer that withdraws it. */
  readonly pendingMemberIds: Map<string, NodeJS.Timeout>;
  /** Runs while the first members of an empty group may gather. */
  gatheringTimer?: NodeJS.Timeout;
  /** When it ends, the rebalance goes on without those who did not rejoin. */
  rebalanceTimer?: NodeJS.Timeout;
}

export function createGroup(id: string): Group {
  return {
    id,
    state: "Empty",
    generation: 0,
    protocolType: "",
    protocol: "",
    leaderId: "",
    members: new Map(),
    pendingMemberIds: new Map(),
  };
}
