import type { MessageInitShape } from "@bufbuild/protobuf";
import type {
  WatchOrdersRequest,
  WatchOrdersResponseSchema,
} from "@ordermesh/proto/ordermesh/loms/v1/loms_pb";
import type { FeedMessage, OrderFeed } from "../order-feed.ts";
import { orderChangeMessage } from "./messages.ts";

type WatchResponse = MessageInitShape<typeof WatchOrdersResponseSchema>;

export async function* watchResponses(
  feed: OrderFeed,
  { cursor, userId, orderId }: WatchOrdersRequest,
  signal: AbortSignal,
): AsyncGenerator<WatchResponse> {
  const filter = {
    userId: userId === 0n ? undefined : userId,
    orderId: orderId === 0n ? undefined : orderId,
  };
  for await (const message of feed.watch(cursor, filter, signal)) {
    yield { cursor: message.cursor, update: updateOf(message) };
  }
}

function updateOf(message: FeedMessage): WatchResponse["update"] {
  switch (message.kind) {
    case "change":
      return { case: "change", value: orderChangeMessage(message.entry) };
    case "checkpoint":
      return { case: "checkpoint", value: {} };
    case "resync":
      return { case: "resync", value: { reason: message.reason } };
  }
}
