import type { SessionOrder } from "@ordermesh/proto/ordermesh/tables/v1/session_pb";
import type { ReactNode } from "react";
import { failureText } from "../failure-text.ts";
import { OrderLines } from "../tables/order-lines.tsx";
import { isCharged, mayDecline, stepsOf } from "../tables/order-steps.ts";
import { tableOrderStatus } from "../tables/table-words.ts";
import { useOrderStep } from "../tables/use-order-step.ts";
import { Button } from "../ui/button.tsx";
import { Link } from "../ui/link.tsx";
import { Money } from "../ui/money.tsx";
import { StatusChip } from "../ui/status-chip.tsx";
import { useOnce } from "../ui/use-once.ts";
import "../tables/parts.css";
import "./ticket.css";

export interface OrderTicketProps {
  readonly sessionId: bigint;
  readonly order: SessionOrder;
  /** Whose, and since when. */
  readonly head: ReactNode;
  /** Where it is declined, with a reason. */
  readonly declineHref: string;
  readonly showsTotal?: boolean;
}

/** An order as the staff see it: what, for whom, how far, and what is next. */
export function OrderTicket({ sessionId, order, head, declineHref, showsTotal = false }: OrderTicketProps) {
  return (
    <article className="ticket" aria-label={`Order ${order.orderId}`}>
      <header className="ticket-head">
        {head}
        <StatusChip {...tableOrderStatus(order.status)} />
      </header>
      <div className="ticket-content">
        <div>
          <OrderLines order={order} />
          {order.reason === "" ? null : <p className="ticket-note">{order.reason}</p>}
        </div>
        {showsTotal ? (
          <p className={`ticket-total${isCharged(order) ? "" : " ticket-uncharged"}`}>
            <Money value={order.total} />
          </p>
        ) : null}
      </div>
      <TicketActions sessionId={sessionId} order={order} declineHref={declineHref} />
    </article>
  );
}

function TicketActions({
  sessionId,
  order,
  declineHref,
}: Pick<OrderTicketProps, "sessionId" | "order" | "declineHref">) {
  const step = useOrderStep();
  const once = useOnce();
  const steps = stepsOf(order.status);
  const name = `order ${order.orderId}`;
  if (steps.length === 0) {
    return null;
  }
  return (
    <>
      <div className="ticket-actions">
        {steps.map(({ action, text, pendingText, isNext }) => (
          <Button
            key={action}
            kind={isNext ? "primary" : "plain"}
            aria-label={`${text} ${name}`}
            isPending={step.isPending && step.variables?.action === action}
            pendingText={pendingText}
            onPress={() => once(() => step.mutateAsync({ sessionId, orderId: order.orderId, action }))}
          >
            {text}
          </Button>
        ))}
        {mayDecline(order.status) ? (
          <Link href={declineHref} button="danger" aria-label={`Decline ${name}`}>
            Decline…
          </Link>
        ) : null}
      </div>
      {step.error === null ? null : (
        <p className="ticket-problem" role="alert">
          {failureText(step.error).text}
        </p>
      )}
    </>
  );
}
