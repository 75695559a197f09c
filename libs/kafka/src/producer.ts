import { Failure } from "@ordermesh/failure/failure";
import { withTimeout } from "@ordermesh/process/wait";
import { type ICustomPartitioner, type Producer as KafkajsProducer, Partitioners } from "kafkajs";
import type { KafkaClient } from "./client.ts";
import type { OutgoingRecord } from "./record.ts";

export interface Producer {
  /**
   * Sends records, in order per key, and waits until all in-sync replicas have them.
   *
   * @throws Failure `unavailable` when the broker did not take all of them within 15 seconds. Some may have been taken: send all of
   * them again, and let consumers drop what they have seen.
   */
  publish(topic: string, records: readonly OutgoingRecord[]): Promise<void>;
  close(): Promise<void>;
}

/** With its retries the library would wait for minutes for a broker that is silent. */
const publishTimeoutMs = 15_000;

/**
 * An idempotent producer: a retry inside the library makes no duplicates. After an error it is replaced, because a
 * producer whose sequence numbers the broker no longer knows would fail for ever.
 *
 * Calls wait for each other. When an answer is lost, the library takes the sequence numbers of those records back and
 * sends them again; another call that came in between would get the same numbers, and the broker would drop its
 * records as repeated.
 *
 * Answers are counted. When one broker of a call fails, the library asks again only those brokers that have not answered
 * yet: records of a partition that has moved to one that had answered are sent to nobody, and the call succeeds all the
 * same. Restarting a broker of three lost 23 of 127,000 acknowledged records (tulios/kafkajs#1303).
 */
export function createProducer(client: KafkaClient): Producer {
  let current: Promise<Connected> | undefined;
  let last: Promise<void> = Promise.resolve();

  async function connect(): Promise<Connected> {
    const partitions = new Set<number>();
    const producer = client.kafka.producer({
      idempotent: true,
      maxInFlightRequests: 1,
      allowAutoTopicCreation: false,
      createPartitioner: notingPartitioner(partitions),
      retry: { initialRetryTime: 100, maxRetryTime: 1_000, retries: 4 },
    });
    await producer.connect();
    return { producer, partitions };
  }

  function forget(): void {
    const former = current;
    current = undefined;
    former?.then(({ producer }) => producer.disconnect()).catch(() => {});
  }

  async function send(topic: string, records: readonly OutgoingRecord[]): Promise<void> {
    current ??= connect();
    const sent = current.then((connected) => sendAll(connected, topic, records));
    try {
      await withTimeout(sent, publishTimeoutMs, () => new Error(`no answer within ${publishTimeoutMs} ms`));
    } catch (error) {
      forget();
      throw new Failure("unavailable", "Kafka did not take the records. Try again shortly.", {
        reason: "KAFKA_UNAVAILABLE",
        retryAfterMs: 1000,
        cause: error,
      });
    }
  }

  return {
    publish(topic, records) {
      const sent = last.then(() => send(topic, records));
      last = sent.catch(() => {});
      return sent;
    },
    async close() {
      await last;
      const connected = current;
      current = undefined;
      await connected?.then(({ producer }) => producer.disconnect()).catch(() => {});
    },
  };
}

interface Connected {
  readonly producer: KafkajsProducer;
  /** Those that its partitioner has chosen since this was emptied. */
  readonly partitions: Set<number>;
}

/** @throws Error when the library says that it is done, and has left records out. */
async function sendAll(
  { producer, partitions }: Connected,
  topic: string,
  records: readonly OutgoingRecord[],
): Promise<void> {
  partitions.clear();
  const answers = await producer.send({
    topic,
    acks: -1,
    timeout: 10_000,
    messages: records.map((record) => ({
      key: record.key,
      value: Buffer.from(record.value.buffer, record.value.byteOffset, record.value.byteLength),
      headers: { ...record.headers },
    })),
  });
  const answered = new Set(answers.map(({ partition }) => partition));
  const unsent = [...partitions].filter((partition) => !answered.has(partition));
  if (unsent.length > 0) {
    throw new Error(`records of partitions ${unsent.join(", ")} were not sent`);
  }
}

/** The library's own partitioner. Adds to a set which partitions it has chosen. */
function notingPartitioner(partitions: Set<number>): ICustomPartitioner {
  return () => {
    const choose = Partitioners.DefaultPartitioner();
    return (record) => {
      const partition = choose(record);
      partitions.add(partition);
      return partition;
    };
  };
}
