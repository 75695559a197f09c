import type { Tx } from "@ordermesh/postgres/tx";
import type { Session } from "../domain/session.ts";
import { onlySession, type SessionRow, sessionColumns } from "./sessions.ts";

/** Who asked for a forced close: whoever finishes it goes on in that one's name. */
export interface ForcedClose {
  readonly sessionId: bigint;
  readonly reason: string;
  readonly actorUserId: bigint | undefined;
  readonly traceparent: string;
}

/** From now on nothing can be ordered. @param leaseMs how long the caller has for it, before the recovery goes on. */
export async function markClosing(tx: Tx, close: ForcedClose, leaseMs: number): Promise<Session> {
  return onlySession(
    await tx.query<SessionRow>(
      `update sessions s set state = 'closing', close_reason = $2, close_actor_user_id = $3::bigint,
         close_traceparent = $4, close_due_at = clock_timestamp() + $5::bigint * interval '1 millisecond'
       where s.id = $1::bigint returning ${sessionColumns}`,
      [close.sessionId, close.reason, close.actorUserId ?? null, close.traceparent, leaseMs],
    ),
  );
}

export async function markClosed(tx: Tx, id: bigint): Promise<Session> {
  return onlySession(
    await tx.query<SessionRow>(
      `update sessions s set state = 'closed', close_due_at = null,
         closed_at = date_trunc('milliseconds', clock_timestamp())
       where s.id = $1::bigint returning ${sessionColumns}`,
      [id],
    ),
  );
}

/** Takes forced closes that nobody has finished in time; nobody else takes them for the time of the lease. */
export async function claimClosing(
  tx: Tx,
  options: { readonly countMax: number; readonly leaseMs: number; readonly leaseMaxMs: number },
): Promise<ForcedClose[]> {
  const rows = await tx.query<{
    id: bigint;
    close_reason: string;
    close_actor_user_id: bigint | null;
    close_traceparent: string;
  }>(
    `update sessions s set close_attempts = s.close_attempts + 1,
       close_due_at = clock_timestamp()
         + least($2::bigint * power(2, least(s.close_attempts, 20))::bigint, $3::bigint) * interval '1 millisecond'
     where s.id in (
       select id from sessions where state = 'closing' and close_due_at <= clock_timestamp()
       order by close_due_at, id limit $1 for update skip locked
     ) returning s.id, s.close_reason, s.close_actor_user_id, s.close_traceparent`,
    [options.countMax, options.leaseMs, options.leaseMaxMs],
  );
  return rows.map((row) => ({
    sessionId: row.id,
    reason: row.close_reason,
    actorUserId: row.close_actor_user_id ?? undefined,
    traceparent: row.close_traceparent,
  }));
}
