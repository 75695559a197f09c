import { mkdirSync } from "node:fs";
import { Failure } from "@ordermesh/failure/failure";
import { createDispatch } from "./apis/dispatch.ts";
import { checkDataDirectoryIsFree, lockDataDirectory } from "./data-directory-lock.ts";
import { createGroupCoordinator } from "./groups/group-coordinator.ts";
import { type DevkafkaLogger, silentLogger } from "./logger.ts";
import { openMetadata } from "./metadata-file.ts";
import { openOffsetsStore } from "./offsets-store.ts";
import { startServer } from "./server.ts";
import { openTopics } from "./topics.ts";

/** Apache Kafka's default for socket.request.max.bytes. */
const requestBytesMaxDefault = 100 * 1024 * 1024;
const connectionsMaxDefault = 1_000;

export interface DevkafkaOptions {
  /** Listened on, and told to clients as the address to connect to. */
  readonly host: string;
  /** 0 for any free port. */
  readonly port: number;
  /** Created when missing. */
  readonly dataDirectory: string;
  /** Of topics whose creator leaves the number open, and of those that a client creates by naming them. */
  readonly defaultPartitions: number;
  /** Whether records and commits are flushed to the disk before they are acknowledged. */
  readonly fsync: boolean;
  readonly logger?: DevkafkaLogger;
  readonly requestBytesMax?: number;
  readonly connectionsMax?: number;
}

export interface Devkafka {
  readonly address: { readonly host: string; readonly port: number };
  /** Hangs up on every client and closes all files. Can be called again. */
  stop(): Promise<void>;
}

/**
 * Starts a single-node broker that speaks Kafka's protocol, for development and tests.
 *
 * @throws Failure in one sentence when the port is in use, or the data directory is in use or damaged.
 */
export async function startDevkafka(options: DevkafkaOptions): Promise<Devkafka> {
  const { host, port, dataDirectory, defaultPartitions, fsync, logger = silentLogger } = options;
  createDirectory(dataDirectory);
  await checkDataDirectoryIsFree(dataDirectory);

  const metadata = openMetadata(dataDirectory);
  const offsets = await openOffsetsStore({ dataDirectory, fsync });
  const files: { close(): void }[] = [offsets];
  const closeFiles = () => {
    for (const file of files.splice(0)) {
      file.close();
    }
  };

  try {
    const topics = openTopics({ dataDirectory, metadata, fsync, logger });
    files.push(topics);
    const groups = createGroupCoordinator();
    const server = await startServer({
      host,
      port,
      dispatch: createDispatch({
        metadata,
        topics,
        offsets,
        groups,
        advertisedHost: host,
        defaultPartitions,
        logger,
      }),
      logger,
      requestBytesMax: options.requestBytesMax ?? requestBytesMaxDefault,
      connectionsMax: options.connectionsMax ?? connectionsMaxDefault,
    });
    const unlock = lockDataDirectory(dataDirectory, server.address);

    const stop = async () => {
      const serverStopped = server.stop();
      groups.stop();
      await serverStopped;
      closeFiles();
      unlock();
    };
    let stopped: Promise<void> | undefined;
    return {
      address: server.address,
      stop() {
        stopped ??= stop();
        return stopped;
      },
    };
  } catch (error) {
    closeFiles();
    throw error;
  }
}

function createDirectory(path: string): void {
  try {
    mkdirSync(path, { recursive: true });
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new Failure(
      "failed_precondition",
      `The data directory ${path} cannot be created (${why}): choose another one with DEVKAFKA_DATA_DIRECTORY.`,
      { reason: "DATA_DIRECTORY_UNUSABLE", cause },
    );
  }
}
