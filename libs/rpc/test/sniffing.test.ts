import http2 from "node:http2";
import { Duplex } from "node:stream";
import { eventually } from "@ordermesh/testkit/eventually";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type EchoServer, startEchoServer } from "./echo-server.ts";
import { connectRaw, echoPath, grpcFrame, grpcHeaders, requestOn } from "./wire.ts";

let server: EchoServer;

beforeAll(async () => {
  server = await startEchoServer({ limits: { sniffTimeoutMs: 300, requestTimeoutMs: 400 } });
});

afterAll(() => server.stop(2_000));

const flush = () => new Promise((resolve) => setImmediate(resolve));

test("recognizes HTTP/2 whose preface comes byte by byte", async () => {
  const { socket } = await connectRaw(server.address.port);
  socket.removeAllListeners("data");
  socket.pause();
  // The preface is sent singly here; what the client writes of it itself is dropped.
  const write = socket.write.bind(socket);
  const preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
  for (const byte of preface) {
    write(byte);
    await flush();
  }
  let skip = preface.length;
  const rest = new Duplex({
    read: () => socket.resume(),
    write(chunk: Buffer, _encoding, done) {
      const from = Math.min(skip, chunk.length);
      skip -= from;
      write(chunk.subarray(from), () => done());
    },
  });
  socket.on("data", (chunk) => rest.push(chunk));
  const session = http2.connect(server.url, { createConnection: () => rest });
  const answer = await requestOn(session, grpcHeaders, grpcFrame(Buffer.alloc(0)));
  expect(answer.trailers["grpc-status"]).toBe("0");
  session.destroy();
  socket.destroy();
});

test("serves HTTP/1.1 that comes in pieces, and a second request on the same connection", async () => {
  const connection = await connectRaw(server.address.port);
  const body = '{"text":"in pieces"}';
  const request = `POST ${echoPath} HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
  for (let at = 0; at < request.length; at += 7) {
    connection.socket.write(request.slice(at, at + 7));
    await flush();
  }
  await eventually(() => expect(connection.received()).toContain('{"text":"in pieces"}'));
  connection.socket.write(request.replace("in pieces", "in peaces"));
  await eventually(() => expect(connection.received()).toContain('{"text":"in peaces"}'));
  connection.socket.destroy();
});

test("a method that begins like the HTTP/2 preface is HTTP/1.1 all the same", async () => {
  const connection = await connectRaw(server.address.port);
  connection.socket.write("PROPFIND / HTTP/1.1\r\nhost: a\r\n\r\n");
  await eventually(() => expect(connection.received()).toMatch(/^HTTP\/1\.1 404 /));
  connection.socket.destroy();
});

test.each([
  ["garbage", Buffer.from([0x00, 0xff, 0x13, 0x37, 0x0d, 0x0a, 0x0d, 0x0a])],
  ["a TLS greeting", Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xfc, 0x03, 0x03])],
  [
    "an HTTP/2 preface with garbage behind it",
    Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nthis is no frame at all"),
  ],
])("%s ends the connection and nothing else", async (_, bytes) => {
  const connection = await connectRaw(server.address.port);
  connection.socket.write(bytes);
  await connection.closed;
  expect((await fetch(`${server.url}/livez`)).status).toBe(200);
});

test("a connection that never says what it speaks is closed", async () => {
  const silent = await connectRaw(server.address.port);
  const halfway = await connectRaw(server.address.port);
  halfway.socket.write("PRI * HTTP/2.0\r\n");
  await Promise.all([silent.closed, halfway.closed]);
});

test("a client that sends its headers one byte at a time is closed, however it goes on", async () => {
  const connection = await connectRaw(server.address.port);
  connection.socket.write("GET /livez HTTP/1.1\r\nhost: a\r\n");
  const dripping = setInterval(() => connection.socket.write("x"), 20);
  await connection.closed;
  clearInterval(dripping);
});

test("a body that never comes to an end is cut off: HTTP/1.1", async () => {
  const connection = await connectRaw(server.address.port);
  connection.socket.write(
    `POST ${echoPath} HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n{`,
  );
  const dripping = setInterval(() => connection.socket.write(" "), 20);
  await connection.closed;
  clearInterval(dripping);
});

test("a body that never comes to an end is cut off: gRPC", async () => {
  const session = http2.connect(server.url);
  const stream = session.request({ ":method": "POST", ...grpcHeaders });
  let status: unknown;
  stream.on("response", (headers) => {
    status = headers["grpc-status"];
  });
  stream.on("error", () => undefined);
  stream.write(grpcFrame(Buffer.alloc(100)).subarray(0, 50));
  const dripping = setInterval(() => stream.write(Buffer.from([0])), 50);
  // Not the event "close": Node's client may wait with that for a write that nobody will take any more.
  await eventually(() => expect(stream.closed).toBe(true));
  clearInterval(dripping);
  expect(status).toBe("4");
  session.destroy();
});
