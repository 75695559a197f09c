import { create } from "@bufbuild/protobuf";
import { tokenMissing } from "@ordermesh/auth/refusals";
import { Failure } from "@ordermesh/failure/failure";
import {
  type WatchedTopic,
  type WatchRequest,
  type WatchResponse,
  WatchResponseSchema,
} from "@ordermesh/proto/ordermesh/feed/v1/feed_pb";
import type { Call } from "@ordermesh/rpc/call";
import { codeOf } from "@ordermesh/rpc/failure-mapping";
import { callerId, type Identify, identifyCaller } from "../edge/callers.ts";
import type { PassedOn } from "../upstreams.ts";
import type { FeedMetrics } from "./feed-metrics.ts";
import { followTopic } from "./follow-topic.ts";
import { createMessageQueue, type MessageQueue } from "./message-queue.ts";
import { tokenEndMs, tokenExpired } from "./token-end.ts";
import { parseTopicName } from "./topic-name.ts";
import type { StreamOf, TopicMessage } from "./topic-streams.ts";
import type { WatchLimits } from "./watch-limits.ts";

export interface FeedOptions {
  readonly streamOf: StreamOf;
  readonly limits: WatchLimits;
  readonly metrics: FeedMetrics;
  readonly identify: Identify;
  /** False with AUTH=off. */
  readonly tokensNeeded: boolean;
}

interface NamedMessage extends TopicMessage {
  readonly topic: string;
}

/** From the last message to a heartbeat. Proxies and browsers end what is silent for a minute, some for half of one. */
const heartbeatEveryMs = 15_000;

/** Messages that may lie unread before the services are asked to wait. */
const unreadMax = 256;

const heartbeat = create(WatchResponseSchema, { event: { case: "heartbeat", value: {} } });

/** Merges the streams of several services into one, each with the caller's own token. */
export async function* watchFeed(
  options: FeedOptions,
  { topics }: WatchRequest,
  call: Call,
  passedOn: PassedOn,
): AsyncGenerator<WatchResponse> {
  const { userId, name } = await whoCalls(options, passedOn);
  refuseRepeated(topics);
  const leave = options.limits.enter(name, topics.length);
  const ending = new AbortController();
  const signal = AbortSignal.any([call.signal, ending.signal]);
  const queue = createMessageQueue<NamedMessage>(unreadMax);
  const endsAtMs = tokenEndMs(passedOn.authorization);
  try {
    yield heartbeat;
    let open = topics.length;
    for (const topic of topics) {
      follow(options, topic, { userId, call, passedOn, queue, signal, endsAtMs })
        .catch((error: unknown) => queue.fail(error))
        .finally(() => {
          open -= 1;
          queue.wake();
        });
    }
    while (!call.aborted) {
      const leftMs = endsAtMs - Date.now();
      const waitMs = open === 0 ? 0 : Math.max(0, Math.min(heartbeatEveryMs, leftMs));
      const message = await queue.take(waitMs, signal);
      if (message !== undefined) {
        yield updateOf(message);
      } else if (Date.now() >= endsAtMs) {
        throw tokenExpired();
      } else if (open === 0) {
        return;
      } else if (!call.aborted) {
        yield heartbeat;
      }
    }
  } finally {
    ending.abort();
    queue.close();
    leave();
  }
}

/** The services decide what may be seen. Here it is only told apart who it is, and refused what no service would accept. */
async function whoCalls(
  { identify, tokensNeeded }: FeedOptions,
  { authorization, clientAddress }: PassedOn,
): Promise<{ readonly userId: bigint; readonly name: string }> {
  if (authorization === null && tokensNeeded) {
    throw tokenMissing();
  }
  const caller = await identifyCaller(identify, authorization ?? undefined);
  if (caller.refusal !== undefined) {
    throw caller.refusal;
  }
  const { principal } = caller;
  return {
    userId: principal.kind === "user" ? principal.userId : 0n,
    name: callerId(caller) ?? `address:${clientAddress}`,
  };
}

async function follow(
  { streamOf, metrics }: FeedOptions,
  { name, cursor }: WatchedTopic,
  watch: {
    readonly userId: bigint;
    readonly call: Call;
    readonly passedOn: PassedOn;
    readonly queue: MessageQueue<NamedMessage>;
    readonly signal: AbortSignal;
    readonly endsAtMs: number;
  },
): Promise<void> {
  const { userId, call, passedOn, queue, signal, endsAtMs } = watch;
  const topic = parseTopicName(name);
  if (topic === undefined) {
    await queue.put({ topic: name, cursor, what: { case: "end", value: noSuchTopic(name) } });
    return;
  }
  const { authorization, clientAddress } = passedOn;
  const stream = streamOf(topic, userId);
  await followTopic({
    stream,
    cursor,
    callOptions: {
      timeoutMs: Number.POSITIVE_INFINITY,
      headers: {
        traceparent: call.traceparent,
        ...(authorization !== null && { authorization }),
        ...(clientAddress !== "" && { "x-forwarded-for": clientAddress }),
      },
    },
    signal,
    async emit(message) {
      if (message.what.case === "interruption") {
        metrics.interrupted(stream.upstream);
      }
      // A service that is asked again when the token is over refuses it, but it is the stream that ends, not the topic.
      if (message.what.case !== "end" || Date.now() < endsAtMs) {
        await queue.put({ topic: name, ...message });
      }
    },
  });
}

function updateOf({ topic, cursor, what }: NamedMessage): WatchResponse {
  return create(WatchResponseSchema, { event: { case: "update", value: { topic, cursor, what } } });
}

function noSuchTopic(name: string) {
  return {
    code: codeOf("invalid_argument"),
    reason: "NO_SUCH_TOPIC",
    message: `There is no topic "${name}".`,
  };
}

function refuseRepeated(topics: readonly WatchedTopic[]): void {
  const names = new Set(topics.map(({ name }) => name));
  if (names.size < topics.length) {
    throw new Failure("invalid_argument", "A topic is named twice. Name each once.", {
      reason: "INVALID_REQUEST",
      fieldViolations: [{ field: "topics", description: "names a topic twice" }],
    });
  }
}
