import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { createClient } from "@connectrpc/connect";
import { ProductService } from "@ordermesh/proto/ordermesh/product/v1/product_pb";
import { createGrpcTransport, type GrpcTransport } from "@ordermesh/rpc/client";
import { createMetrics } from "@ordermesh/telemetry/metrics";
import { startTracing } from "@ordermesh/telemetry/tracing";
import { type FreshDatabase, freshDatabase } from "@ordermesh/testkit/fresh-database";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readMetric } from "../harness/service-metrics.ts";
import { type ServiceProcess, startServiceProcess } from "../harness/service-process.ts";

/*
 * S10 on the port of a service, by frames that no client library would send: whoever sends them loses the connection,
 * the others lose no call, and the process stays as small as it was.
 */

let database: FreshDatabase;
let service: ServiceProcess;
let others: GrpcTransport;

const memoryGrowthMaxBytes = 64 * 1024 * 1024;

beforeAll(async () => {
  database = await freshDatabase();
  service = await startServiceProcess("product", { PRODUCT_DATABASE_URL: database.url });
  const tracing = await startTracing({ service: "test", version: "0", endpoint: undefined, sampleRatio: 0 });
  others = createGrpcTransport({
    address: `127.0.0.1:${service.port}`,
    services: [ProductService],
    metrics: createMetrics({ service: "test", version: "0" }),
    tracing,
    defaultTimeoutMs: 10_000,
  });
  // Memory is compared with that of a process that has served.
  for (let call = 0; call < 200; call += 1) {
    await createClient(ProductService, others.transport).listSkus({});
  }
});

afterAll(async () => {
  others?.close();
  await service?.stop();
  await database?.drop();
});

const frameTypes = { data: 0, headers: 1, reset: 3, settings: 4, ping: 6, goAway: 7, continuation: 9 };
const endHeaders = 4;

function frame(type: number, flags: number, streamId: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(streamId, 5);
  return Buffer.concat([head, payload]);
}

/** A literal that is not to be indexed (RFC 7541, 6.2.2), with a name that the static table has at `index`. */
function literal(index: number, value: string): Buffer {
  const name = index < 15 ? [index] : [15, index - 15];
  return Buffer.concat([Buffer.from([...name, value.length]), Buffer.from(value)]);
}

/** POST, http, and what gRPC asks for. */
const requestHeaders = Buffer.concat([
  Buffer.from([0x83, 0x86]),
  literal(4, "/ordermesh.product.v1.ProductService/ListSkus"),
  literal(1, "product"),
  literal(31, "application/grpc"),
]);

const noSettings = frame(frameTypes.settings, 0, 0, Buffer.alloc(0));
const cancel = Buffer.from([0, 0, 0, 8]);
/** Answered once all before it was read. */
const lastPing = Buffer.from("the last");

/** Client stream numbers are odd. */
const streams = (count: number) => Array.from({ length: count }, (_, index) => 2 * index + 1);

const attacks: readonly [name: string, frames: () => Iterable<Buffer>][] = [
  [
    "rapid reset of 20,000 streams",
    () =>
      streams(20_000).map((id) =>
        Buffer.concat([
          frame(frameTypes.headers, endHeaders, id, requestHeaders),
          frame(frameTypes.reset, 0, id, cancel),
        ]),
      ),
  ],
  [
    "10,000 streams at once",
    () => streams(10_000).map((id) => frame(frameTypes.headers, endHeaders, id, requestHeaders)),
  ],
  [
    "80 MB of headers that never end",
    function* () {
      yield frame(frameTypes.headers, 0, 1, requestHeaders);
      const more = Buffer.concat(Array.from({ length: 150 }, () => literal(58, "x".repeat(100))));
      for (let sent = 0; sent < 5_000; sent += 1) {
        yield frame(frameTypes.continuation, 0, 1, more);
      }
    },
  ],
  ["100,000 pings", () => streams(100_000).map(() => frame(frameTypes.ping, 0, 0, Buffer.alloc(8)))],
  ["100,000 settings", () => streams(100_000).map(() => noSettings)],
  [
    "100,000 empty pieces of a body",
    function* () {
      yield frame(frameTypes.headers, endHeaders, 1, requestHeaders);
      for (let sent = 0; sent < 100_000; sent += 1) {
        yield frame(frameTypes.data, 0, 1, Buffer.alloc(0));
      }
    },
  ],
];

test.each(attacks)("%s", async (_, frames) => {
  const before = await readMetric(service.port, "process_resident_memory_bytes");
  const attack = sendFrames(frames());
  const calls = await callWhile(attack);
  expect(await attack, "the connection is still good").toBe("lost");
  expect(calls).toBeGreaterThan(0);
  const after = await readMetric(service.port, "process_resident_memory_bytes");
  expect(after - before).toBeLessThan(memoryGrowthMaxBytes);
});

/** @returns "lost" once the server has closed the connection or said that it will (GOAWAY); else "read": to the end. */
async function sendFrames(frames: Iterable<Buffer>): Promise<"lost" | "read"> {
  const socket = connect(service.port, "127.0.0.1");
  await once(socket, "connect");
  let fate: "lost" | "read" | undefined;
  const decided = new Promise<void>((resolve) => {
    const decide = (what: "lost" | "read") => {
      fate ??= what;
      resolve();
    };
    socket.on("error", () => undefined);
    socket.once("close", () => decide("lost"));
    onFrames(socket, (type, payload) => {
      if (type === frameTypes.goAway) {
        decide("lost");
      } else if (type === frameTypes.ping && payload.equals(lastPing)) {
        decide("read");
      }
    });
  });
  socket.write(Buffer.concat([Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), noSettings]));
  for (const bytes of frames) {
    if (fate !== undefined) {
      break;
    }
    if (!socket.write(bytes)) {
      await Promise.race([once(socket, "drain").catch(() => undefined), decided]);
    }
  }
  if (socket.writable) {
    socket.write(frame(frameTypes.ping, 0, 0, lastPing));
  }
  await decided;
  socket.destroy();
  return fate ?? "lost";
}

function onFrames(socket: Socket, take: (type: number, payload: Buffer) => void): void {
  let rest = Buffer.alloc(0);
  socket.on("data", (chunk: Buffer) => {
    rest = Buffer.concat([rest, chunk]);
    while (rest.length >= 9 && rest.length >= 9 + rest.readUIntBE(0, 3)) {
      const end = 9 + rest.readUIntBE(0, 3);
      take(rest.readUInt8(3), rest.subarray(9, end));
      rest = rest.subarray(end);
    }
  });
}

/** Somebody else's calls on another connection. @returns how many were answered; all were. */
async function callWhile(work: Promise<unknown>): Promise<number> {
  const client = createClient(ProductService, others.transport);
  let isOver = false;
  const over = work.finally(() => {
    isOver = true;
  });
  let answered = 0;
  do {
    await client.listSkus({});
    answered += 1;
  } while (!isOver);
  await over;
  return answered;
}
