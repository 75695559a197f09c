import type { CallOptions } from "@connectrpc/connect";
import type { Failure, FailureKind } from "@ordermesh/failure/failure";
import { backoffMs, pause } from "@ordermesh/process/wait";
import { codeOf } from "@ordermesh/rpc/failure-mapping";
import { upstreamFailure } from "../upstream-failure.ts";
import type { TopicMessage, TopicStream } from "./topic-streams.ts";

export interface FollowOptions {
  readonly stream: TopicStream;
  /** Of the last message that the client has seen. */
  readonly cursor: string;
  /** Of each call that is made. */
  readonly callOptions: Omit<CallOptions, "signal">;
  /** Ends the following without a word. */
  readonly signal: AbortSignal;
  /** Resolves when there is room for another message. */
  readonly emit: (message: TopicMessage) => Promise<void>;
}

/** What may be otherwise when it is tried again. */
const passing: ReadonlySet<FailureKind> = new Set<FailureKind>([
  "unavailable",
  "deadline_exceeded",
  "resource_exhausted",
  "aborted",
  "canceled",
  "internal",
]);

/**
 * Follows one topic until it ends, the service refuses it, or the signal aborts. What breaks off is gone on with from the
 * last cursor, so that the client notices an interruption and misses nothing.
 */
export async function followTopic({
  stream,
  cursor,
  callOptions,
  signal,
  emit,
}: FollowOptions): Promise<void> {
  let position = cursor;
  let resyncReason: string | undefined;
  let failures = 0;

  async function pass(message: TopicMessage): Promise<void> {
    position = message.cursor;
    failures = 0;
    if (resyncReason !== undefined) {
      await emit({ cursor: position, what: { case: "resync", value: { reason: resyncReason } } });
      resyncReason = undefined;
      if (message.what.case === "checkpoint") {
        return;
      }
    }
    await emit(message);
  }

  /** @returns why the stream is over; undefined if its service has ended it. */
  async function readStream(): Promise<Failure | undefined> {
    try {
      for await (const message of stream.open(position, { ...callOptions, signal })) {
        await pass(message);
        if (signal.aborted) {
          break;
        }
      }
      return undefined;
    } catch (error) {
      return upstreamFailure(stream.upstream, error);
    }
  }

  while (!signal.aborted) {
    const failure = await readStream();
    if (signal.aborted) {
      return;
    }
    if (failure?.reason === "CURSOR_EXPIRED") {
      resyncReason = failure.message;
      position = "";
    } else if (failure === undefined && stream.endsByItself) {
      await emit({ cursor: position, what: { case: "end", value: {} } });
      return;
    } else if (failure !== undefined && !passing.has(failure.kind)) {
      await emit({ cursor: position, what: { case: "end", value: endOf(failure) } });
      return;
    } else {
      failures += 1;
      const delayMs = backoffMs(failures, 250, 5_000);
      await emit({
        cursor: position,
        what: { case: "interruption", value: interruptionOf(failure, delayMs) },
      });
      await pause(delayMs, signal);
    }
  }
}

function endOf(failure: Failure) {
  return { code: codeOf(failure.kind), reason: failure.reason, message: failure.message };
}

function interruptionOf(failure: Failure | undefined, delayMs: number) {
  return {
    reason: failure?.reason ?? "STREAM_ENDED",
    message: failure?.message ?? "The service has ended the stream.",
    retryDelay: {
      seconds: BigInt(Math.floor(delayMs / 1_000)),
      nanos: Math.floor(delayMs % 1_000) * 1_000_000,
    },
  };
}
