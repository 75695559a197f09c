import { gzipSync } from "node:zlib";
import { create, toBinary } from "@bufbuild/protobuf";
import { seededRandom } from "@ordermesh/testkit/seeded-random";
import { afterAll, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { EchoRequestSchema } from "./echo-contract.ts";
import { type EchoServer, startEchoServer } from "./echo-server.ts";
import { echoPath, grpcFrame, grpcHeaders, requestHttp2 } from "./wire.ts";

let server: EchoServer;

beforeAll(async () => {
  server = await startEchoServer();
});

beforeEach(() => {
  server.state.started = 0;
});

afterAll(() => server.stop(2_000));

// Field 1 announces 200 bytes of text and has one.
const malformed = Buffer.from([0x0a, 0xc8, 0x01, 0x61]);

async function post(contentType: string, body: string | Buffer, path = echoPath, headers = {}) {
  const response = await fetch(server.url + path, {
    method: "POST",
    headers: { "content-type": contentType, ...headers },
    body,
  });
  return { status: response.status, text: await response.text() };
}

test("malformed protobuf is the client's mistake: gRPC", async () => {
  const { trailers, headers } = await requestHttp2(server.url, grpcHeaders, grpcFrame(malformed));
  const found = { ...headers, ...trailers };
  expect(found["grpc-status"]).toBe("3");
  expect(decodeURIComponent(String(found["grpc-message"]))).toContain(
    "The request is not a test.echo.v1.EchoRequest: ",
  );
  expect(server.state.started).toBe(0);
});

test("malformed protobuf is the client's mistake: Connect, and gRPC-Web with the message in pieces", async () => {
  const connect = await post("application/proto", malformed);
  expect(connect.status).toBe(400);
  expect(JSON.parse(connect.text)).toMatchObject({ code: "invalid_argument" });
  const web = await post("application/grpc-web+proto", grpcFrame(malformed));
  expect(web.text).toContain("grpc-status: 3");
  expect(web.text).toContain("EchoRequest");
  const stream = await post(
    "application/grpc-web+proto",
    grpcFrame(malformed),
    "/test.echo.v1.EchoService/Repeat",
  );
  expect(stream.text).toContain("grpc-status: 3");
  expect(server.state.started).toBe(0);
});

test.each([
  ["not JSON at all", "{text:"],
  ["a field of the wrong type", '{"count":"many"}'],
  ["a field that the contract does not have", '{"text":"a","quantity":1}'],
  ["a number that is too large", '{"count":4294967296}'],
  ["nothing", ""],
])("malformed JSON is the client's mistake: %s", async (_, body) => {
  const { status, text } = await post("application/json", body);
  expect(status).toBe(400);
  expect(JSON.parse(text).code).toBe("invalid_argument");
  expect(JSON.parse(text).message).not.toBe("");
  expect(server.state.started).toBe(0);
});

test("an unknown JSON field is named", async () => {
  const { text } = await post("application/json", '{"quantity":1}');
  expect(JSON.parse(text).message).toContain("quantity");
});

test("an unknown method says so on every protocol", async () => {
  const path = "/test.echo.v1.EchoService/Nothing";
  const { headers } = await requestHttp2(
    server.url,
    { ...grpcHeaders, ":path": path },
    grpcFrame(Buffer.alloc(0)),
  );
  expect(headers["grpc-status"]).toBe("12");
  expect((await post("application/json", "{}", path)).status).toBe(404);
  expect((await post("application/grpc-web+proto", grpcFrame(Buffer.alloc(0)), path)).status).toBe(404);
});

test("a content type that nobody speaks is refused", async () => {
  expect((await post("application/xml", "<a/>")).status).toBe(415);
  // gRPC needs HTTP/2.
  expect((await post("application/grpc", grpcFrame(Buffer.alloc(0)))).status).toBe(415);
});

test("HTTP/2 that is not gRPC is told what to use instead", async () => {
  const answer = await requestHttp2(
    server.url,
    { ":path": echoPath, "content-type": "application/json" },
    Buffer.from("{}"),
  );
  expect(answer.headers[":status"]).toBe(415);
  expect(answer.body.toString()).toContain("speaks gRPC");
  const page = await requestHttp2(server.url, { ":method": "GET", ":path": "/livez" }, Buffer.alloc(0));
  expect(page.headers[":status"]).toBe(415);
});

test("a small body that unpacks to a large one is refused", async () => {
  const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024));
  expect(bomb.byteLength).toBeLessThan(100_000);
  const connect = await post("application/proto", bomb, echoPath, { "content-encoding": "gzip" });
  expect(JSON.parse(connect.text).code).toBe("resource_exhausted");
  const frame = grpcFrame(bomb);
  frame[0] = 1;
  const grpc = await requestHttp2(server.url, { ...grpcHeaders, "grpc-encoding": "gzip" }, frame);
  expect({ ...grpc.headers, ...grpc.trailers }["grpc-status"]).toBe("8");
  expect(server.state.started).toBe(0);
});

test("a compressed body of normal size is read", async () => {
  const message = toBinary(EchoRequestSchema, create(EchoRequestSchema, { text: "small" }));
  const frame = grpcFrame(gzipSync(message));
  frame[0] = 1;
  const answer = await requestHttp2(server.url, { ...grpcHeaders, "grpc-encoding": "gzip" }, frame);
  expect(answer.trailers["grpc-status"]).toBe("0");
});

test("a header that is not ASCII is dropped, and its value reaches no log", async () => {
  const printed = vi.spyOn(console, "error");
  const headers = { ...grpcHeaders, authorization: "Bearer h\u00fcnter2" };
  const answer = await requestHttp2(server.url, headers, grpcFrame(Buffer.alloc(0)));
  expect(answer.trailers["grpc-status"]).toBe("0");
  expect(server.state.lastHeader?.get("authorization")).toBeNull();
  expect(printed).not.toHaveBeenCalled();
  expect(JSON.stringify(server.log)).not.toContain("nter2");
  printed.mockRestore();
});

test("random bytes never get an internal error out of the server", async () => {
  const random = seededRandom("random bytes");
  const valid = toBinary(
    EchoRequestSchema,
    create(EchoRequestSchema, { text: "abcdef", count: 3, payload: malformed }),
  );
  const statuses = new Map<string, number>();
  for (let round = 0; round < 200; round += 1) {
    const bytes = Buffer.from(valid);
    for (let change = random.integer(1, 4); change > 0; change -= 1) {
      bytes[random.integer(0, bytes.length - 1)] = random.integer(0, 255);
    }
    const body = bytes.subarray(0, random.integer(0, bytes.length));
    const { status } = await post("application/proto", body);
    statuses.set(String(status), (statuses.get(String(status)) ?? 0) + 1);
  }
  process.stdout.write(`random bytes: ${JSON.stringify([...statuses])}\n`);
  expect([...statuses.keys()].sort()).toEqual(["200", "400"]);
});
