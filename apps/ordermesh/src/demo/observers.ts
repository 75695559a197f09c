import { randomUUID } from "node:crypto";
import { fromBinary } from "@bufbuild/protobuf";
import { createKafkaClient } from "@ordermesh/kafka/client";
import { startConsumer } from "@ordermesh/kafka/consumer";
import type { IncomingRecord } from "@ordermesh/kafka/record";
import { pause } from "@ordermesh/process/wait";
import { OrderCreatedSchema } from "@ordermesh/proto/ordermesh/events/v1/order_events_pb";
import { PaymentCapturedSchema } from "@ordermesh/proto/ordermesh/events/v1/payment_events_pb";
import type { Logger } from "@ordermesh/telemetry/logger";
import { Registry } from "prom-client";
import type { MeshClients } from "../clients.ts";
import { ordersTopic } from "../verify/event-checks.ts";
import type { Narrator } from "./narrator.ts";

/** How much has been seen, or shall be. */
export interface Sightings {
  readonly orderEvents: number;
  readonly paymentEvents: number;
  readonly notifications: number;
}

const paymentsTopic = "payments.events.v1";

export interface Observers {
  /** Waits until so much of the buyer has been seen, but not for ever. */
  untilSeen(expected: Sightings, timeoutMs: number): Promise<void>;
  stop(): Promise<void>;
}

/** Follows one buyer's events on Kafka and the notifications that come of them. */
export async function observeBuyer(options: {
  readonly userId: bigint;
  readonly brokers: readonly string[];
  readonly notifications: MeshClients["notifications"];
  readonly narrator: Narrator;
  readonly logger: Logger;
}): Promise<Observers> {
  const { userId, brokers, notifications, narrator, logger } = options;
  const stopping = new AbortController();
  const seen = { orderEvents: 0, paymentEvents: 0, notifications: 0 };
  const client = createKafkaClient({ brokers, clientId: "ordermesh-demo", logger });
  const follow = (
    topic: string,
    what: "orderEvents" | "paymentEvents",
    buyerOf: (record: IncomingRecord) => bigint | undefined,
  ) =>
    startConsumer({
      client,
      group: `ordermesh.demo.${randomUUID()}`,
      topic,
      fromOldest: false,
      batchMax: 100,
      retry: { attemptsMax: 1, backoffBaseMs: 100, backoffMaxMs: 100 },
      metrics: new Registry(),
      async handle(records) {
        for (const record of records.filter((candidate) => buyerOf(candidate) === userId)) {
          const { ce_id: id = "", ce_type: type = "" } = record.headers;
          narrator.event(
            `${type.split(".").at(-1)} key=${record.key} id=${id} partition=${record.partition}`,
          );
          seen[what] += 1;
        }
      },
    });
  const consumers = [
    follow(ordersTopic, "orderEvents", buyerOfOrder),
    follow(paymentsTopic, "paymentEvents", buyerOfPayment),
  ];
  /** The stream's first message says from where on it tells: what happens before that would be missed. */
  let isWatching = false;
  async function watchNotifications(): Promise<void> {
    const stream = notifications.watchNotifications(
      { userId },
      { signal: stopping.signal, timeoutMs: Number.POSITIVE_INFINITY },
    );
    for await (const { notification } of stream) {
      isWatching = true;
      if (notification !== undefined) {
        narrator.notification(`${notification.title} (no. ${notification.notificationId})`);
        seen.notifications += 1;
      }
    }
  }
  const watching = watchNotifications().catch((error) => {
    if (!stopping.signal.aborted) {
      logger.warn({ err: error }, "the notifications can not be followed");
    }
  });

  const isReady = () => isWatching && consumers.every((consumer) => consumer.isRunning());
  for (let waitedMs = 0; !isReady() && waitedMs < 20_000; waitedMs += 50) {
    await pause(50, stopping.signal);
  }
  return {
    async untilSeen(expected, timeoutMs) {
      const kinds = ["orderEvents", "paymentEvents", "notifications"] as const;
      for (let waitedMs = 0; waitedMs < timeoutMs; waitedMs += 50) {
        if (kinds.every((kind) => seen[kind] >= expected[kind])) {
          return;
        }
        await pause(50);
      }
      throw new Error(`Of ${JSON.stringify(expected)}, only ${JSON.stringify(seen)} were seen.`);
    },
    async stop() {
      stopping.abort();
      await Promise.all([...consumers.map((consumer) => consumer.stop()), watching]);
    },
  };
}

/** All events of an order begin with the same field, the order, so that the buyer can be read from any of them. */
function buyerOfOrder(record: IncomingRecord): bigint | undefined {
  try {
    return fromBinary(OrderCreatedSchema, record.value).order?.userId;
  } catch {
    return undefined;
  }
}

/** The same with the events of payments. */
function buyerOfPayment(record: IncomingRecord): bigint | undefined {
  try {
    return fromBinary(PaymentCapturedSchema, record.value).payment?.userId;
  } catch {
    return undefined;
  }
}
