import { useGoBackTo, usePathId } from "../app/navigate.ts";
import { billableOrders } from "../tables/order-steps.ts";
import { SplitForm } from "../tables/split-form.tsx";
import { useSessionPicture } from "../tables/use-table-session.ts";
import { RouteDialog } from "../ui/dialog.tsx";
import { Loaded } from "../ui/loaded.tsx";

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
            <p>What was served is on a bill already. Serve something else first.</p>
          ) : (
            <SplitForm session={session} onDone={close} />
          )
        }
      </Loaded>
    </RouteDialog>
  );
}
