import { OrderStatus } from "@ordermesh/proto/ordermesh/loms/v1/order_pb";
import type { SessionOrder, TableSession } from "@ordermesh/proto/ordermesh/tables/v1/session_pb";
import { TableAction } from "@ordermesh/proto/ordermesh/tables/v1/tables_pb";
import { failureText } from "../failure-text.ts";
import { OrderLines } from "../tables/order-lines.tsx";
import { isCharged } from "../tables/order-steps.ts";
import { ordersByGuest } from "../tables/session-changes.ts";
import { tableOrderStatus } from "../tables/table-words.ts";
import { useOrderStep } from "../tables/use-order-step.ts";
import { Button } from "../ui/button.tsx";
import { Link } from "../ui/link.tsx";
import { Money } from "../ui/money.tsx";
import { Empty } from "../ui/notice.tsx";
import { StatusChip } from "../ui/status-chip.tsx";
import { useOnce } from "../ui/use-once.ts";
import type { KeptGuest } from "./kept-guest.ts";
import { PayArea, PayBar } from "./pay-area.tsx";
import "./ordered.css";

export interface OrderedViewProps {
  readonly code: string;
  readonly guest: KeptGuest;
  readonly session: TableSession;
}

/** What the whole table ordered, by whom; what it costs, and how it is paid. */
export function OrderedView({ code, guest, session }: OrderedViewProps) {
  const groups = ordersByGuest(session);
  if (groups.length === 0) {
    return (
      <Empty
        title="Nothing was ordered yet"
        action={
          <Link href={`/t/${code}`} button="primary">
            To the menu
          </Link>
        }
      >
        <p>What anybody at this table orders appears here at once.</p>
      </Empty>
    );
  }
  return (
    <>
      <div className="guest-ordered">
        {groups.map(({ guestId, name, orders }) => (
          <section key={String(guestId)} className="guest-section" aria-label={name}>
            <h2>{guestId === guest.guestId ? `${name} (you)` : name}</h2>
            <ul className="ruled">
              {orders.map((order) => (
                <OrderRow
                  key={String(order.orderId)}
                  order={order}
                  session={session}
                  isOwn={guestId === guest.guestId}
                />
              ))}
            </ul>
          </section>
        ))}
        <PayArea code={code} guest={guest} session={session} />
      </div>
      <PayBar code={code} session={session} />
    </>
  );
}

interface OrderRowProps {
  readonly order: SessionOrder;
  readonly session: TableSession;
  readonly isOwn: boolean;
}

function OrderRow({ order, session, isOwn }: OrderRowProps) {
  const step = useOrderStep();
  const once = useOnce();
  const { sessionId } = session;
  return (
    <li className="guest-order">
      <div className="guest-order-head">
        <StatusChip {...tableOrderStatus(order.status)} />
        <span className={isCharged(order) ? "" : "guest-uncharged"}>
          <Money value={order.total} />
        </span>
      </div>
      <OrderLines order={order} />
      {order.reason === "" ? null : <p className="ticket-note">{order.reason}</p>}
      {isOwn && order.status === OrderStatus.PLACED ? (
        <p>
          <Button
            kind="danger"
            aria-label={`Cancel ${order.lines.map(({ name }) => name).join(", ")}`}
            isPending={step.isPending}
            pendingText="Canceling…"
            onPress={() =>
              once(() => step.mutateAsync({ sessionId, orderId: order.orderId, action: TableAction.CANCEL }))
            }
          >
            Cancel
          </Button>
        </p>
      ) : null}
      {step.error === null ? null : (
        <p className="ticket-problem" role="alert">
          {failureText(step.error).text}
        </p>
      )}
    </li>
  );
}
