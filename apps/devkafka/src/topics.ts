import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { openPartitionLog, type PartitionLog } from "./log/partition-log.ts";
import type { DevkafkaLogger } from "./logger.ts";
import type { BrokerMetadata, TopicMetadata } from "./metadata-file.ts";

/** The topics and the logs of their partitions. */
export interface Topics {
  names(): string[];
  /** In the order of their numbers; undefined when there is no such topic. */
  partitions(topic: string): readonly PartitionLog[] | undefined;
  partition(topic: string, index: number): PartitionLog | undefined;
  /** The topic must not exist, and its name must be valid. */
  create(topic: string, partitionCount: number): void;
  /** Removes the records for good. */
  remove(topic: string): void;
  close(): void;
}

/** A topic with more partitions than this is a mistake on one node. */
export const partitionsPerTopicMax = 1000;

/** Why a topic cannot have this name, in the words of Apache Kafka's rules, or undefined when it can. */
export function topicNameProblem(name: string): string | undefined {
  if (name === "" || name === "." || name === "..") {
    return "a topic name cannot be empty, '.' or '..'";
  }
  if (name.length > 249) {
    return `a topic name cannot be longer than 249 characters, and this one has ${name.length}`;
  }
  return /^[a-zA-Z0-9._-]+$/.test(name)
    ? undefined
    : "a topic name can only have ASCII letters and digits, '.', '_' and '-'";
}

/**
 * Opens the logs of all topics.
 *
 * @throws Failure when a log is damaged.
 */
export function openTopics(options: {
  readonly dataDirectory: string;
  readonly metadata: BrokerMetadata;
  readonly fsync: boolean;
  readonly logger: DevkafkaLogger;
}): Topics {
  const { dataDirectory, metadata, fsync, logger } = options;
  const logsOf = new Map<string, PartitionLog[]>();
  const folderOf = (name: string, id: number) => join(dataDirectory, "topics", `${id}-${name}`);

  function open(name: string, { id, partitionCount }: TopicMetadata): void {
    const folder = folderOf(name, id);
    mkdirSync(folder, { recursive: true });
    const logs: PartitionLog[] = [];
    logsOf.set(name, logs);
    for (let index = 0; index < partitionCount; index++) {
      logs.push(openPartitionLog({ path: join(folder, `${index}.log`), fsync, logger }));
    }
  }

  function close(): void {
    for (const log of [...logsOf.values()].flat()) {
      log.close();
    }
    logsOf.clear();
  }

  try {
    for (const [name, topic] of metadata.topics()) {
      open(name, topic);
    }
  } catch (error) {
    close();
    throw error;
  }

  return {
    names: () => [...logsOf.keys()],
    partitions: (topic) => logsOf.get(topic),
    partition: (topic, index) => logsOf.get(topic)?.[index],
    create(topic, partitionCount) {
      open(topic, metadata.addTopic(topic, partitionCount));
    },
    remove(topic) {
      const logs = logsOf.get(topic) ?? [];
      logsOf.delete(topic);
      for (const log of logs) {
        log.close();
      }
      // Files first: after a crash in between, the topic is there and empty and can be removed again. The other order
      // would leave records behind that nothing refers to.
      rmSync(folderOf(topic, metadata.topics().get(topic)!.id), { recursive: true, force: true });
      metadata.removeTopic(topic);
    },
    close,
  };
}
