import { fromBinary } from "@bufbuild/protobuf";
import { createKafkaClient } from "@ordermesh/kafka/client";
import { readToEnd } from "@ordermesh/kafka/read-to-end";
import { OrderCreatedSchema } from "@ordermesh/proto/ordermesh/events/v1/order_events_pb";
import { testLogger } from "@ordermesh/testkit/test-logger";

/** What a consumer of the orders' topic gets to see, from its first record on. */
export interface OrderSightings {
  /** Different events. */
  readonly events: number;
  /** Records beyond the first one of each event. */
  readonly repeats: number;
  /** Sentences about events of one order that were not first seen in the order of its versions; none is right. */
  readonly outOfOrder: readonly string[];
}

export async function readOrderSightings(brokers: readonly string[]): Promise<OrderSightings> {
  const client = createKafkaClient({ brokers, clientId: "sightings", logger: testLogger() });
  const seen = new Set<string>();
  const lastVersions = new Map<string, number>();
  const outOfOrder: string[] = [];
  let records = 0;
  await readToEnd({
    client,
    topic: "orders.events.v1",
    timeoutMs: 120_000,
    onRecords(batch) {
      for (const { key, value, headers } of batch) {
        records += 1;
        const id = headers.ce_id ?? "";
        if (seen.has(id)) {
          continue;
        }
        seen.add(id);
        // Every order event begins with the order, so any of their messages reads it.
        const version = fromBinary(OrderCreatedSchema, value).order?.version ?? 0;
        const expected = (lastVersions.get(key) ?? 0) + 1;
        if (version !== expected) {
          outOfOrder.push(`order ${key}: version ${version} where ${expected} was due`);
        }
        lastVersions.set(key, version);
      }
    },
  });
  return { events: seen.size, repeats: records - seen.size, outOfOrder };
}
