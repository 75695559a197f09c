import type { Timestamp } from "@bufbuild/protobuf/wkt";
import { type Order, OrderStatus, type RefundSheet } from "@ordermesh/proto/ordermesh/loms/v1/order_pb";
import { type Payment, PaymentStatus } from "@ordermesh/proto/ordermesh/payments/v1/payment_pb";
import type { ReactNode } from "react";
import { formatCount } from "../format.ts";
import { Link } from "../ui/link.tsx";
import { Money } from "../ui/money.tsx";
import { StatusChip } from "../ui/status-chip.tsx";
import { Countdown, Time } from "../ui/time.tsx";
import { cancelReasonText, deskStatus, refundStatus } from "../words.ts";

export interface OrderTopProps {
  readonly order: Order;
  readonly payment: Payment | undefined;
}

/** The order's name and state, and whose turn it is until when. */
export function OrderTop({ order, payment }: OrderTopProps) {
  const refunds = order.items.flatMap((item) => item.refunds).filter(({ stateCode }) => isOpen(stateCode));
  return (
    <header className="desk-top">
      <div className="desk-head">
        <h1>
          Order <span className="mono copyable">{String(order.orderId)}</span>
        </h1>
        <StatusChip {...deskStatus(order.status)} code={order.stateCode} />
        <span className="quiet" title="Steps so far">
          v{order.version}
        </span>
        <span className="desk-head-space" />
        <span className="quiet">
          Buyer{" "}
          <Link href={`/desk/orders?q=${order.userId}`} className="mono">
            {String(order.userId)}
          </Link>{" "}
          · {order.workflow} v{order.workflowVersion} · placed <Time value={order.createdTime} />
        </span>
      </div>
      <p className="desk-next">
        <b>Next:</b> {nextText(order, payment)}
      </p>
      {refunds.map((refund) => (
        <p key={String(refund.refundId)} className="desk-next">
          <b>
            Refund of{" "}
            {refund.itemSku === 0 ? "what was not used" : <span className="mono">{refund.itemSku}</span>}:
          </b>{" "}
          <Money value={refund.amount} />, {turnOfRefund(refund)}
        </p>
      ))}
    </header>
  );
}

const refundTurns: Readonly<Record<string, string>> = {
  WSR: "the seller agrees or rejects.",
  SRR: "the buyer changes the request, withdraws it, or asks customer service.",
  CSI: "the platform decides.",
  WBS: "the buyer ships the goods back.",
  WSA: "the seller looks at what came back.",
  CSA: "the platform decides about what came back.",
  PPR: "payments give the money back.",
};

function isOpen(stateCode: string): boolean {
  return stateCode in refundTurns;
}

function turnOfRefund({ stateCode, failureCode }: RefundSheet): string {
  const turn = refundTurns[stateCode] ?? refundStatus(stateCode).word;
  return failureCode === "" ? turn : `${turn} It failed so far: ${failureCode}.`;
}

function By({ until, then }: { readonly until: Timestamp | undefined; readonly then: string }) {
  return until === undefined ? null : (
    <>
      {" "}
      Nobody in <Countdown until={until} over="a moment" /> → {then}.
    </>
  );
}

function nextText(order: Order, payment: Payment | undefined): ReactNode {
  const { status, shipment, cancelReason } = order;
  switch (status) {
    case OrderStatus.AWAITING_PAYMENT:
      return (
        <>
          {payment?.status === PaymentStatus.PROCESSING
            ? "payments decide about the card."
            : "the buyer pays."}
          <By until={order.paymentDueTime} then="canceled, and the stock is free again" />
        </>
      );
    case OrderStatus.PAID:
      return order.workflow === "service" ? "the buyer shows a code, and it is taken." : "the seller ships.";
    case OrderStatus.SHIPMENT_HELD:
      return "payments give money back; then the seller ships what is left.";
    case OrderStatus.SHIPPED:
      return (
        <>
          the buyer confirms the reception.
          <By until={shipment?.completesTime} then="it counts as received" />
        </>
      );
    case OrderStatus.COMPLETED:
      return "the time for refunds runs; then it is settled.";
    case OrderStatus.AWAITING_SETTLEMENT:
      return "accounting closes the books.";
    case OrderStatus.CONFIRMED:
      return "it is on its way by itself.";
    case OrderStatus.PLACED:
      return "the kitchen accepts or declines it.";
    case OrderStatus.ACCEPTED:
    case OrderStatus.PREPARING:
      return "the kitchen makes and serves it.";
    case OrderStatus.SERVED:
      return "the table pays.";
    case OrderStatus.CANCELED:
      return `nothing. Canceled: ${cancelReasonText[cancelReason] || "for no reason that was kept"}.`;
    case OrderStatus.FAILED:
      return `nothing. Stock was short: ${order.shortages
        .map(
          ({ sku, requested, available }) => `${sku}, ${formatCount(available)} of ${formatCount(requested)}`,
        )
        .join("; ")}.`;
    default:
      return "nothing: it is over.";
  }
}
