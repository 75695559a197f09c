import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Failure } from "@ordermesh/failure/failure";
import { replaceFile } from "./durable-file.ts";

export interface TopicMetadata {
  /** Part of the name of the topic's folder: topic names alone would collide where file names ignore case. */
  readonly id: number;
  readonly partitionCount: number;
}

/** What the broker knows beside the records: which topics there are, and the producer ids it gave out. */
export interface BrokerMetadata {
  topics(): ReadonlyMap<string, TopicMetadata>;
  addTopic(name: string, partitionCount: number): TopicMetadata;
  removeTopic(name: string): void;
  /** Never the same twice, over restarts too. */
  takeProducerId(): bigint;
}

const formatVersion = 1;

/** Producer ids are reserved on disk in blocks, as Apache Kafka does, so that most of them cost no write. */
const producerIdBlock = 1000;

/**
 * Opens `metadata.json` in the data directory, or creates it.
 *
 * @throws Failure when the file cannot be understood, or is missing beside topics.
 */
export function openMetadata(dataDirectory: string): BrokerMetadata {
  const path = join(dataDirectory, "metadata.json");
  mkdirSync(join(dataDirectory, "topics"), { recursive: true });
  const stored = load(path, dataDirectory);
  let topics: ReadonlyMap<string, TopicMetadata> = new Map(Object.entries(stored.topics));
  let producerIdsReservedUpTo = stored.producerIdsReservedUpTo;
  let lastProducerId = producerIdsReservedUpTo;

  /** What could not be written is not kept in memory either. */
  function save(nextTopics: ReadonlyMap<string, TopicMetadata>, nextReservedUpTo: number): void {
    const content: StoredMetadata = {
      formatVersion,
      producerIdsReservedUpTo: nextReservedUpTo,
      topics: Object.fromEntries(nextTopics),
    };
    replaceFile(path, `${JSON.stringify(content, null, 2)}\n`);
    topics = nextTopics;
    producerIdsReservedUpTo = nextReservedUpTo;
  }

  return {
    topics: () => topics,
    addTopic(name, partitionCount) {
      const id = Math.max(0, ...Array.from(topics.values(), (topic) => topic.id)) + 1;
      const topic = { id, partitionCount };
      save(new Map(topics).set(name, topic), producerIdsReservedUpTo);
      return topic;
    },
    removeTopic(name) {
      save(new Map([...topics].filter(([other]) => other !== name)), producerIdsReservedUpTo);
    },
    takeProducerId() {
      if (lastProducerId === producerIdsReservedUpTo) {
        save(topics, producerIdsReservedUpTo + producerIdBlock);
      }
      lastProducerId += 1;
      return BigInt(lastProducerId);
    },
  };
}

interface StoredMetadata {
  readonly formatVersion: number;
  readonly producerIdsReservedUpTo: number;
  readonly topics: Record<string, TopicMetadata>;
}

function load(path: string, dataDirectory: string): StoredMetadata {
  if (!existsSync(path)) {
    if (readdirSync(join(dataDirectory, "topics")).length > 0) {
      throw unusable(path, dataDirectory, "it is missing, and there are topics beside it");
    }
    return { formatVersion, producerIdsReservedUpTo: 0, topics: {} };
  }
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    throw unusable(path, dataDirectory, error instanceof Error ? error.message : String(error));
  }
  if (!isStoredMetadata(content)) {
    throw unusable(path, dataDirectory, `it does not have format ${formatVersion}`);
  }
  return content;
}

function isStoredMetadata(content: unknown): content is StoredMetadata {
  const {
    formatVersion: version,
    producerIdsReservedUpTo,
    topics,
  } = Object(content) as Record<string, unknown>;
  return (
    version === formatVersion &&
    Number.isSafeInteger(producerIdsReservedUpTo) &&
    typeof topics === "object" &&
    topics !== null &&
    Object.values(topics).every(
      (topic) => Number.isSafeInteger(topic?.id) && Number.isSafeInteger(topic?.partitionCount),
    )
  );
}

function unusable(path: string, dataDirectory: string, why: string): Failure {
  return new Failure(
    "failed_precondition",
    `The metadata file ${path} cannot be used (${why}): restore it from a copy, or remove ${dataDirectory} to start empty.`,
    { reason: "METADATA_UNUSABLE" },
  );
}
