import { useGoBackTo, usePathPart } from "../app/navigate.ts";
import { typedCode } from "../tables/invitation.ts";
import { billableOrders } from "../tables/order-steps.ts";
import { SplitForm } from "../tables/split-form.tsx";
import { useSessionPicture } from "../tables/use-table-session.ts";
import { RouteDialog } from "../ui/dialog.tsx";
import { Loaded } from "../ui/loaded.tsx";
import { readGuest } from "./kept-guest.ts";

/** Divides the bill, by guest or evenly: what comes of it, all phones at the table show. */
export default function SplitDialog() {
  const code = typedCode(usePathPart("code"));
  const guest = readGuest(code);
  const page = `/t/${code}?show=ordered`;
  const query = useSessionPicture(guest?.sessionId ?? 0n);
  const close = useGoBackTo(page);
  return (
    <RouteDialog title="Split the bill" page={page}>
      <div className="airy">
        <Loaded query={query} what="The table">
          {({ session }) =>
            session === undefined || guest === undefined || billableOrders(session).length === 0 ? (
              <p>Everything that was served is on a bill already: see the shares.</p>
            ) : (
              <SplitForm session={session} onDone={close} ownGuestId={guest.guestId} />
            )
          }
        </Loaded>
      </div>{" "}
    </RouteDialog>
  );
}
