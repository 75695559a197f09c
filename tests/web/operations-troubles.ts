import { NotificationsService } from "@ordermesh/proto/ordermesh/notifications/v1/notifications_pb";
import { OperationsService } from "@ordermesh/proto/ordermesh/operations/v1/operations_pb";
import { eventually } from "@ordermesh/testkit/eventually";
import postgres from "postgres";
import { expect } from "vitest";
import type { Caller } from "./caller.ts";

const waitMs = 60_000;

/** A consumer tries five times, with pauses, before it gives a record up. */
export async function untilDeadLetters(operator: Caller, service: string, count: number): Promise<void> {
  await eventually(
    async () => {
      const { deadLetters } = await operator.client(OperationsService).listDeadLetters({ service });
      expect(deadLetters).toHaveLength(count);
    },
    { timeoutMs: waitMs },
  );
}

/**
 * From now on the notifications of a user cannot be written, for a reason that is none of the events'.
 *
 * @returns mends it.
 */
export async function refuseNotificationsOf(
  databaseUrl: string,
  userId: bigint,
): Promise<() => Promise<void>> {
  const sql = postgres(databaseUrl, { max: 1, onnotice: () => {} });
  const name = `unlucky_${userId}`;
  await sql.unsafe(`alter table notifications add constraint ${name} check (user_id <> ${userId}) not valid`);
  return async () => {
    await sql.unsafe(`alter table notifications drop constraint ${name}`);
    await sql.end({ timeout: 5 });
  };
}

/** A statement in a service's own database, behind its back. */
export async function tamper(databaseUrl: string, statement: string): Promise<void> {
  const sql = postgres(databaseUrl, { max: 1, onnotice: () => {} });
  try {
    await sql.unsafe(statement);
  } finally {
    await sql.end({ timeout: 5 });
  }
}

/** Tells all that happens to a user's orders to an address. */
export async function sendWebhooksOf(user: Caller, webhookUrl: string): Promise<void> {
  await user.client(NotificationsService).setPreferences({
    preferences: { userId: user.userId, webhookUrl, webhookSecret: "known to nobody but us" },
  });
}
