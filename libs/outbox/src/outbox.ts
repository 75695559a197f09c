import { arrayLiteral, bytesArrayLiteral, type Tx, textArrayLiteral } from "@ordermesh/postgres/tx";

/** One event, as it is written with the change that it tells of. */
export interface OutboxEvent {
  /** What it is about, such as "order". */
  readonly aggregateType: string;
  /** Which one; the Kafka key, so that events of one aggregate keep their order. */
  readonly aggregateId: bigint;
  /** Full name of the payload's message: the CloudEvents type. */
  readonly type: string;
  /** The message, protobuf-encoded. */
  readonly payload: Uint8Array;
  /** Of the call that made the change. */
  readonly traceparent: string;
}

/**
 * Appends events in the order given. The caller holds the lock on each aggregate (or has just created it), so the
 * ids of one aggregate's events grow in the order of its changes. Ids of different aggregates say nothing about the
 * order of their commits, so nothing may ever read this table by "ids above the last one I saw".
 */
export function appendEvents(tx: Tx, events: readonly OutboxEvent[]): void {
  if (events.length === 0) {
    return;
  }
  tx.execute(
    `insert into outbox (aggregate_type, aggregate_id, type, payload, headers)
     select aggregate_type, aggregate_id, type, payload, jsonb_build_object('traceparent', traceparent)
     from unnest($1::text[], $2::bigint[], $3::text[], $4::bytea[], $5::text[])
       with ordinality as e (aggregate_type, aggregate_id, type, payload, traceparent, position)
     order by position`,
    [
      textArrayLiteral(events.map((event) => event.aggregateType)),
      arrayLiteral(events.map((event) => event.aggregateId)),
      textArrayLiteral(events.map((event) => event.type)),
      bytesArrayLiteral(events.map((event) => event.payload)),
      textArrayLiteral(events.map((event) => event.traceparent)),
    ],
  );
}
