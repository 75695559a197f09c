import { useMutation } from "@connectrpc/connect-query";
import type { TableSession } from "@ordermesh/proto/ordermesh/tables/v1/session_pb";
import { CloseSessionRequestSchema, TablesService } from "@ordermesh/proto/ordermesh/tables/v1/tables_pb";
import { useGoBackTo, usePathId } from "../app/navigate.ts";
import { limitsOf } from "../field-limits.ts";
import { formatMoney } from "../format.ts";
import { billableOrders, linesText, openEnds, sumOf } from "../tables/order-steps.ts";
import { guestName } from "../tables/session-changes.ts";
import { tableOrderStatus } from "../tables/table-words.ts";
import { useSessionPicture } from "../tables/use-table-session.ts";
import { useTablesReader } from "../tables/use-tables-reader.ts";
import { Button } from "../ui/button.tsx";
import { RouteDialog } from "../ui/dialog.tsx";
import { Field } from "../ui/field.tsx";
import { Form } from "../ui/form.tsx";
import { Loaded } from "../ui/loaded.tsx";
import { Notice } from "../ui/notice.tsx";
import "./table.css";

/** Closes a table: says what keeps it open, and how it is closed anyway. */
export default function CloseDialog() {
  const sessionId = usePathId("sessionId");
  const page = `/places/${usePathId("locationId")}/table/${sessionId}`;
  const query = useSessionPicture(sessionId);
  return (
    <RouteDialog title="Close the table" page={page}>
      <Loaded query={query} what="The table">
        {({ session }) => (session === undefined ? null : <CloseForm session={session} page={page} />)}
      </Loaded>
    </RouteDialog>
  );
}

function CloseForm({ session, page }: { readonly session: TableSession; readonly page: string }) {
  const read = useTablesReader();
  const closing = useMutation(TablesService.method.closeSession, { onSettled: () => void read() });
  const close = useGoBackTo(page);
  const ends = openEnds(session);
  const isDone = ends.orders.length === 0 && ends.bills.length === 0;
  return (
    <Form
      error={closing.error}
      onSubmit={async ({ reason = "" }) => {
        await closing.mutateAsync({ sessionId: session.sessionId, force: !isDone, reason });
        close();
      }}
    >
      {isDone ? <DoneText session={session} /> : <OpenEndsNotice session={session} />}
      {isDone ? null : (
        <Field
          label="Or close it anyway: why"
          name="reason"
          isRequired
          {...limitsOf(CloseSessionRequestSchema, "reason")}
          hint="Ends what is not served, and writes off what is not paid. It stays with the table."
        />
      )}
      <div className="form-actions">
        <Button
          type="submit"
          kind={isDone ? "primary" : "danger-solid"}
          isPending={closing.isPending}
          pendingText="Closing…"
        >
          {isDone ? "Close the table" : "Close it anyway"}
        </Button>
        <Button onPress={close}>Not now</Button>
      </div>
    </Form>
  );
}

function DoneText({ session }: { readonly session: TableSession }) {
  const unpaid = billableOrders(session);
  return (
    <>
      <p>
        Everything was served, and no bill is open. The code, the link and the guests’ phones stop working,
        for good.
      </p>
      {unpaid.length === 0 ? null : (
        <Notice
          tone="waiting"
          title={`${formatMoney(sumOf(unpaid.map(({ total }) => total)))} is on no bill`}
        >
          <p>If you close now, nobody is asked to pay it. Make the bill first if it is still to be paid.</p>
        </Notice>
      )}
    </>
  );
}

/** Within a sentence. */
function forWhom(session: TableSession, guestId: bigint): string {
  const isTable = session.guests.some((guest) => guest.guestId === guestId && guest.isTable);
  return isTable || guestId === 0n ? "the table" : guestName(session, guestId);
}

function OpenEndsNotice({ session }: { readonly session: TableSession }) {
  const { orders, bills } = openEnds(session);
  return (
    <Notice tone="waiting" title="It cannot be closed yet">
      <ul className="open-ends">
        {orders.map((order) => (
          <li key={String(order.orderId)}>
            Not served: {linesText(order)}, for {forWhom(session, order.guestId)} (
            {tableOrderStatus(order.status).word.toLowerCase()})
          </li>
        ))}
        {bills.map(({ billId, total }) => (
          <li key={`bill ${billId}`}>Not paid: a bill over {formatMoney(total)}</li>
        ))}
      </ul>
      <p>Serve, cancel or decline what is ordered, and settle what is on a bill.</p>
    </Notice>
  );
}
