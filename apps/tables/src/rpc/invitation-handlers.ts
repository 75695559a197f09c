import { Failure } from "@ordermesh/failure/failure";
import type {
  JoinSessionRequest,
  RemoveGuestRequest,
  RenderQrRequest,
  RotateInvitationRequest,
} from "@ordermesh/proto/ordermesh/tables/v1/tables_pb";
import { callOf } from "@ordermesh/rpc/call";
import { addressGroup, clientAddress } from "@ordermesh/rpc/client-address";
import { guestMessage } from "../events/session-messages.ts";
import { renderInvitation, rotateInvitation } from "../invitations.ts";
import { joinSession } from "../join-session.ts";
import { loadSession } from "../load-session.ts";
import { removeGuest } from "../remove-guest.ts";
import { callerOf } from "../session-access.ts";
import type { TablesHandlers } from "./tables-service.ts";

type Context = Parameters<typeof callOf>[0];

/** The calls of TablesService that are about who gets in. */
export function invitationCalls({
  desk,
  metrics,
  trustedProxies,
}: Pick<TablesHandlers, "desk" | "metrics" | "trustedProxies">) {
  return {
    async rotateInvitation({ sessionId }: RotateInvitationRequest, context: Context) {
      return await rotateInvitation(desk, callerOf(callOf(context)), sessionId);
    },

    async renderQr({ sessionId }: RenderQrRequest, context: Context) {
      return await renderInvitation(desk, callerOf(callOf(context)), sessionId);
    },

    async joinSession(request: JoinSessionRequest, context: Context) {
      const call = callOf(context);
      const forwardedFor = context.requestHeader.get("x-forwarded-for");
      const join = joinSession(desk, {
        ...shownBy(request),
        nickname: request.nickname,
        address: addressGroup(clientAddress(call.peerAddress(), forwardedFor, trustedProxies)),
        traceparent: call.traceparent,
      });
      const { guest, token, session } = await join.catch((error: unknown) => {
        metrics.joined(error);
        throw error;
      });
      metrics.joined(undefined);
      const { message } = await loadSession(desk, session.id);
      return { guest: guestMessage(guest), guestToken: token, session: message };
    },

    async removeGuest({ sessionId, guestId }: RemoveGuestRequest, context: Context) {
      await removeGuest(desk, callerOf(callOf(context)), sessionId, guestId);
      return {};
    },
  };
}

function shownBy({ invitation }: JoinSessionRequest) {
  if (invitation.case === undefined) {
    throw new Failure("invalid_argument", "invitation: give a code or a link.", {
      reason: "INVALID_REQUEST",
      fieldViolations: [{ field: "invitation", description: "give a code or a link" }],
    });
  }
  return { by: invitation.case, invitation: invitation.value };
}
