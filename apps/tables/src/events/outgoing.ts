import { create, type DescMessage, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import type { OutboxEvent } from "@ordermesh/outbox/outbox";
import type { SessionReferenceSchema } from "@ordermesh/proto/ordermesh/events/v1/table_events_pb";
import type { Session } from "../domain/session.ts";

/** Which session an event is about. Its code and its link are nobody's business there. */
export function sessionReference(session: Session): MessageInitShape<typeof SessionReferenceSchema> {
  return {
    sessionId: session.id,
    locationId: session.locationId,
    name: session.name,
    version: session.version,
  };
}

/** An event of a session, after the change that gave it its version. */
export function tableEvent<Schema extends DescMessage>(
  session: Pick<Session, "id">,
  schema: Schema,
  message: MessageInitShape<Schema>,
  traceparent: string,
): OutboxEvent {
  return {
    aggregateType: "table_session",
    aggregateId: session.id,
    type: schema.typeName,
    payload: toBinary(schema, create(schema, message)),
    traceparent,
  };
}
