import type { PayResponse } from "@ordermesh/proto/ordermesh/payments/v1/payments_pb";
import { Declined } from "../cards/declined.tsx";
import { formatClock, momentOf } from "../format.ts";

/** What is kept of an order whose card was declined, and until when. */
export function OrderDeclined({ answer }: { readonly answer: PayResponse }) {
  const due = momentOf(answer.payment?.paymentDueTime);
  return (
    <Declined answer={answer}>
      Nothing was charged. Your items stay reserved
      {due === undefined ? "" : ` until ${formatClock(due, false)}`}. Try another card.
    </Declined>
  );
}
