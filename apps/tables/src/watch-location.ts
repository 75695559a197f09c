import type { MessageInitShape } from "@bufbuild/protobuf";
import type {
  WatchLocationRequest,
  WatchLocationResponseSchema,
} from "@ordermesh/proto/ordermesh/tables/v1/tables_pb";
import type { Call } from "@ordermesh/rpc/call";
import { callerOf } from "./session-access.ts";
import { requireStaff } from "./staff.ts";
import { createAccess, type WatchParts } from "./watch-session.ts";

type WatchResponse = MessageInitShape<typeof WatchLocationResponseSchema>;

/** The changes of all sessions of a location, once each and in order for each session. */
export async function* watchLocation(
  { desk, feed }: WatchParts,
  { locationId, cursor }: WatchLocationRequest,
  call: Pick<Call, "principal" | "limitedToUserId" | "signal">,
): AsyncGenerator<WatchResponse> {
  const location = await desk.database.read((db) => requireStaff(db, locationId, call));
  const access = createAccess(desk.database, callerOf(call), { locationId: location.id });
  for await (const message of feed.watch(cursor, { locationId }, call.signal)) {
    await access.check(message);
    switch (message.kind) {
      case "change":
        yield { cursor: message.cursor, update: { case: "change", value: message.entry.change } };
        break;
      case "checkpoint":
        yield { cursor: message.cursor, update: { case: "checkpoint", value: {} } };
        break;
      case "resync":
        yield { cursor: message.cursor, update: { case: "resync", value: { reason: message.reason } } };
        break;
    }
  }
}
