import type { SeededRandom } from "@ordermesh/testkit/seeded-random";
import { type ServiceProcess, startServiceProcess } from "./service-process.ts";

/** Processes of notifications that come and go, all of them members of one consumer group. */
export interface NotificationsGroup {
  /** Starts another one. Resolves when it is a member; that takes until the group has noticed who is gone. */
  join(): Promise<void>;
  /** Ends any one that is a member, if there is one: SIGKILL unless it shall leave in good order. */
  removeOne(random: SeededRandom, how: "killed" | "leaving"): Promise<void>;
  /** Waits for those that are on their way, and that there is one at least. */
  settle(): Promise<void>;
  joins(): number;
  kills(): number;
  leaves(): number;
  stop(): Promise<void>;
}

export function createNotificationsGroup(
  databaseUrl: string,
  brokers: readonly string[],
): NotificationsGroup {
  const members: ServiceProcess[] = [];
  const joining = new Set<Promise<void>>();
  let joins = 0;
  let kills = 0;
  let leaves = 0;

  async function start(): Promise<void> {
    const member = await startServiceProcess("notifications", {
      NOTIFICATIONS_DATABASE_URL: databaseUrl,
      KAFKA_BROKERS: brokers.join(","),
    });
    members.push(member);
    joins += 1;
  }

  async function join(): Promise<void> {
    const started = start();
    joining.add(started);
    try {
      await started;
    } finally {
      joining.delete(started);
    }
  }

  async function untilAllJoined(): Promise<void> {
    // Where members are killed all the time, one may not get in within its time, and is gone then.
    await Promise.allSettled(joining);
  }

  return {
    join,
    async removeOne(random, how) {
      const [member] = members.splice(random.integer(0, members.length - 1), 1);
      if (member === undefined) {
        return;
      }
      if (how === "killed") {
        kills += 1;
        await member.kill();
      } else {
        leaves += 1;
        await member.stop();
      }
    },
    async settle() {
      await untilAllJoined();
      if (members.length === 0) {
        await join();
      }
    },
    joins: () => joins,
    kills: () => kills,
    leaves: () => leaves,
    async stop() {
      await untilAllJoined();
      await Promise.all(members.map((member) => member.stop()));
    },
  };
}
