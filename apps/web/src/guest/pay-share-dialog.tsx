import { ShareState } from "@ordermesh/proto/ordermesh/tables/v1/session_pb";
import { useGoBackTo, usePathId, usePathPart } from "../app/navigate.ts";
import { CardFields, cardFieldNames, cardOf } from "../cards/card-fields.tsx";
import { Declined } from "../cards/declined.tsx";
import { formatMoney } from "../format.ts";
import { typedCode } from "../tables/invitation.ts";
import { useSessionPicture } from "../tables/use-table-session.ts";
import { useTablesReader } from "../tables/use-tables-reader.ts";
import { Button } from "../ui/button.tsx";
import { RouteDialog } from "../ui/dialog.tsx";
import { Form } from "../ui/form.tsx";
import { readGuest } from "./kept-guest.ts";
import { usePayShare } from "./use-pay-share.ts";

/** Pays one share of the bill by card. */
export default function PayShareDialog() {
  const code = typedCode(usePathPart("code"));
  const shareId = usePathId("shareId");
  const sessionId = readGuest(code)?.sessionId ?? 0n;
  const page = `/t/${code}?show=ordered`;
  const session = useSessionPicture(sessionId).data?.session;
  const share = session?.bills.flatMap(({ shares }) => shares).find((each) => each.shareId === shareId);
  const payment = usePayShare(sessionId, shareId);
  const read = useTablesReader();
  const close = useGoBackTo(page);
  const declined = payment.isPending || (payment.data?.declineCode ?? "") === "" ? undefined : payment.data;
  const isTaken = share !== undefined && share.state !== ShareState.UNPAID && !payment.isPending;
  return (
    <RouteDialog title="Pay your share" page={page}>
      <div className="airy">
        {isTaken ? (
          <p role="status">
            {share.state === ShareState.PAID ? "This share is paid." : "This share is being paid."}
          </p>
        ) : (
          <Form
            fieldNames={cardFieldNames}
            error={payment.error}
            onSubmit={async (values) => {
              const paid = await payment.mutateAsync({ card: cardOf(values) });
              void read();
              if (paid?.state !== ShareState.UNPAID) {
                close();
              }
            }}
          >
            <CardFields />
            {declined === undefined ? null : (
              <Declined answer={declined}>
                Nothing was charged. Try another card, or pay the staff in cash.
              </Declined>
            )}
            <Button type="submit" kind="primary" wide isPending={payment.isPending} pendingText="Paying…">
              Pay {formatMoney(share?.amount)}
            </Button>
          </Form>
        )}
      </div>
    </RouteDialog>
  );
}
