import type { Delivery, Notification } from "@ordermesh/proto/ordermesh/notifications/v1/notifications_pb";
import { messageChannelText, messageDeliveryWord } from "../desk-words.ts";
import { Button } from "../ui/button.tsx";
import { Loaded } from "../ui/loaded.tsx";
import { StatusChip } from "../ui/status-chip.tsx";
import { Time } from "../ui/time.tsx";
import { useOrderMessages } from "./use-order-messages.ts";

/** What was told of the order and, for the platform, whether it arrived: that tells of other people's mail servers. */
export function OrderMessages({ orderId }: { readonly orderId: bigint }) {
  const { query, deliveries, hasOlder, isLoadingOlder, loadOlder } = useOrderMessages(orderId);
  return (
    <section className="desk-section" aria-labelledby="desk-messages">
      <h2 id="desk-messages">Notifications</h2>
      <Loaded query={query} what="The notifications">
        {({ pages }) => {
          const notifications = pages.flatMap((page) => page.notifications);
          return notifications.length === 0 ? (
            <p className="quiet">Nobody was told anything of this order yet.</p>
          ) : (
            <ul className="desk-list">
              {notifications.map((notification) => (
                <Message
                  key={String(notification.notificationId)}
                  notification={notification}
                  deliveries={deliveries.filter(
                    ({ notificationId }) => notificationId === notification.notificationId,
                  )}
                />
              ))}
            </ul>
          );
        }}
      </Loaded>
      {hasOlder ? (
        <p>
          <Button isPending={isLoadingOlder} onPress={loadOlder}>
            Show older
          </Button>
        </p>
      ) : null}
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
