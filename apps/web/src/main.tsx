import "./tokens.css";
import "./base.css";
import { TransportProvider } from "@connectrpc/connect-query";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { createPageRouter } from "./app/router.tsx";
import { startTheme } from "./app/theme.ts";
import { failureText } from "./failure-text.ts";
import { FeedContext } from "./feed/feed-context.ts";
import { feedOnDemand } from "./feed/feed-on-demand.ts";
import { createGatewayTransport, createPageTransport } from "./session/page-transport.ts";
import { takeSeat } from "./session/seat.ts";
import { createSeatCalls } from "./session/seat-calls.ts";
import { startSession } from "./session/session.ts";
import { SessionContext } from "./session/session-context.ts";
import { signInAs } from "./session/sign-in-as.ts";

/** A failed question is asked once more where the next answer may be better. */
const retriesMax = 2;

async function start(root: HTMLElement): Promise<void> {
  startTheme();
  // "/?as=seller" is another person in another window: it takes a seat of its own.
  const as = new URLSearchParams(window.location.search).get("as");
  const seat = takeSeat({ fresh: as !== null });
  const session = startSession({ seat, calls: createSeatCalls(seat) });
  if (as !== null) {
    await signInAs(session, as);
  }
  const transport = createPageTransport(createGatewayTransport(), session);
  const queryClient = new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: 30_000,
        retry: (count, error) => count < retriesMax && failureText(error).isPassing,
        retryDelay: (count) => 500 * 2 ** count,
      },
    },
  });
  let user = "";
  session.subscribe(() => {
    const state = session.state();
    const next = "identity" in state ? state.identity.userId.toString() : "";
    if (next !== user && user !== "") {
      // What one person has read is nobody else's business.
      void queryClient.resetQueries();
    }
    user = next;
  });
  const feed = feedOnDemand({ seat: seat.id, transport, session });
  const router = createPageRouter();

  createRoot(root).render(
    <StrictMode>
      <SessionContext value={session}>
        <TransportProvider transport={transport}>
          <QueryClientProvider client={queryClient}>
            <FeedContext value={feed}>
              <RouterProvider router={router} />
            </FeedContext>
          </QueryClientProvider>
        </TransportProvider>
      </SessionContext>
    </StrictMode>,
  );
}

const root = document.getElementById("root");
if (root !== null) {
  void start(root);
}
