import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createGroupCoordinator, type GroupCoordinator } from "../src/groups/group-coordinator.ts";
import type { JoinRequest } from "../src/groups/join.ts";

let coordinator: GroupCoordinator;

/** The clock is the one thing here that is not ours: session and rebalance timeouts take many seconds. */
beforeEach(() => {
  vi.useFakeTimers();
  coordinator = createGroupCoordinator();
});
afterEach(() => {
  coordinator.stop();
  vi.useRealTimers();
});

const codes = { ok: 0, illegalGeneration: 22, inconsistent: 23, unknownMember: 25, rebalancing: 27 };
const groupId = "group";

function join(memberId: string, overrides: Partial<JoinRequest> = {}) {
  return coordinator.join({
    groupId,
    memberId,
    clientId: "client",
    clientHost: "/127.0.0.1",
    sessionTimeoutMs: 10_000,
    rebalanceTimeoutMs: 60_000,
    protocolType: "consumer",
    protocols: new Map([["round-robin", Buffer.from("topics")]]),
    knowsMemberIdRequired: true,
    ...overrides,
  });
}

/** Takes both steps that a client takes to join, and lets the gathering of first members end. */
async function joinAsNew(overrides: Partial<JoinRequest> = {}) {
  const { memberId, error } = await join("", overrides);
  expect(error).toBe(79);
  const joining = join(memberId, overrides);
  await vi.advanceTimersByTimeAsync(100);
  return { memberId, joining };
}

const name = (memberId: string, generation: number) => ({ groupId, memberId, generation });
const assign = (...memberIds: string[]) => new Map(memberIds.map((id) => [id, Buffer.from(`for ${id}`)]));

/** A group of one member that leads it, in generation 1. */
async function stableGroup() {
  const { memberId, joining } = await joinAsNew();
  expect(await joining).toMatchObject({ error: 0, generation: 1, leaderId: memberId });
  await coordinator.sync(name(memberId, 1), assign(memberId));
  return memberId;
}

test("the leader gets everyone's metadata, and brings everyone's assignment", async () => {
  const first = await join("");
  const second = await join("");
  const joining = [join(first.memberId), join(second.memberId)];
  await vi.advanceTimersByTimeAsync(100);
  const [leader, follower] = await Promise.all(joining);
  expect(leader).toMatchObject({
    error: 0,
    generation: 1,
    protocol: "round-robin",
    leaderId: first.memberId,
  });
  expect(leader?.members.map(({ id }) => id)).toEqual([first.memberId, second.memberId]);
  expect(follower?.members).toEqual([]);

  const waiting = coordinator.sync(name(second.memberId, 1), new Map());
  await coordinator.sync(name(first.memberId, 1), assign(first.memberId, second.memberId));
  expect((await waiting).assignment.toString()).toBe(`for ${second.memberId}`);
  expect(coordinator.heartbeat(name(first.memberId, 1))).toBe(codes.ok);
});

test("a newcomer makes the others rejoin; who does not is left out when the rebalance timeout ends", async () => {
  const first = await stableGroup();
  const { memberId: second, joining } = await joinAsNew();
  expect(coordinator.heartbeat(name(first, 1))).toBe(codes.rebalancing);
  expect((await coordinator.sync(name(first, 1), new Map())).error).toBe(codes.rebalancing);
  for (let waited = 0; waited < 60_000; waited += 5_000) {
    coordinator.heartbeat(name(first, 1));
    await vi.advanceTimersByTimeAsync(5_000);
  }
  expect(await joining).toMatchObject({ error: 0, generation: 2, leaderId: second });
  expect(coordinator.heartbeat(name(first, 1))).toBe(codes.unknownMember);
});

test("a member without heartbeats is removed when its session ends, and the others rebalance", async () => {
  const first = await stableGroup();
  const { memberId: second, joining } = await joinAsNew();
  await join(first);
  await joining;
  await coordinator.sync(name(first, 2), assign(first, second));
  for (let waited = 0; waited < 12_000; waited += 3_000) {
    await vi.advanceTimersByTimeAsync(3_000);
    coordinator.heartbeat(name(first, 2));
  }
  expect(coordinator.heartbeat(name(second, 2))).toBe(codes.unknownMember);
  expect(coordinator.heartbeat(name(first, 2))).toBe(codes.rebalancing);
  expect(await join(first)).toMatchObject({ error: 0, generation: 3 });
});

test("a leader that dies before it brought the assignments does not keep the others waiting", async () => {
  const leader = await stableGroup();
  const { memberId: follower, joining } = await joinAsNew();
  await join(leader);
  await joining;
  const waiting = coordinator.sync(name(follower, 2), new Map());
  await vi.advanceTimersByTimeAsync(11_000);
  expect((await waiting).error).toBe(codes.rebalancing);
  expect(await join(follower)).toMatchObject({ error: 0, generation: 3, leaderId: follower });
});

test("a member whose join got no answer asks again and gets the same generation", async () => {
  const leader = await stableGroup();
  const { memberId: follower, joining } = await joinAsNew();
  await join(leader);
  await joining;
  expect(await join(follower)).toMatchObject({ error: 0, generation: 2 });
  await coordinator.sync(name(leader, 2), assign(leader, follower));
  expect(await join(follower)).toMatchObject({ error: 0, generation: 2 });
  expect(coordinator.group(groupId)?.state).toBe("Stable");
  // With other subscriptions it is a change, and the group rebalances.
  const changed = join(follower, { protocols: new Map([["round-robin", Buffer.from("other")]]) });
  await join(leader);
  expect(await changed).toMatchObject({ error: 0, generation: 3 });
});

test("old generations, strangers and other protocols are refused", async () => {
  const member = await stableGroup();
  expect(coordinator.heartbeat(name(member, 0))).toBe(codes.illegalGeneration);
  expect(coordinator.heartbeat(name("stranger", 1))).toBe(codes.unknownMember);
  expect((await coordinator.sync(name("stranger", 1), new Map())).error).toBe(codes.unknownMember);
  expect((await join("stranger")).error).toBe(codes.unknownMember);
  expect((await join("", { protocols: new Map([["sticky", Buffer.alloc(0)]]) })).error).toBe(
    codes.inconsistent,
  );
  expect((await join("", { protocolType: "connect" })).error).toBe(codes.inconsistent);
  expect((await join("", { sessionTimeoutMs: 5_999 })).error).toBe(26);
  expect((await join("", { groupId: "" })).error).toBe(24);
  expect(coordinator.leave(groupId, "stranger")).toBe(codes.unknownMember);
});

test("offsets are committed by members of this generation, or from outside when there are none", async () => {
  expect(coordinator.checkCommit(name("", -1))).toBe(codes.ok);
  expect(coordinator.checkCommit(name("member", 3))).toBe(codes.illegalGeneration);
  const member = await stableGroup();
  expect(coordinator.checkCommit(name(member, 1))).toBe(codes.ok);
  expect(coordinator.checkCommit(name(member, 0))).toBe(codes.illegalGeneration);
  expect(coordinator.checkCommit(name("", -1))).toBe(codes.unknownMember);
  coordinator.leave(groupId, member);
  expect(coordinator.checkCommit(name("", -1))).toBe(codes.ok);
});

test("an id that nobody joins with is withdrawn; there is a limit to such ids", async () => {
  const { memberId } = await join("");
  await vi.advanceTimersByTimeAsync(11_000);
  expect((await join(memberId)).error).toBe(codes.unknownMember);
  for (let count = 0; count < 1_000; count++) {
    expect((await join("")).error).toBe(79);
  }
  expect((await join("")).error).toBe(81);
});

test("stop answers everyone who waits", async () => {
  const { memberId } = await join("");
  const waiting = join(memberId);
  coordinator.stop();
  expect((await waiting).error).toBe(codes.unknownMember);
  expect((await join("")).error).toBe(15);
  expect(vi.getTimerCount()).toBe(0);
});
