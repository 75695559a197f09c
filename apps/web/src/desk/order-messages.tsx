import type { Delivery, Notification } from "@ordermesh/proto/ordermesh/notifications/v1/notifications_pb";
import { messageChannelText, messageDeliveryWord } from "../desk-words.ts";
import { Loaded } from "../ui/loaded.tsx";
import { StatusChip } from "../ui/status-chip.tsx";
import { Time } from "../ui/time.tsx";
import type { DeskOrder } from "./use-desk-order.ts";

/** What the buyer was told about the order, and whether it arrived. For the platform: it is the buyer's mail. */
export function OrderMessages({ parts, orderId }: { readonly parts: DeskOrder; readonly orderId: bigint }) {
  const { notifications, deliveries, isPlatform } = parts;
  return (
    <section className="desk-section" aria-labelledby="desk-messages">
      <h2 id="desk-messages">Notifications</h2>
      {isPlatform ? (
        <Loaded query={notifications} what="The notifications">
          {(answer) => {
            const own = answer.notifications.filter((notification) => notification.orderId === orderId);
            return own.length === 0 ? (
              <p className="quiet">None, as far as the buyer’s last 500 tell.</p>
            ) : (
              <ul className="desk-list">
                {own.map((notification) => (
                  <Message
                    key={String(notification.notificationId)}
                    notification={notification}
                    deliveries={(deliveries.data?.deliveries ?? []).filter(
                      ({ notificationId }) => notificationId === notification.notificationId,
                    )}
                  />
                ))}
              </ul>
            );
          }}
        </Loaded>
      ) : (
        <p className="quiet">They are between the platform and the buyer: the platform sees them here.</p>
      )}
    </section>
  );
}

function Message({
  notification,
  deliveries,
}: {
  readonly notification: Notification;
  readonly deliveries: readonly Delivery[];
}) {
  return (
    <li>
      <details className="desk-message">
        <summary>
          {notification.title}{" "}
          <span className="quiet">
            <Time value={notification.createdTime} relative={false} />
          </span>
        </summary>
        <p>{notification.body}</p>
        <p className="quiet mono">{notification.eventType}</p>
      </details>
      {deliveries.map(({ deliveryId, channel, status, attempts, lastError }) => (
        <p key={String(deliveryId)} className="desk-delivery">
          <StatusChip {...messageDeliveryWord[status]} />
          <span>{messageChannelText[channel]}</span>
          <span className="quiet">
            {attempts} {attempts === 1 ? "try" : "tries"}
            {lastError === "" ? "" : `: ${lastError}`}
          </span>
        </p>
      ))}
    </li>
  );
}
