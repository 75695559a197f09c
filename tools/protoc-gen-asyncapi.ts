#!/usr/bin/env node
/*
 * A plugin of buf: writes the AsyncAPI 3 document of the topics, from the messages of ordermesh.events.v1.
 */
import { type DescMessage, fromJson, type JsonObject, toBinary } from "@bufbuild/protobuf";
import { createEcmaScriptPlugin, runNodeJs, type Schema } from "@bufbuild/protoplugin";
import { exampleOf } from "./contract-documents/examples.ts";
import { commentOf, createMessageSchemas } from "./contract-documents/message-schemas.ts";
import type { Json } from "./contract-documents/scalar-schemas.ts";

interface Topic {
  readonly name: string;
  readonly title: string;
  readonly service: string;
  /** The file of the contracts that holds its messages. */
  readonly file: string;
}

/** Partitions and key are part of the contract: another number of partitions would break the order per key. */
const topics: readonly Topic[] = [
  { name: "orders.events.v1", title: "Orders", service: "loms", file: "order_events" },
  { name: "payments.events.v1", title: "Payments", service: "payments", file: "payment_events" },
];
const partitions = 12;
const retentionMs = 7 * 24 * 3_600_000;

const plugin = createEcmaScriptPlugin({
  name: "protoc-gen-asyncapi",
  version: "v1",
  generateTs(schema) {
    const file = schema.generateFile("asyncapi.json");
    for (const line of JSON.stringify(documentOf(schema), undefined, 2).split("\n")) {
      file.print(line);
    }
  },
});

function documentOf(schema: Schema): Json {
  const schemas = createMessageSchemas(new Set());
  const channels: Json = {};
  const operations: Json = {};
  const messages: Json = {};
  for (const topic of topics) {
    const events = eventsOf(schema, topic);
    if (events.length === 0) {
      continue;
    }
    const id = topic.name.replaceAll(".", "_");
    channels[id] = channelOf(topic, events);
    operations[`receive_${id}`] = {
      action: "receive",
      channel: { $ref: `#/channels/${id}` },
      summary: `What consumers of ${topic.name} get.`,
      messages: events.map(({ name }) => ({ $ref: `#/channels/${id}/messages/${name}` })),
    };
    for (const event of events) {
      messages[event.name] = messageOf(event, topic, schemas.ofMessage(event));
    }
  }
  return {
    asyncapi: "3.0.0",
    info: {
      title: "Ordermesh events",
      version: "1.0.0",
      license: { name: "Apache-2.0" },
      description:
        "Delivered at least once, in order per key. Records are CloudEvents in binary mode; a consumer that must act " +
        "once remembers ce_id beside its effect. The payload is the protobuf message that ce_type names.",
    },
    defaultContentType: "application/protobuf",
    servers: { kafka: { host: "localhost:9092", protocol: "kafka", description: "KAFKA_BROKERS" } },
    channels,
    operations,
    components: { messages, schemas: schemas.schemas, messageTraits: { cloudEvent } },
  };
}

/** The events in a file of the contracts: the messages that are not part of another one there. */
function eventsOf(schema: Schema, { file }: Topic): DescMessage[] {
  const found = schema.files.find(({ name }) => name === `ordermesh/events/v1/${file}`);
  const parts = new Set(
    found?.messages.flatMap(({ fields }) => fields.map((field) => field.message?.typeName)),
  );
  return found?.messages.filter(({ typeName }) => !parts.has(typeName)) ?? [];
}

function channelOf({ name, title, service }: Topic, events: readonly DescMessage[]): Json {
  return {
    address: name,
    title,
    description: `Written by ${service} through its outbox. The key is the order id, so that an order's events stay in order.`,
    messages: Object.fromEntries(
      events.map((event) => [event.name, { $ref: `#/components/messages/${event.name}` }]),
    ),
    bindings: {
      kafka: {
        topic: name,
        partitions,
        topicConfiguration: { "cleanup.policy": ["delete"], "retention.ms": retentionMs },
        bindingVersion: "0.5.0",
      },
    },
  };
}

function messageOf(event: DescMessage, topic: Topic, payload: Json): Json {
  const example = exampleOf(event) as JsonObject;
  const bytes = toBinary(event, fromJson(event, example));
  return {
    name: event.typeName,
    title: event.name,
    summary: commentOf(event),
    contentType: "application/protobuf",
    traits: [{ $ref: "#/components/messageTraits/cloudEvent" }],
    payload,
    bindings: {
      kafka: {
        key: { type: "string", pattern: "^[1-9][0-9]*$", description: "The order id, in decimal." },
        bindingVersion: "0.5.0",
      },
    },
    examples: [
      {
        name: `an${event.name}`,
        headers: headersOf(event, topic),
        payload: example,
      },
    ],
    // The same example as it travels.
    "x-protobuf-examples": [Buffer.from(bytes).toString("base64")],
  };
}

function headersOf(event: DescMessage, { service }: Topic): Json {
  return {
    ce_specversion: "1.0",
    ce_id: "1042",
    ce_source: `ordermesh/${service}`,
    ce_type: event.typeName,
    ce_time: "2026-11-21T12:00:00.000Z",
    ce_subject: "42",
    "content-type": "application/protobuf",
    traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
  };
}

const text = { type: "string" };

/** The headers of every record. */
const cloudEvent: Json = {
  headers: {
    type: "object",
    required: ["ce_specversion", "ce_id", "ce_source", "ce_type", "ce_time", "ce_subject", "content-type"],
    properties: {
      ce_specversion: { const: "1.0" },
      ce_id: { ...text, description: "The same for each delivery of one event." },
      ce_source: text,
      ce_type: { ...text, description: "The full name of the payload's message." },
      ce_time: { ...text, format: "date-time" },
      ce_subject: { ...text, description: "The order id." },
      "content-type": { const: "application/protobuf" },
      traceparent: { ...text, description: "W3C trace context of what caused the event. May be absent." },
    },
  },
};

runNodeJs(plugin);
