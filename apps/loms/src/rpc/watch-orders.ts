import type { MessageInitShape } from "@bufbuild/protobuf";
import type { Database } from "@ordermesh/postgres/database";
import type {
  WatchOrdersRequest,
  WatchOrdersResponseSchema,
} from "@ordermesh/proto/ordermesh/loms/v1/loms_pb";
import type { Call } from "@ordermesh/rpc/call";
import type { FeedMessage, OrderFeed } from "../order-feed.ts";
import { getOrder } from "../order-queries.ts";
import { orderChangeMessage } from "./messages.ts";

type WatchResponse = MessageInitShape<typeof WatchOrdersResponseSchema>;

export async function* watchResponses(
  { feed, database }: { readonly feed: OrderFeed; readonly database: Database },
  { cursor, userId, orderId }: WatchOrdersRequest,
  { signal, limitedToUserId }: Pick<Call, "signal" | "limitedToUserId">,
): AsyncGenerator<WatchResponse> {
  if (orderId !== 0n && limitedToUserId !== undefined) {
    // The filter by user keeps others' orders out anyway; this tells that there will never be anything.
    await database.read((db) => getOrder(db, orderId, limitedToUserId));
  }
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
