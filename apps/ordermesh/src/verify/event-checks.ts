import { fromBinary } from "@bufbuild/protobuf";
import type { KafkaClient } from "@ordermesh/kafka/client";
import { findRanges, readToEnd } from "@ordermesh/kafka/read-to-end";
import type { IncomingRecord } from "@ordermesh/kafka/record";
import type { Queryable } from "@ordermesh/postgres/tx";
import {
  file_ordermesh_events_v1_order_events as contract,
  OrderActionAppliedSchema,
  OrderAwaitingPaymentSchema,
  OrderAwaitingSettlementSchema,
  OrderCanceledSchema,
  OrderCreatedSchema,
  OrderFailedSchema,
  OrderPaidSchema,
  OrderPlacedSchema,
  OrderSettledSchema,
  OrderShipmentHeldSchema,
  OrderShipmentResumedSchema,
} from "@ordermesh/proto/ordermesh/events/v1/order_events_pb";
import type { CheckResult, Finding } from "./finding.ts";

export const ordersTopic = "orders.events.v1";

/** What a step is told by whose row does not say so: those with which an order begins, and those from before there was a column for it. */
const typeOfStatus: Readonly<Record<string, string>> = {
  new: OrderCreatedSchema.typeName,
  awaiting_payment: OrderAwaitingPaymentSchema.typeName,
  failed: OrderFailedSchema.typeName,
  paid: OrderPaidSchema.typeName,
  canceled: OrderCanceledSchema.typeName,
  placed: OrderPlacedSchema.typeName,
};

/** Every event has the order in the field in which OrderCreated, which has nothing else, has it. */
const typeNames = new Set(
  contract.messages.filter(({ field }) => field.order?.number === 1).map(({ typeName }) => typeName),
);

const quietTypeNames: ReadonlySet<string> = new Set(
  [
    OrderActionAppliedSchema,
    OrderShipmentHeldSchema,
    OrderShipmentResumedSchema,
    OrderAwaitingSettlementSchema,
    OrderSettledSchema,
  ].map(({ typeName }) => typeName),
);

/** A change that must be on Kafka: it is in the history and no longer in the outbox. */
interface ExpectedEvent {
  readonly orderId: bigint;
  readonly version: number;
  readonly type: string;
}

/** The changes of one snapshot of the order database whose events have left the outbox. */
export async function findExpectedEvents(db: Queryable): Promise<ExpectedEvent[]> {
  const waiting = await db.query<{ aggregate_id: bigint; payload: Uint8Array }>(
    "select aggregate_id, payload from outbox where aggregate_type = 'order'",
  );
  const inOutbox = new Set(
    waiting.map(({ aggregate_id, payload }) => {
      const { order } = fromBinary(OrderCreatedSchema, payload);
      return `${aggregate_id}/${order?.version}`;
    }),
  );
  const history = await db.query<{
    order_id: bigint;
    version: number;
    status: string;
    event_type: string | null;
  }>("select order_id, version, status, event_type from order_history");
  return history
    .map(({ order_id, version, status, event_type }) => ({
      orderId: order_id,
      version,
      type:
        event_type === null ? (typeOfStatus[status] ?? status) : `${contract.proto.package}.${event_type}`,
    }))
    .filter(({ orderId, version }) => !inOutbox.has(`${orderId}/${version}`));
}

/** What the topic says, reduced to what the checks need. */
export interface TopicContents {
  readonly recordCount: number;
  /** By "order/version": the event's type. */
  readonly typeByChange: ReadonlyMap<string, string>;
  /** Ids of events by "partition/offset". */
  readonly eventIds: ReadonlyMap<string, string>;
  /** Ids of events of which nobody is told: of a type that this version does not know, or about an order at a table. */
  readonly untoldIds: ReadonlySet<string>;
  /** Ids of events of types of which a buyer is told only now and then, or never. */
  readonly quietTypeIds: ReadonlySet<string>;
  readonly findings: readonly Finding[];
  /** True when old records have been deleted by retention, so that their absence proves nothing. */
  readonly isTruncated: boolean;
}

export async function readOrderEvents(client: KafkaClient, timeoutMs: number): Promise<TopicContents> {
  const ranges = (await findRanges(client, ordersTopic)) ?? [];
  const typeByChange = new Map<string, string>();
  const eventIds = new Map<string, string>();
  const untoldIds = new Set<string>();
  const quietTypeIds = new Set<string>();
  const lastVersions = new Map<string, number>();
  const findings: Finding[] = [];
  let recordCount = 0;

  function note(record: IncomingRecord): void {
    recordCount += 1;
    eventIds.set(`${record.partition}/${record.offset}`, record.headers.ce_id ?? "");
    const change = changeOf(record);
    if (!isKnown(record) || change?.isAtTable === true) {
      untoldIds.add(record.headers.ce_id ?? "");
    } else if (quietTypeNames.has(record.headers.ce_type ?? "")) {
      quietTypeIds.add(record.headers.ce_id ?? "");
    }
    if (change === undefined) {
      findings.push({
        invariant: "I10",
        text: `record ${record.partition}/${record.offset} is no order event`,
      });
      return;
    }
    const name = `${record.key}/${change.version}`;
    const last = lastVersions.get(record.key) ?? 0;
    if (!typeByChange.has(name) && change.version !== last + 1 && last > 0) {
      findings.push({
        invariant: "I10",
        text: `order ${record.key}: version ${change.version} is first seen after version ${last}`,
      });
    }
    if (change.orderId.toString() !== record.key) {
      findings.push({
        invariant: "I10",
        text: `order ${change.orderId} was published with key ${record.key}`,
      });
    }
    lastVersions.set(record.key, Math.max(last, change.version));
    typeByChange.set(name, change.type);
  }

  await readToEnd({ client, topic: ordersTopic, timeoutMs, onRecords: (records) => records.forEach(note) });
  const isTruncated = ranges.some(({ low }) => low > 0n);
  return { recordCount, typeByChange, eventIds, untoldIds, quietTypeIds, findings, isTruncated };
}

function isKnown({ headers }: IncomingRecord): boolean {
  return typeNames.has(headers.ce_type ?? "");
}

interface ToldChange {
  readonly orderId: bigint;
  readonly version: number;
  readonly type: string;
  readonly isAtTable: boolean;
}

function changeOf(record: IncomingRecord): ToldChange | undefined {
  if (!isKnown(record)) {
    return undefined;
  }
  try {
    const { order } = fromBinary(OrderCreatedSchema, record.value);
    return order === undefined
      ? undefined
      : {
          orderId: order.orderId,
          version: order.version,
          type: record.headers.ce_type ?? "",
          isAtTable: order.table !== undefined,
        };
  } catch {
    return undefined;
  }
}

/** I10: each change that has left the outbox is on Kafka, with its own type. */
export function checkEvents(expected: readonly ExpectedEvent[], topic: TopicContents): CheckResult {
  const missing = expected.flatMap(({ orderId, version, type }): Finding[] => {
    const found = topic.typeByChange.get(`${orderId}/${version}`);
    if (found === type || (found === undefined && topic.isTruncated)) {
      return [];
    }
    const what = found === undefined ? "has no event" : `was told as ${found}`;
    return [{ invariant: "I10", text: `order ${orderId}, version ${version} (${type}) ${what}` }];
  });
  return {
    invariant: "I10",
    claim: "each status change is on Kafka, in order per order, unless it waits in the outbox",
    examined: expected.length,
    findings: [...topic.findings, ...missing],
  };
}
