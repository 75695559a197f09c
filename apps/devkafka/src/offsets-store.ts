import {
  closeSync,
  createReadStream,
  existsSync,
  fdatasyncSync,
  fstatSync,
  ftruncateSync,
  openSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Failure } from "@ordermesh/failure/failure";
import { replaceFile } from "./durable-file.ts";

export interface CommittedOffset {
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
  readonly metadata: string | null;
}

/** The offsets that consumer groups committed, in `offsets.jsonl`: one line per commit, the last one counts. */
export interface OffsetsStore {
  groups(): string[];
  hasGroup(group: string): boolean;
  get(group: string, topic: string, partition: number): CommittedOffset | undefined;
  all(group: string): CommittedOffset[];
  /** Written before it returns. */
  commit(group: string, offsets: readonly CommittedOffset[]): void;
  removeGroup(group: string): void;
  removeTopic(topic: string): void;
  close(): void;
}

/** Below this many lines a file is too small to be worth rewriting. */
const linesBeforeCompaction = 10_000;

/**
 * Opens the store and rewrites its file without the lines that later commits made void.
 *
 * @param fsync whether commits are flushed to the disk before they are acknowledged.
 * @throws Failure when a line other than the last cannot be understood.
 */
export async function openOffsetsStore(options: {
  readonly dataDirectory: string;
  readonly fsync: boolean;
}): Promise<OffsetsStore> {
  const path = join(options.dataDirectory, "offsets.jsonl");
  const groups = await load(path);
  let lineCount = 0;
  let descriptor: number | undefined;

  function compact(): void {
    const lines = [...groups].flatMap(([group, offsets]) =>
      Array.from(offsets.values(), (committed) => formatLine(group, committed)),
    );
    replaceFile(path, lines.join(""));
    lineCount = lines.length;
    if (descriptor !== undefined) {
      closeSync(descriptor);
    }
    descriptor = openSync(path, "a");
  }

  /** Writes all of the text, or leaves the file as it was and throws. */
  function append(text: string): void {
    const sizeBytes = fstatSync(descriptor!).size;
    try {
      writeFileSync(descriptor!, text);
      if (options.fsync) {
        fdatasyncSync(descriptor!);
      }
    } catch (error) {
      ftruncateSync(descriptor!, sizeBytes);
      throw error;
    }
  }

  compact();

  return {
    groups: () => [...groups.keys()],
    hasGroup: (group) => groups.has(group),
    get: (group, topic, partition) => groups.get(group)?.get(keyOf(topic, partition)),
    all: (group) => [...(groups.get(group)?.values() ?? [])],
    commit(group, offsets) {
      append(offsets.map((committed) => formatLine(group, committed)).join(""));
      remember(groups, group, offsets);
      lineCount += offsets.length;
      if (lineCount > linesBeforeCompaction && lineCount > 4 * liveCount(groups)) {
        compact();
      }
    },
    removeGroup(group) {
      if (groups.delete(group)) {
        compact();
      }
    },
    removeTopic(topic) {
      if (forgetTopic(groups, topic)) {
        compact();
      }
    },
    close: () => closeSync(descriptor!),
  };
}

type OffsetsByGroup = Map<string, Map<string, CommittedOffset>>;

/** A topic name has no slash. */
function keyOf(topic: string, partition: number): string {
  return `${topic}/${partition}`;
}

/** @returns whether there was anything to forget. */
function forgetTopic(groups: OffsetsByGroup, topic: string): boolean {
  const countBefore = liveCount(groups);
  for (const [group, offsets] of groups) {
    for (const [key, committed] of offsets) {
      if (committed.topic === topic) {
        offsets.delete(key);
      }
    }
    if (offsets.size === 0) {
      groups.delete(group);
    }
  }
  return liveCount(groups) < countBefore;
}

function liveCount(groups: OffsetsByGroup): number {
  return [...groups.values()].reduce((count, offsets) => count + offsets.size, 0);
}

function remember(groups: OffsetsByGroup, group: string, offsets: readonly CommittedOffset[]): void {
  const known = groups.get(group) ?? new Map<string, CommittedOffset>();
  groups.set(group, known);
  for (const committed of offsets) {
    known.set(keyOf(committed.topic, committed.partition), committed);
  }
}

function formatLine(group: string, { topic, partition, offset, metadata }: CommittedOffset): string {
  return `${JSON.stringify([group, topic, partition, String(offset), metadata])}\n`;
}

function parseLine(line: string): [string, CommittedOffset] | undefined {
  try {
    const [group, topic, partition, offset, metadata] = JSON.parse(line);
    if (typeof group === "string" && typeof topic === "string" && Number.isSafeInteger(partition)) {
      return [group, { topic, partition, offset: BigInt(offset), metadata: metadata ?? null }];
    }
  } catch {
    // The caller decides: this is how a line looks that a crash cut off.
  }
  return undefined;
}

async function load(path: string): Promise<OffsetsByGroup> {
  const groups: OffsetsByGroup = new Map();
  if (!existsSync(path)) {
    return groups;
  }
  let badLine: number | undefined;
  let lineNumber = 0;
  for await (const line of createInterface({ input: createReadStream(path), crlfDelay: Infinity })) {
    lineNumber += 1;
    if (badLine !== undefined) {
      throw new Failure(
        "failed_precondition",
        `Line ${badLine} of ${path} cannot be read: restore the file from a copy, or remove it to make every consumer group start over.`,
        { reason: "OFFSETS_DAMAGED" },
      );
    }
    const parsed = parseLine(line);
    if (parsed === undefined) {
      badLine = lineNumber;
    } else {
      remember(groups, parsed[0], [parsed[1]]);
    }
  }
  return groups;
}
