/*
 * The yardstick of streams: grpc-js and nothing of ours. Whoever asks for a group gets each of its messages, which are
 * made at a steady rate and are as large as those that it is compared with. It prints its port.
 *
 *   fan-out-server.ts <groups> <changes per second> <bytes of a change>
 */
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { Server, ServerCredentials, type ServerWritableStream } from "@grpc/grpc-js";
import {
  WatchSessionRequestSchema,
  type WatchSessionResponse,
  WatchSessionResponseSchema,
} from "@ordermesh/proto/ordermesh/tables/v1/tables_pb";
import { nowMs, watchPath } from "./watcher-load.ts";

const [groups = 1, perSecond = 1, bytes = 0] = process.argv.slice(2).map(Number);
const watchers = Array.from({ length: groups }, () => new Set<ServerWritableStream<bigint, Uint8Array>>());
const versions = Array.from({ length: groups }, () => 0);

function encode(message: WatchSessionResponse): Buffer {
  return Buffer.from(toBinary(WatchSessionResponseSchema, message));
}

/** The moment at which it was made stands where the cursor would. */
function changeOf(group: number): Buffer {
  const version = (versions[group] ?? 0) + 1;
  versions[group] = version;
  const message = create(WatchSessionResponseSchema, {
    cursor: `${nowMs()}`,
    update: {
      case: "change",
      value: { sessionId: BigInt(group + 1), version, what: { case: "session", value: {} } },
    },
  });
  const short = Math.max(0, bytes - encode(message).byteLength);
  if (message.update.case === "change" && message.update.value.what.case === "session") {
    message.update.value.what.value.name = "x".repeat(short);
  }
  return encode(message);
}

const server = new Server();
server.addService(
  {
    watch: {
      path: watchPath,
      requestStream: false,
      responseStream: true,
      requestDeserialize: (request: Buffer) => fromBinary(WatchSessionRequestSchema, request).sessionId,
      requestSerialize: () => Buffer.alloc(0),
      responseSerialize: (message: Buffer) => message,
      responseDeserialize: (message: Buffer) => message,
    },
  },
  {
    watch(call: ServerWritableStream<bigint, Uint8Array>) {
      const group = Number(call.request) - 1;
      watchers[group]?.add(call);
      call.on("cancelled", () => watchers[group]?.delete(call));
      const first = {
        update: { case: "session" as const, value: { sessionId: call.request, version: versions[group] } },
      };
      call.write(encode(create(WatchSessionResponseSchema, first)));
    },
  },
);

let sent = 0;
let startedMs = 0;

function sendWhatIsDue(): void {
  const due = Math.floor(((nowMs() - startedMs) / 1_000) * perSecond);
  for (; sent < due; sent += 1) {
    const group = sent % groups;
    const change = changeOf(group);
    for (const watcher of watchers[group] ?? []) {
      watcher.write(change);
    }
  }
}

server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, port) => {
  if (error !== null) {
    throw error;
  }
  startedMs = nowMs();
  setInterval(sendWhatIsDue, 1);
  process.stdout.write(`${port}\n`);
});
process.once("SIGTERM", () => process.exit(0));
