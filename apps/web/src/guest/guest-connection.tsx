import { TransportProvider } from "@connectrpc/connect-query";
import { type ReactNode, useState } from "react";
import { FeedContext } from "../feed/feed-context.ts";
import { feedOnDemand } from "../feed/feed-on-demand.ts";
import { createGatewayTransport } from "../session/page-transport.ts";
import { createGuestTransport } from "./guest-transport.ts";
import type { KeptGuest } from "./kept-guest.ts";

/** Everything within calls and listens as the guest. Another guest needs another one: give it a key. */
export function GuestConnection({
  guest,
  children,
}: {
  readonly guest: KeptGuest;
  readonly children: ReactNode;
}) {
  const [{ transport, feed }] = useState(() => connectionOf(guest));
  return (
    <TransportProvider transport={transport}>
      <FeedContext value={feed}>{children}</FeedContext>
    </TransportProvider>
  );
}

function connectionOf({ token, guestId, sessionId, nickname }: KeptGuest) {
  const transport = createGuestTransport(createGatewayTransport(), token);
  const identity = { userId: guestId, username: nickname, roles: [] };
  const feed = feedOnDemand({
    // Tabs that were duplicated share it.
    seat: `table-${sessionId}-${guestId}`,
    transport,
    session: {
      state: () => ({ kind: "signed_in", identity }),
      subscribe: () => () => {},
      accessToken: async () => token,
      // A guest's token is good until the table is closed, and there is no other one.
      renew: async () => undefined,
    },
  });
  return { transport, feed };
}
