import { lazy, Suspense } from "react";
import { useGo } from "../app/navigate.ts";
import { Button } from "../ui/button.tsx";
import { useSession, useSessionState } from "./session-context.ts";

// Seldom needed: its code comes with it.
const Dialog = lazy(async () => ({ default: (await import("../ui/dialog.tsx")).Dialog }));
const SignInForm = lazy(async () => ({ default: (await import("./sign-in-form.tsx")).SignInForm }));

/** Over the page, which keeps what was typed. What was under way goes on by itself after it. */
export function ExpiredDialog() {
  const state = useSessionState();
  const session = useSession();
  const go = useGo();
  if (state.kind !== "expired") {
    return null;
  }
  const { username } = state.identity;
  return (
    <Suspense>
      <Dialog title="Your session is over" mustAnswer onClose={() => {}}>
        <p>Sign in again, and go on where you were. Nothing on this page is lost.</p>
        <SignInForm username={username} onSignedIn={() => {}} />
        <div className="somebody-else">
          <Button
            kind="quiet"
            onPress={() => {
              session.giveUp();
              go("/sign-in");
            }}
          >
            Sign in as somebody else
          </Button>
        </div>
      </Dialog>
    </Suspense>
  );
}
