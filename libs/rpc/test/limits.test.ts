import http2 from "node:http2";
import { create, toBinary } from "@bufbuild/protobuf";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { Failure } from "@ordermesh/failure/failure";
import { eventually } from "@ordermesh/testkit/eventually";
import { afterEach, expect, test } from "vitest";
import type { RpcServerOptions } from "../src/server.ts";
import { EchoRequestSchema, EchoService } from "./echo-contract.ts";
import { connectTo, type EchoServer, startEchoServer } from "./echo-server.ts";
import { connectRaw, echoPath, grpcFrame, grpcHeaders, requestHttp2, requestOn } from "./wire.ts";

const servers: EchoServer[] = [];

async function start(options: Partial<RpcServerOptions> = {}): Promise<EchoServer> {
  const server = await startEchoServer(options);
  servers.push(server);
  return server;
}

afterEach(async () => {
  await Promise.all(
    servers.splice(0).map((server) => {
      server.state.release();
      return server.stop(3_000);
    }),
  );
});

const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => "OK",
    (error: unknown) => Code[ConnectError.from(error).code],
  );

test("a taken port is told in one sentence that names it", async () => {
  const first = await start();
  const { port } = first.address;
  const second = await startEchoServer({ port }).catch((error: unknown) => error);
  expect(second).toBeInstanceOf(Failure);
  expect((second as Failure).message).toBe(
    `Port ${port} on 127.0.0.1 is taken by another program: stop that one, or configure another port.`,
  );
});

test("an address of another machine is told as well", async () => {
  const failed = await startEchoServer({ host: "192.0.2.1" }).catch((error: unknown) => error);
  expect((failed as Failure).message).toContain("is not an address of this machine");
});

test.each([
  ["70 KiB", 70 * 1024],
  ["1 MB", 1_000_000],
])("headers of %s are refused on both stacks, and others are served on", async (_, size) => {
  const server = await start();
  const large = "x".repeat(size);
  const raw = await connectRaw(server.address.port);
  raw.socket.write(`POST ${echoPath} HTTP/1.1\r\nhost: a\r\nx-large: ${large}\r\n\r\n`);
  await eventually(() => expect(raw.received()).toMatch(/^HTTP\/1\.1 431 /));
  await raw.closed;

  const session = http2.connect(server.url, { maxSendHeaderBlockLength: 2 ** 21 });
  session.on("error", () => undefined);
  const refused = await new Promise<string>((resolve) => {
    const stream = session.request({ ":method": "POST", ...grpcHeaders, "x-large": large });
    stream.on("error", (error: NodeJS.ErrnoException) => resolve(error.message));
    stream.on("response", (headers) => resolve(`status ${headers["grpc-status"]}`));
  });
  // Up to some size the server can say so; beyond it HTTP/2 itself ends the connection.
  expect(refused).toMatch(/^status 8$|ENHANCE_YOUR_CALM|Session closed/);
  session.destroy();
  expect(server.state.started).toBe(0);
  const { transport, close } = await connectTo([server]);
  expect((await createClient(EchoService, transport).echo({ text: "still here" })).text).toBe("still here");
  close();
});

test("headers of 40 KiB are served on both stacks", async () => {
  const server = await start();
  const headers = { "x-large": "x".repeat(40 * 1024) };
  const { transport, close } = await connectTo([server]);
  expect((await createClient(EchoService, transport).echo({ text: "a" }, { headers })).text).toBe("a");
  expect(server.state.lastHeader?.get("x-large")?.length).toBe(40 * 1024);
  const connect = createConnectTransport({ baseUrl: server.url, httpVersion: "1.1" });
  expect((await createClient(EchoService, connect).echo({ text: "b" }, { headers })).text).toBe("b");
  close();
});

test("connections beyond the limit are closed, and a place that becomes free is given away", async () => {
  const server = await start({ limits: { maxConnections: 3 } });
  const open = await Promise.all([1, 2, 3].map(() => connectRaw(server.address.port)));
  await eventually(async () => {
    const refused = await connectRaw(server.address.port);
    await refused.closed;
    expect(refused.received()).toBe("");
  });
  open[0]?.socket.destroy();
  await eventually(async () => expect((await fetch(`${server.url}/livez`)).status).toBe(200));
  for (const { socket } of open) {
    socket.destroy();
  }
});

test("a connection has no more than the allowed number of calls at the same time", async () => {
  const server = await start({ limits: { maxConcurrentStreams: 5 } });
  const session = http2.connect(server.url);
  const settings = await new Promise<http2.Settings>((resolve) => session.once("remoteSettings", resolve));
  expect(settings.maxConcurrentStreams).toBe(5);
  expect(settings.maxHeaderListSize).toBe(64 * 1024);
  const hanging = create(EchoRequestSchema, { action: "hang-deaf" });
  const frame = grpcFrame(toBinary(EchoRequestSchema, hanging));
  const answers = Array.from({ length: 12 }, () => requestOn(session, grpcHeaders, frame));
  await eventually(() => expect(server.state.started).toBe(5));
  server.state.release();
  // Those that had to wait run one after the other.
  const statuses = (await Promise.all(answers)).map(({ trailers }) => trailers["grpc-status"]);
  expect(statuses).toEqual(Array.from({ length: 12 }, () => "0"));
  session.destroy();
});

test("a unary call without a deadline gets the server's, and a longer one is cut to the server's", async () => {
  const server = await start({ limits: { unaryTimeoutMs: 80, maxUnaryTimeoutMs: 120 } });
  const frame = grpcFrame(toBinary(EchoRequestSchema, create(EchoRequestSchema, { action: "hang-deaf" })));
  const none = await requestHttp2(server.url, grpcHeaders, frame);
  expect({ ...none.headers, ...none.trailers }["grpc-status"]).toBe("4");
  const long = await requestHttp2(server.url, { ...grpcHeaders, "grpc-timeout": "1H" }, frame);
  expect({ ...long.headers, ...long.trailers }["grpc-status"]).toBe("4");
  const connect = await fetch(server.url + echoPath, {
    method: "POST",
    headers: { "content-type": "application/json", "connect-timeout-ms": "3600000" },
    body: '{"action":"hang"}',
  });
  expect(await connect.json()).toMatchObject({ code: "deadline_exceeded" });
  expect(server.state.aborted).toEqual(["4", "4", "4"]);
});

test("a call whose deadline has passed does not reach its handler", async () => {
  const server = await start();
  const frame = grpcFrame(Buffer.alloc(0));
  const grpc = await requestHttp2(server.url, { ...grpcHeaders, "grpc-timeout": "1n" }, frame);
  expect({ ...grpc.headers, ...grpc.trailers }["grpc-status"]).toBe("4");
  const connect = await fetch(server.url + echoPath, {
    method: "POST",
    headers: { "content-type": "application/json", "connect-timeout-ms": "0" },
    body: "{}",
  });
  expect(await connect.json()).toMatchObject({ code: "deadline_exceeded" });
  const { transport, close } = await connectTo([server]);
  const client = createClient(EchoService, transport);
  expect(await codeOf(client.echo({}, { timeoutMs: 0 }))).toBe("DeadlineExceeded");
  expect(await codeOf(client.echo({}, { timeoutMs: -5 }))).toBe("DeadlineExceeded");
  expect(server.state.started).toBe(0);
  close();
});

test("a stream has no deadline unless the client gives one", async () => {
  const server = await start({ limits: { unaryTimeoutMs: 50 } });
  const { transport, close } = await connectTo([server], { defaultTimeoutMs: 100 });
  const stream = createClient(EchoService, transport).repeat(
    { count: 1, action: "hang-deaf" },
    { timeoutMs: Infinity },
  );
  const iterator = stream[Symbol.asyncIterator]();
  expect((await iterator.next()).done).toBe(false);
  expect(server.state.lastCall?.remainingMs()).toBe(Number.POSITIVE_INFINITY);
  // A call that has one ends meanwhile.
  expect(await codeOf(createClient(EchoService, transport).echo({ action: "hang" }))).toBe(
    "DeadlineExceeded",
  );
  server.state.release();
  expect((await iterator.next()).done).toBe(true);
  close();
});

test("a stream whose client reads nothing holds up its handler, not the memory, and is ended", async () => {
  const server = await start({ limits: { stalledStreamTimeoutMs: 200 } });
  const session = http2.connect(server.url);
  const stream = session.request({
    ":method": "POST",
    ...grpcHeaders,
    ":path": "/test.echo.v1.EchoService/Repeat",
  });
  stream.on("error", () => undefined);
  const request = create(EchoRequestSchema, { count: 1000, payload: new Uint8Array(100_000) });
  // What other tests of this process have left may still be there.
  const bytesBefore = process.memoryUsage().arrayBuffers;
  stream.end(grpcFrame(toBinary(EchoRequestSchema, request)));
  // Never read: without back-pressure the server would have 100 MB waiting here.
  await eventually(() => expect(server.state.closed).toBe(1));
  expect(process.memoryUsage().arrayBuffers - bytesBefore).toBeLessThan(60_000_000);
  const last = server.log.find(({ rpc }) => rpc === "test.echo.v1.EchoService/Repeat");
  expect(last).toMatchObject({ code: "UNAVAILABLE" });
  session.destroy();
});

test("a handler is closed when its client's connection breaks while it waits to send", async () => {
  const server = await start();
  const path = "/test.echo.v1.EchoService/Repeat";
  const request = create(EchoRequestSchema, { count: 1000, payload: new Uint8Array(100_000) });
  const frame = grpcFrame(toBinary(EchoRequestSchema, request));
  const session = http2.connect(server.url);
  session.on("error", () => undefined);
  const stream = session.request({ ":method": "POST", ...grpcHeaders, ":path": path });
  stream.on("error", () => undefined);
  stream.end(frame);
  await eventually(() => expect(server.state.started).toBe(1));
  session.destroy();
  await eventually(() => expect(server.state.closed).toBe(1));

  // The same over HTTP/1.1, where Connect itself would wait forever.
  const raw = await connectRaw(server.address.port);
  raw.socket.pause();
  raw.socket.write(
    `POST ${path} HTTP/1.1\r\nhost: a\r\ncontent-type: application/grpc-web+proto\r\ncontent-length: ${frame.length}\r\n\r\n`,
  );
  raw.socket.write(frame);
  await eventually(() => expect(server.state.started).toBe(2));
  raw.socket.destroy();
  await eventually(() => expect(server.state.closed).toBe(2));
});

test("over HTTP/1.1, a client that reads nothing is cut off, and one that waits on a quiet stream is not", async () => {
  const server = await start({ limits: { stalledStreamTimeoutMs: 200 } });
  const ask = async (request: Parameters<typeof create<typeof EchoRequestSchema>>[1]) => {
    const frame = grpcFrame(toBinary(EchoRequestSchema, create(EchoRequestSchema, request)));
    const raw = await connectRaw(server.address.port);
    raw.socket.write(
      `POST /test.echo.v1.EchoService/Repeat HTTP/1.1\r\nhost: a\r\ncontent-type: application/grpc-web+proto\r\ncontent-length: ${frame.length}\r\n\r\n`,
    );
    raw.socket.write(frame);
    return raw;
  };
  const quiet = await ask({ count: 1, text: "first", action: "hang-deaf" });
  await eventually(() => expect(quiet.received()).toContain("first"));
  const stalled = await ask({ count: 1000, payload: new Uint8Array(100_000) });
  stalled.socket.pause();
  await eventually(() => expect(server.state.closed).toBe(1));
  expect(quiet.socket.closed).toBe(false);
  server.state.release();
  await eventually(() => expect(quiet.received()).toContain("grpc-status: 0"));
  quiet.socket.destroy();
  stalled.socket.destroy();
});

test("a connection that has been idle for too long is closed", async () => {
  const server = await start({ limits: { idleTimeoutMs: 100 } });
  const raw = await connectRaw(server.address.port);
  raw.socket.write("GET /livez HTTP/1.1\r\nhost: a\r\n\r\n");
  await eventually(() => expect(raw.received()).toContain("alive"));
  await raw.closed;
  const session = http2.connect(server.url);
  await new Promise<void>((resolve) => session.once("close", () => resolve()));
});

test("connections that have become old are closed, and no call fails for it", async () => {
  const server = await start({ limits: { maxConnectionAgeMs: 100 } });
  const { transport, close } = await connectTo([server]);
  const client = createClient(EchoService, transport);
  let replaced = 0;
  const watching = (async () => {
    for (; replaced < 4; replaced += 1) {
      const session = http2.connect(server.url);
      await new Promise<void>((resolve) => session.once("close", () => resolve()));
    }
  })();
  const outcomes: string[] = [];
  while (replaced < 4) {
    outcomes.push(
      ...(await Promise.all(Array.from({ length: 50 }, () => codeOf(client.echo({ text: "a" }))))),
    );
  }
  await watching;
  expect(outcomes.length).toBeGreaterThan(100);
  expect(outcomes.filter((code) => code !== "OK")).toEqual([]);
  close();
});
