import type { Logger } from "@ordermesh/telemetry/logger";
import { traceIdOf } from "@ordermesh/telemetry/tracing";
import { type Deliver, delivered } from "./delivery-result.ts";

/** One line per notification, for an operator to follow what buyers are told. */
export function createLogChannel(logger: Logger): Deliver {
  return async ({ notification, traceparent }) => {
    logger.info(
      {
        notification_id: `${notification.id}`,
        order_id: `${notification.orderId}`,
        user_id: `${notification.userId}`,
        event_type: notification.eventType,
        trace_id: traceIdOf(traceparent),
      },
      notification.title,
    );
    return delivered;
  };
}
