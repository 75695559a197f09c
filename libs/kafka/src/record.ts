import type { KafkaMessage } from "kafkajs";

/** One record as it is given to a topic. Headers are UTF-8 text, as CloudEvents wants them. */
export interface OutgoingRecord {
  readonly key: string;
  readonly value: Uint8Array;
  readonly headers: Readonly<Record<string, string>>;
}

/** One record as a consumer gets it. */
export interface IncomingRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
  readonly key: string;
  readonly value: Uint8Array;
  readonly headers: Readonly<Record<string, string>>;
  /** When it was written, in milliseconds since 1970, as the broker has it. */
  readonly writtenAtMs?: number;
}

/** A message as the library has it, in our words. */
export function recordOf(topic: string, partition: number, message: KafkaMessage): IncomingRecord {
  const headers = Object.entries(message.headers ?? {}).map(([name, value]) => [name, String(value ?? "")]);
  return {
    topic,
    partition,
    offset: BigInt(message.offset),
    key: message.key?.toString() ?? "",
    value: message.value ?? new Uint8Array(),
    headers: Object.fromEntries(headers),
    writtenAtMs: Number(message.timestamp),
  };
}
