import type { Queryable } from "@ordermesh/postgres/tx";
import type { Call } from "@ordermesh/rpc/call";
import type { Session } from "./domain/session.ts";
import { forStaffOnly, sessionNotFound } from "./domain/session-failures.ts";
import { isStaff } from "./sql/locations.ts";
import { findSession } from "./sql/sessions.ts";

/** Who calls, as far as sessions go. */
export type Caller =
  | { readonly kind: "guest"; readonly guestId: bigint; readonly sessionId: bigint; readonly name: string }
  | {
      readonly kind: "staff";
      /** Undefined for a service, and where nobody is told apart. */
      readonly userId: bigint | undefined;
      /** Whose locations it must be. Undefined: whosever. */
      readonly limitedToUserId: bigint | undefined;
      readonly name: string;
    };

export type StaffCaller = Extract<Caller, { kind: "staff" }>;

/** `name` is the same with every token: idempotency keys are kept by it. */
export function callerOf({
  principal,
  limitedToUserId,
}: Pick<Call, "principal" | "limitedToUserId">): Caller {
  switch (principal.kind) {
    case "guest": {
      const { guestId, sessionId } = principal;
      return { kind: "guest", guestId, sessionId, name: `guest:${guestId}` };
    }
    case "user": {
      const { userId } = principal;
      return { kind: "staff", userId, limitedToUserId, name: `user:${userId}` };
    }
    case "service":
      return { kind: "staff", userId: undefined, limitedToUserId, name: `service:${principal.name}` };
    case "anonymous":
      return { kind: "staff", userId: undefined, limitedToUserId, name: "anonymous" };
  }
}

/**
 * Lets the guests of a session pass and the staff of its location.
 *
 * @throws Failure `not_found` for everybody else, as if there were no such session.
 */
export async function requireSession(db: Queryable, caller: Caller, sessionId: bigint): Promise<Session> {
  if (caller.kind === "guest" && caller.sessionId !== sessionId) {
    throw sessionNotFound();
  }
  const session = await findSession(db, sessionId);
  if (session === undefined || !(await mayStill(db, caller, session))) {
    throw sessionNotFound();
  }
  return session;
}

/**
 * The same for the staff alone.
 *
 * @param what it is that guests may not do: "Closing a session".
 */
export async function requireStaffSession(
  db: Queryable,
  caller: Caller,
  sessionId: bigint,
  what: string,
): Promise<{ readonly session: Session; readonly staff: StaffCaller }> {
  const session = await requireSession(db, caller, sessionId);
  if (caller.kind === "guest") {
    throw forStaffOnly(what);
  }
  return { session, staff: caller };
}

/** Whether staff still belong to a session's location. A guest's token says so itself: it was looked up for this call. */
export async function mayStill(
  db: Queryable,
  caller: Caller,
  { locationId }: Pick<Session, "locationId">,
): Promise<boolean> {
  return (
    caller.kind === "guest" ||
    caller.limitedToUserId === undefined ||
    (await isStaff(db, locationId, caller.limitedToUserId))
  );
}
