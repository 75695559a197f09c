import type { SessionOrder } from "@ordermesh/proto/ordermesh/tables/v1/session_pb";
import type { ReactNode } from "react";
import { failureText } from "../failure-text.ts";
import { Button } from "../ui/button.tsx";
import { Link } from "../ui/link.tsx";
import { Money } from "../ui/money.tsx";
import { StatusChip } from "../ui/status-chip.tsx";
import { mayDecline, stepsOf } from "./order-steps.ts";
import { tableOrderStatus } from "./table-words.ts";
import { useOrderStep } from "./use-order-step.ts";
import "./parts.css";

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
      <OrderLines order={order} />
      {order.reason === "" ? null : <p className="ticket-note">{order.reason}</p>}
      {showsTotal ? (
        <p className="ticket-total">
          <Money value={order.total} />
        </p>
      ) : null}
      <TicketActions sessionId={sessionId} order={order} declineHref={declineHref} />
    </article>
  );
}

/** "2 × Roast pork", with what was said to it. */
export function OrderLines({ order }: { readonly order: SessionOrder }) {
  return (
    <>
      <ul className="ticket-lines">
        {order.lines.map(({ sku, quantity, name, note }) => (
          <li key={sku}>
            <span className="ticket-quantity">{quantity} ×</span>
            <span>
              {name}
              {note === "" ? null : <span className="ticket-note">{note}</span>}
            </span>
          </li>
        ))}
      </ul>
      {order.note === "" ? null : <p className="ticket-note">{order.note}</p>}
    </>
  );
}

function TicketActions({
  sessionId,
  order,
  declineHref,
}: Pick<OrderTicketProps, "sessionId" | "order" | "declineHref">) {
  const step = useOrderStep();
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
            onPress={() => step.mutate({ sessionId, orderId: order.orderId, action })}
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
