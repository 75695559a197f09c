import type { MessageInitShape } from "@bufbuild/protobuf";
import type { Database } from "@ordermesh/postgres/database";
import type { ListOrdersRequest, ListOrdersResponseSchema } from "@ordermesh/proto/ordermesh/loms/v1/loms_pb";
import { decodePageToken, encodePageToken, malformed } from "@ordermesh/rpc/page-token";
import { statusesOf } from "../contract/enums.ts";
import { orderStatuses } from "../domain/order.ts";
import { listOrders } from "../order-queries.ts";
import type { OrderPosition } from "../sql/order-list.ts";
import { dateOf, orderMessage } from "./messages.ts";

const pageSizeDefault = 50;

export async function listOrdersPage(
  database: Database,
  request: ListOrdersRequest,
): Promise<MessageInitShape<typeof ListOrdersResponseSchema>> {
  const statuses = statusesOf(request.statuses);
  const filter = {
    userId: request.userId === 0n ? undefined : request.userId,
    statuses: statuses.length > 0 ? statuses : orderStatuses,
    createdFrom: dateOf(request.createdFrom),
    createdBefore: dateOf(request.createdBefore),
    oldestFirst: request.oldestFirst,
    withOpenRefund: request.withOpenRefund,
  };
  const after = positionOf(decodePageToken(request.pageToken, filter, 2));
  const page = await database.read((db) =>
    listOrders(db, filter, after, request.pageSize || pageSizeDefault),
  );
  return {
    orders: page.orders.map((order) => orderMessage(order, [])),
    nextPageToken:
      page.next === undefined
        ? ""
        : encodePageToken([page.next.createdAt.toISOString(), `${page.next.id}`], filter),
  };
}

function positionOf(parts: readonly string[] | undefined): OrderPosition | undefined {
  if (parts === undefined) {
    return undefined;
  }
  const [time = "", id = ""] = parts;
  const createdAt = new Date(time);
  if (Number.isNaN(createdAt.getTime()) || !/^\d{1,18}$/.test(id)) {
    throw malformed("is malformed");
  }
  return { createdAt, id: BigInt(id) };
}
