import { pause } from "@ordermesh/process/wait";
import type { Call } from "@ordermesh/rpc/call";
import { badRequest, openEnds } from "./domain/session-failures.ts";
import { finishClosing } from "./finish-closing.ts";
import { recordChange } from "./record-change.ts";
import { type Caller, requireStaffSession } from "./session-access.ts";
import { markClosing } from "./sql/session-closing.ts";
import type { TableDesk } from "./table-desk.ts";
import { type Closed, requireLocked, tryToClose } from "./try-to-close.ts";

export interface CloseRequest {
  readonly sessionId: bigint;
  /** Undefined: only if nothing is left to be done. */
  readonly force: { readonly reason: string } | undefined;
}

/** How long a close waits for orders that are being placed at this moment, and how often it looks. */
const placingWaitMs = 3_000;
const lookEveryMs = 25;

/**
 * Closes a session for good.
 *
 * @throws Failure `failed_precondition`, naming them, while something is left to be done; `unavailable` if a forced close
 * could only be begun: nothing can be ordered from then on, and the recovery finishes it.
 */
export async function closeSession(
  desk: TableDesk,
  caller: Caller,
  { sessionId, force }: CloseRequest,
  call: Call,
): Promise<Closed> {
  const { database } = desk;
  if (force !== undefined && force.reason.trim() === "") {
    throw badRequest("reason", "is needed to close a session by force");
  }
  const { staff } = await database.read((db) =>
    requireStaffSession(db, caller, sessionId, "Closing a session"),
  );
  if (force === undefined) {
    return await closePlainly(desk, sessionId, call);
  }
  const close = {
    sessionId,
    reason: force.reason,
    actorUserId: staff.userId,
    traceparent: call.traceparent,
  };
  const begun = await database.transaction(async (tx) => {
    const session = await requireLocked(tx, sessionId);
    if (session.state !== "open") {
      return session;
    }
    return await recordChange(tx, await markClosing(tx, close, desk.recoveryAfterMs), { case: "session" });
  });
  desk.onCommitted();
  if (begun.state === "closed") {
    return { session: begun, changed: false };
  }
  return { session: await finishClosing(desk, { ...close, reason: begun.closeReason }, call), changed: true };
}

async function closePlainly(desk: TableDesk, sessionId: bigint, call: Call): Promise<Closed> {
  const deadline = Date.now() + Math.min(placingWaitMs, call.remainingMs() / 2);
  for (;;) {
    const outcome = await desk.database.transaction((tx) =>
      tryToClose(tx, desk, sessionId, call.traceparent),
    );
    if (outcome.kind === "closed") {
      desk.onCommitted();
      return outcome.closed;
    }
    if (outcome.ends.placing === 0 || Date.now() >= deadline || call.aborted) {
      throw openEnds(outcome.ends);
    }
    await pause(lookEveryMs);
  }
}
