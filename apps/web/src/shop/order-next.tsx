import { CancelReason, type Order, OrderStatus } from "@ordermesh/proto/ordermesh/loms/v1/order_pb";
import { type Payment, PaymentStatus } from "@ordermesh/proto/ordermesh/payments/v1/payment_pb";
import type { ReactNode } from "react";
import { useAppConfig } from "../app/app-config.ts";
import { formatCount } from "../format.ts";
import { Button } from "../ui/button.tsx";
import { Failure } from "../ui/failure.tsx";
import { Link } from "../ui/link.tsx";
import { Countdown, Time } from "../ui/time.tsx";
import { useOnce } from "../ui/use-once.ts";
import type { OrderActionInput } from "../use-order-action.ts";
import { cancelReasonText, declineText } from "../words.ts";
import type { Allowed } from "./allowed.ts";
import { useBuyerAction } from "./use-order.ts";

interface OrderNextProps {
  readonly order: Order;
  readonly allowed: Allowed;
  readonly payment: Payment | undefined;
}

/** Whose turn it is, until when, and what the buyer can do about it. */
export function OrderNext({ order, allowed, payment }: OrderNextProps) {
  const action = useBuyerAction(order.orderId);
  const page = `/orders/${order.orderId}`;
  const once = useOnce();
  const take = (input: OrderActionInput) => once(() => action.take(input));
  const isOpen = order.status === OrderStatus.AWAITING_PAYMENT;
  const isProcessing = payment?.status === PaymentStatus.PROCESSING;
  return (
    <section className="next" aria-label="What comes next">
      <p className="next-text">{nextText(order, payment)}</p>
      {action.error === null ? null : <Failure error={action.error} />}
      <div className="button-row">
        {isOpen && !isProcessing && payment !== undefined ? (
          <Link href={`${page}/pay`} button="primary">
            Pay now
          </Link>
        ) : null}
        {allowed.may("confirm reception of order") ? (
          <Button
            kind="primary"
            isPending={action.isPending}
            onPress={() => take({ action: "confirm reception of order" })}
          >
            I have received it
          </Button>
        ) : null}
        {allowed.may("extend auto acking reception of order") ? (
          <Button
            isPending={action.isPending}
            onPress={() => take({ action: "extend auto acking reception of order" })}
          >
            I need more time
          </Button>
        ) : null}
        {allowed.may("request refund") ? (
          <Link href={`${page}/refund/0`} button="plain">
            Ask for a refund
          </Link>
        ) : null}
        {allowed.may("cancel order") ? (
          <Link href={`${page}/cancel`} button="danger">
            Cancel the order
          </Link>
        ) : null}
        {isOver(order) ? (
          <Link href="/" button="plain">
            To the shop
          </Link>
        ) : null}
        <DemoLink order={order} />
      </div>
    </section>
  );
}

/** For who tries it out: the other side of the same deal, in a window of its own. */
function DemoLink({ order: { orderId, status } }: { readonly order: Order }) {
  const isDemo = useAppConfig()?.demo !== undefined;
  const needsSeller = status === OrderStatus.PAID || status === OrderStatus.SHIPMENT_HELD;
  return isDemo && needsSeller ? (
    <a
      className="button button-plain"
      href={`/desk/orders/${orderId}?as=seller`}
      target="_blank"
      rel="noopener"
    >
      Open as seller ↗
    </a>
  ) : null;
}

/** Nothing more happens with it: what one buys next is elsewhere. */
function isOver({ status }: Order): boolean {
  return [
    OrderStatus.CANCELED,
    OrderStatus.FAILED,
    OrderStatus.AWAITING_SETTLEMENT,
    OrderStatus.SETTLED,
  ].includes(status);
}

function nextText(order: Order, payment: Payment | undefined): ReactNode {
  const { status, shipment, cancelReason } = order;
  switch (status) {
    case OrderStatus.AWAITING_PAYMENT:
      return unpaidText(order, payment);
    case OrderStatus.PAID:
      return order.workflow === "service"
        ? "Paid. Show a code at the counter: each is good for one use."
        : "Paid. The seller ships it next; you see it here as soon as that happens.";
    case OrderStatus.SHIPMENT_HELD:
      return "Paid. Nothing is shipped before the refund is through.";
    case OrderStatus.SHIPPED:
      return (
        <>
          On its way{shipment === undefined || shipment.carrier === "" ? "" : ` with ${shipment.carrier}`}
          {shipment === undefined || shipment.trackingNumber === "" ? null : (
            <>
              , parcel <span className="mono copyable">{shipment.trackingNumber}</span>
            </>
          )}
          . Tell us when you have it.
          {shipment?.completesTime === undefined ? null : (
            <>
              {" "}
              If we hear nothing, it counts as received in{" "}
              <Countdown until={shipment.completesTime} over="a moment" />.
            </>
          )}
        </>
      );
    case OrderStatus.COMPLETED:
      return "Completed. If something is wrong with it, ask for a refund below.";
    case OrderStatus.AWAITING_SETTLEMENT:
    case OrderStatus.SETTLED:
      return "Completed. There is nothing left to do.";
    case OrderStatus.CANCELED:
      return cancelReason === CancelReason.REQUESTED
        ? "Canceled, as you asked. Nothing was charged."
        : `Canceled${cancelReasonText[cancelReason] === "" ? "" : `: ${cancelReasonText[cancelReason]}`}.`;
    case OrderStatus.FAILED:
      return `There was not enough left: ${shortagesText(order)}. Nothing was charged.`;
    default:
      return "";
  }
}

/** "Oak Lamp, round: 2 of 5". */
function shortagesText({ lines, shortages }: Order): string {
  return shortages
    .map(({ sku, requested, available }) => {
      const name = lines.find((line) => line.sku === sku)?.name ?? "";
      return `${name === "" ? `number ${sku}` : name}: ${formatCount(available)} of ${formatCount(requested)}`;
    })
    .join("; ");
}

function unpaidText({ paymentDueTime }: Order, payment: Payment | undefined): ReactNode {
  if (payment?.status === PaymentStatus.PROCESSING) {
    return "Your payment is being processed. You need not do anything: this page changes by itself.";
  }
  const declined = payment?.status === PaymentStatus.DECLINED ? `${declineText(payment.declineCode)} ` : "";
  return (
    <>
      {declined}Not paid yet. The items are held for you for{" "}
      <Countdown until={paymentDueTime} over="no longer" />, until{" "}
      <Time value={paymentDueTime} relative={false} />.
    </>
  );
}
