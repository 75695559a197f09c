import {
  Channel,
  type Delivery,
  DeliveryStatus,
} from "@ordermesh/proto/ordermesh/notifications/v1/notifications_pb";
import { Button } from "../ui/button.tsx";
import { StatusChip } from "../ui/status-chip.tsx";
import { type Column, Table } from "../ui/table.tsx";
import { Countdown, Time } from "../ui/time.tsx";
import { channelText, deliveryStatus } from "./operation-words.ts";
import { OrderLink } from "./order-link.tsx";

export interface DeliveriesTableProps {
  readonly deliveries: readonly Delivery[];
  /** The one that is being sent again. */
  readonly sending: bigint | undefined;
  readonly onResend: (deliveryId: bigint) => void;
}

export function DeliveriesTable({ deliveries, sending, onResend }: DeliveriesTableProps) {
  const resend = ({ deliveryId, status }: Delivery) => {
    const text = status === DeliveryStatus.PENDING ? "Try now" : "Resend";
    return (
      <span className="row-actions">
        <Button
          aria-label={`${text}: delivery ${deliveryId}`}
          kind={status === DeliveryStatus.DELIVERED ? "quiet" : "plain"}
          isPending={sending === deliveryId}
          pendingText="Sending…"
          onPress={() => onResend(deliveryId)}
        >
          {text}
        </Button>
      </span>
    );
  };
  return (
    <Table
      caption="Deliveries"
      rows={deliveries}
      rowKey={({ deliveryId }) => String(deliveryId)}
      columns={[...columns, { id: "resend", title: "", width: 88, cell: resend }]}
      phone={(delivery) => ({
        first: (
          <>
            <span>{delivery.title}</span>
            <StatusChip {...deliveryStatus[delivery.status]} />
          </>
        ),
        second: (
          <>
            <span className={delivery.lastError === "" ? "" : "problem-text"}>
              {channelText[delivery.channel]}, {triesOf(delivery)}
              {delivery.lastError === "" ? "" : `: ${delivery.lastError}`}
            </span>
            {resend(delivery)}
          </>
        ),
      })}
    />
  );
}

/** "4 of 5". */
function triesOf({ attempts, attemptsMax }: Delivery): string {
  return attemptsMax === 0 ? String(attempts) : `${attempts} of ${attemptsMax}`;
}

function Next({ delivery: { nextAttemptTime } }: { readonly delivery: Delivery }) {
  return nextAttemptTime === undefined ? (
    <span className="quiet">–</span>
  ) : (
    <Countdown until={nextAttemptTime} over="now" />
  );
}

const columns: readonly Column<Delivery>[] = [
  {
    id: "number",
    title: "No.",
    optional: 1,
    width: 64,
    cell: ({ deliveryId }) => <span className="mono">{String(deliveryId)}</span>,
  },
  {
    id: "time",
    title: "Written",
    optional: 2,
    width: 84,
    cell: ({ createdTime }) => <Time value={createdTime} relative={false} />,
  },
  {
    id: "status",
    title: "State",
    width: 112,
    cell: ({ status }) => <StatusChip {...deliveryStatus[status]} />,
  },
  { id: "channel", title: "Channel", optional: 3, width: 104, cell: ({ channel }) => channelText[channel] },
  { id: "order", title: "Order", width: 84, cell: ({ orderId }) => <OrderLink orderId={orderId} /> },
  { id: "title", title: "Message", width: 240, cell: ({ title }) => <span title={title}>{title}</span> },
  {
    id: "target",
    title: "To",
    optional: 4,
    width: 144,
    cell: ({ target, userId, channel }) => (
      <span className="mono" title={`User ${userId}`}>
        {target === "" && channel !== Channel.LOG
          ? `nobody any more (user ${userId})`
          : target || `user ${userId}`}
      </span>
    ),
  },
  { id: "tries", title: "Tries", width: 64, isNumber: true, cell: triesOf },
  {
    id: "error",
    title: "What the last try said",
    cell: ({ lastError }) => (
      <span className="problem-text" title={lastError}>
        {lastError}
      </span>
    ),
  },
  {
    id: "next",
    title: "Next in",
    width: 64,
    isNumber: true,
    cell: (delivery) => <Next delivery={delivery} />,
  },
];
