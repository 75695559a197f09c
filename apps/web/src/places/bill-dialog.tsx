import { useGoBackTo, usePathId } from "../app/navigate.ts";
import { RouteDialog } from "../ui/dialog.tsx";
import { Loaded } from "../ui/loaded.tsx";
import { billableOrders } from "./order-steps.ts";
import { SplitForm } from "./split-form.tsx";
import { useSessionPicture } from "./use-table-session.ts";

export default function BillDialog() {
  const sessionId = usePathId("sessionId");
  const page = `/places/${usePathId("locationId")}/table/${sessionId}`;
  const query = useSessionPicture(sessionId);
  const close = useGoBackTo(page);
  return (
    <RouteDialog title="Make the bill" page={page}>
      <Loaded query={query} what="The table">
        {({ session }) =>
          session === undefined || billableOrders(session).length === 0 ? (
            <p>There is nothing that was served and is on no bill. Serve something first.</p>
          ) : (
            <SplitForm session={session} onDone={close} />
          )
        }
      </Loaded>
    </RouteDialog>
  );
}
