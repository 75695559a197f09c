import { Counter, type Registry } from "prom-client";
import type { Channel } from "./domain/notification.ts";
import type { HandledEvents } from "./handle-events.ts";

/** What this process did, as it was committed. */
export interface NotificationMetrics {
  handled(result: HandledEvents): void;
  settled(channel: Channel, outcome: "delivered" | "retried" | "failed"): void;
}

export function createNotificationMetrics(metrics: Registry): NotificationMetrics {
  const notifications = new Counter({
    name: "ordermesh_notifications_total",
    help: "Notifications that were made, by the type of their event.",
    labelNames: ["event_type"],
    registers: [metrics],
  });
  const unknown = new Counter({
    name: "ordermesh_notifications_unknown_events_total",
    help: "Events that were skipped because this version does not know their type.",
    registers: [metrics],
  });
  const deliveries = new Counter({
    name: "ordermesh_deliveries_total",
    help: "Tries to deliver a notification, by channel and by how they ended.",
    labelNames: ["channel", "outcome"],
    registers: [metrics],
  });
  return {
    handled({ notifiedTypes, unknownTypes }) {
      for (const type of notifiedTypes) {
        notifications.inc({ event_type: type });
      }
      // Without a label: whoever writes to the topic chooses the type, and could fill the memory with labels.
      unknown.inc(unknownTypes.length);
    },
    settled(channel, outcome) {
      deliveries.inc({ channel, outcome });
    },
  };
}
