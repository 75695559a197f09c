import { Failure } from "@ordermesh/failure/failure";
import type { SessionState } from "./session.ts";

/** Also for a session that exists, where the caller belongs neither to its guests nor to its location's staff. */
export function sessionNotFound(): Failure {
  return new Failure("not_found", "There is no such session, or you have no part in it.", {
    reason: "SESSION_NOT_FOUND",
  });
}

/** The same whatever was wrong about it: what there is and what there was is not to be told apart. */
export function invitationNotFound(): Failure {
  return new Failure(
    "not_found",
    "No open session has this invitation. Ask the staff for the code that is good now.",
    { reason: "INVITATION_NOT_FOUND" },
  );
}

export function nameInUse(name: string): Failure {
  return new Failure(
    "already_exists",
    `An open session of this location is called "${name}". Close it, or take another name.`,
    { reason: "SESSION_NAME_IN_USE", metadata: { name } },
  );
}

export function notOpen(state: SessionState): Failure {
  const text = state === "closing" ? "is being closed" : "is closed";
  return new Failure("failed_precondition", `The session ${text}: nothing can be ordered any more.`, {
    reason: state === "closing" ? "SESSION_CLOSING" : "SESSION_CLOSED",
    preconditionViolations: [{ type: "STATE", subject: "session", description: text }],
  });
}

export function reusedKey(): Failure {
  const description = "was used for another request";
  return new Failure("invalid_argument", `idempotency_key: ${description}.`, {
    reason: "IDEMPOTENCY_KEY_REUSED",
    fieldViolations: [{ field: "idempotency_key", description }],
  });
}

export function tableFull(guestsMax: number): Failure {
  return new Failure(
    "resource_exhausted",
    `The table has ${guestsMax} guests, which is as many as it takes. Ask the staff.`,
    { reason: "TABLE_FULL", metadata: { guests_max: `${guestsMax}` }, retryAfterMs: 60_000 },
  );
}

export function guestNotFound(guestId: bigint): Failure {
  return new Failure("not_found", `The session has no guest ${guestId}.`, {
    reason: "GUEST_NOT_FOUND",
    metadata: { guest_id: `${guestId}` },
  });
}

export function orderNotFound(orderId: bigint): Failure {
  return new Failure("not_found", `The session has no order ${orderId}.`, {
    reason: "ORDER_NOT_FOUND",
    metadata: { order_id: `${orderId}` },
  });
}

export function forStaffOnly(what: string): Failure {
  return new Failure("permission_denied", `${what} is for the staff.`, { reason: "STAFF_ONLY" });
}

/** What is wrong with a request, by the field that has to change. */
export function badRequest(field: string, description: string, reason = "INVALID_REQUEST"): Failure {
  return new Failure("invalid_argument", `${field}: ${description}.`, {
    reason,
    fieldViolations: [{ field, description }],
  });
}

/** What has to be done before a session can be closed. */
export interface OpenEnds {
  readonly placing: number;
  readonly orderIds: readonly bigint[];
  readonly billIds: readonly bigint[];
}

export function openEnds({ placing, orderIds, billIds }: OpenEnds): Failure {
  const violations = [
    ...(placing > 0
      ? [{ type: "ORDER_PLACING", subject: "session", description: `${placing} being placed` }]
      : []),
    ...orderIds.map((id) => ({
      type: "ORDER_NOT_SERVED",
      subject: `orders/${id}`,
      description: "is neither served nor ended",
    })),
    ...billIds.map((id) => ({ type: "BILL_OPEN", subject: `bills/${id}`, description: "is not settled" })),
  ];
  const list = violations.map(({ subject, description }) => `${subject} ${description}`).join(", ");
  return new Failure("failed_precondition", `The session can not be closed yet: ${list}.`, {
    reason: "SESSION_NOT_DONE",
    preconditionViolations: violations,
  });
}
