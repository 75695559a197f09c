import type { IncomingMessage } from "node:http";
import { type ActiveCall, signalOf } from "@ordermesh/rpc/active-call";
import type { CallOrigin } from "@ordermesh/rpc/authorization";
import type { Call } from "@ordermesh/rpc/call";
import { addressOf, certificateNamesOf } from "@ordermesh/rpc/peer";

/** Where a call comes from that is made of an HTTP request. */
export function originOf({ headers, socket }: IncomingMessage, authorization: string | null): CallOrigin {
  const { traceparent } = headers;
  return {
    traceparent: typeof traceparent === "string" ? traceparent : null,
    authorization,
    peerAddress: () => addressOf(socket),
    certificateNames: () => certificateNamesOf(socket),
  };
}

/** The call as those see it who pass it on. */
export function viewOf(active: ActiveCall): Call {
  return {
    traceparent: active.traceparent,
    traceId: active.traceId,
    get signal() {
      return signalOf(active);
    },
    get aborted() {
      return active.abortReason !== undefined;
    },
    remainingMs: () => Math.max(0, active.deadlineAt - Date.now()),
    peerAddress: () => active.origin.peerAddress(),
    principal: active.admission.principal,
    limitedToUserId: active.admission.limitedToUserId,
  };
}
