import {
  createRegistry,
  type DescField,
  type DescMessage,
  fromBinary,
  type Message,
  toJsonString,
} from "@bufbuild/protobuf";
import { type ReflectMessage, reflect } from "@bufbuild/protobuf/reflect";
import { file_ordermesh_events_v1_order_events } from "@ordermesh/proto/ordermesh/events/v1/order_events_pb";
import { file_ordermesh_events_v1_payment_events } from "@ordermesh/proto/ordermesh/events/v1/payment_events_pb";
import { file_ordermesh_events_v1_table_events } from "@ordermesh/proto/ordermesh/events/v1/table_events_pb";

const events = createRegistry(
  file_ordermesh_events_v1_order_events,
  file_ordermesh_events_v1_payment_events,
  file_ordermesh_events_v1_table_events,
);

/** An event in protobuf's JSON form, without what its contract marks as secret; empty if it can not be read. */
export function eventJson(type: string, value: Uint8Array): string {
  const schema = events.getMessage(type);
  if (schema === undefined || value.length === 0) {
    return "";
  }
  try {
    const message = fromBinary(schema, value);
    removeSecrets(schema, message);
    return toJsonString(schema, message, { prettySpaces: 2 });
  } catch {
    return "";
  }
}

function removeSecrets(schema: DescMessage, message: Message): void {
  const reflected = reflect(schema, message);
  for (const field of schema.fields) {
    if (field.proto.options?.debugRedact === true) {
      reflected.clear(field);
    } else {
      for (const inner of messagesIn(reflected, field)) {
        removeSecrets(inner.desc, inner.message);
      }
    }
  }
}

function messagesIn(reflected: ReflectMessage, field: DescField): ReflectMessage[] {
  if (field.fieldKind === "message") {
    return reflected.isSet(field) ? [reflected.get(field)] : [];
  }
  return field.fieldKind === "list" && field.listKind === "message"
    ? ([...reflected.get(field)] as ReflectMessage[])
    : [];
}
