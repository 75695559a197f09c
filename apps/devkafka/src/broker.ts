import type { GroupCoordinator } from "./groups/group-coordinator.ts";
import type { DevkafkaLogger } from "./logger.ts";
import type { BrokerMetadata } from "./metadata-file.ts";
import type { OffsetsStore } from "./offsets-store.ts";
import type { Topics } from "./topics.ts";

/** What the handlers of requests work on. */
export interface Broker {
  readonly metadata: BrokerMetadata;
  readonly topics: Topics;
  readonly offsets: OffsetsStore;
  readonly groups: GroupCoordinator;
  /** The host that clients are told to connect to. */
  readonly advertisedHost: string;
  /** Of a topic whose creator leaves the number open. */
  readonly defaultPartitions: number;
  readonly logger: DevkafkaLogger;
}
