import type { PayResponse } from "@ordermesh/proto/ordermesh/payments/v1/payments_pb";
import { useEffect, useRef } from "react";
import { formatClock, momentOf } from "../format.ts";
import { declineText } from "../words.ts";
import "../ui/notice.css";

/** A declined card is an answer, not an error: it says what is kept, and until when. */
export function Declined({ answer }: { readonly answer: PayResponse }) {
  const notice = useRef<HTMLElement>(null);
  useEffect(() => {
    notice.current?.focus();
  }, [answer]);
  const due = momentOf(answer.payment?.paymentDueTime);
  return (
    <section ref={notice} className="notice notice-failed" role="alert" tabIndex={-1}>
      <p className="notice-title">Declined. {declineText(answer.declineCode)}</p>
      <p>
        Nothing was charged. Your items stay reserved
        {due === undefined ? "" : ` until ${formatClock(due, false)}`}. Try another card.
      </p>
    </section>
  );
}
