import { ShareState } from "@ordermesh/proto/ordermesh/tables/v1/session_pb";
import { useEffect, useRef } from "react";
import { useGoBackTo, usePathId, usePathPart } from "../app/navigate.ts";
import { formatMoney } from "../format.ts";
import { typedCode } from "../places/invitation.ts";
import { useTablesReader } from "../places/use-place.ts";
import { useSessionPicture } from "../places/use-table-session.ts";
import { CardFields, cardFieldNames, cardOf } from "../shop/card-fields.tsx";
import { Button } from "../ui/button.tsx";
import { RouteDialog } from "../ui/dialog.tsx";
import { Form } from "../ui/form.tsx";
import { declineText } from "../words.ts";
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
  const declineCode = payment.isPending ? "" : (payment.data?.declineCode ?? "");
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
              const paid = await payment.mutateAsync(cardOf(values));
              void read();
              if (paid?.state !== ShareState.UNPAID) {
                close();
              }
            }}
          >
            <CardFields />
            {declineCode === "" ? null : <Declined code={declineCode} />}
            <Button type="submit" kind="primary" wide isPending={payment.isPending} pendingText="Paying…">
              Pay {formatMoney(share?.amount)}
            </Button>
          </Form>
        )}
      </div>{" "}
    </RouteDialog>
  );
}

/** A declined card is an answer, not an error. */
function Declined({ code }: { readonly code: string }) {
  const notice = useRef<HTMLElement>(null);
  useEffect(() => {
    notice.current?.focus();
  }, []);
  return (
    <section ref={notice} className="notice notice-failed" role="alert" tabIndex={-1}>
      <p className="notice-title">Declined. {declineText(code)}</p>
      <p>Nothing was charged. Try another card, or pay the staff in cash.</p>
    </section>
  );
}
