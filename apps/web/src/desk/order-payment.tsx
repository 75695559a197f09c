import type { Payment, Refund } from "@ordermesh/proto/ordermesh/payments/v1/payment_pb";
import type { GetPaymentResponse } from "@ordermesh/proto/ordermesh/payments/v1/payments_pb";
import type { Money as MoneyMessage } from "@ordermesh/proto/ordermesh/type/v1/money_pb";
import { refundReasonText, refundStatusWord } from "../desk-words.ts";
import { failureText } from "../failure-text.ts";
import { formatCount } from "../format.ts";
import { Loaded, type QueryState } from "../ui/loaded.tsx";
import { Money } from "../ui/money.tsx";
import { StatusChip } from "../ui/status-chip.tsx";
import { Time } from "../ui/time.tsx";
import { declineText, paymentStatus } from "../words.ts";

export interface OrderPaymentProps {
  readonly query: QueryState<GetPaymentResponse>;
  readonly total: MoneyMessage | undefined;
}

/** What came in and what went back. */
export function OrderPayment({ query, total }: OrderPaymentProps) {
  const hasNone =
    query.data === undefined && query.error !== null && failureText(query.error).code.startsWith("NOT_FOUND");
  return (
    <section className="desk-section" aria-labelledby="desk-payments">
      <h2 id="desk-payments">Payments</h2>
      {total === undefined || hasNone ? (
        <p className="quiet">
          {total === undefined
            ? "It has no prices, so nothing is to be paid."
            : "None was asked for by itself."}
        </p>
      ) : (
        <Loaded query={query} what="The payment">
          {({ payment }) =>
            payment === undefined ? null : (
              <>
                <p className="desk-head">
                  <StatusChip {...paymentStatus[payment.status]} />
                  <Money value={payment.amount} />
                  <span className="quiet">
                    Payment <span className="mono">{String(payment.paymentId)}</span>, {triesText(payment)}
                  </span>
                  {payment.declineCode === "" ? null : <span>{declineText(payment.declineCode)}</span>}
                </p>
                {payment.refunds.length === 0 ? null : (
                  <ul className="desk-list">
                    {payment.refunds.map((refund) => (
                      <GivenBack key={String(refund.refundId)} refund={refund} />
                    ))}
                  </ul>
                )}
              </>
            )
          }
        </Loaded>
      )}
    </section>
  );
}

function triesText({ attempts }: Payment): string {
  return attempts === 0 ? "not tried yet" : `${formatCount(attempts)} ${attempts === 1 ? "try" : "tries"}`;
}

function GivenBack({ refund }: { readonly refund: Refund }) {
  return (
    <li className="desk-refund">
      <StatusChip {...refundStatusWord[refund.status]} />
      <span>{refundReasonText[refund.reason]}</span>
      <Money value={refund.amount} />
      <span className="quiet">
        <Time value={refund.createdTime} />
      </span>
      {refund.note === "" && refund.failureCode === "" ? null : (
        <div className="desk-refund-words">
          {refund.note === "" ? null : <p>“{refund.note}”</p>}
          {refund.failureCode === "" ? null : <p className="mono">{refund.failureCode}</p>}
        </div>
      )}
    </li>
  );
}
