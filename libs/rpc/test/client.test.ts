import { create } from "@bufbuild/protobuf";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { Failure } from "@ordermesh/failure/failure";
import { ErrorInfoSchema } from "@ordermesh/proto/google/rpc/error_details_pb";
import { eventually } from "@ordermesh/testkit/eventually";
import { startTcpProxy } from "@ordermesh/testkit/tcp-proxy";
import { afterEach, expect, test } from "vitest";
import { bindService } from "../src/bound-service.ts";
import { callOf } from "../src/call.ts";
import type { GrpcTransportOptions } from "../src/client.ts";
import type { RpcServerOptions } from "../src/server.ts";
import { failureFromRpc } from "../src/upstream-failure.ts";
import { EchoRequestSchema, EchoService } from "./echo-contract.ts";
import { connectTo, type EchoServer, startEchoServer } from "./echo-server.ts";

const cleanups: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) {
    await cleanup();
  }
});

async function start(options: Partial<RpcServerOptions> = {}): Promise<EchoServer> {
  const server = await startEchoServer(options);
  cleanups.push(() => server.stop(2_000));
  return server;
}

async function connect(
  servers: Parameters<typeof connectTo>[0],
  options: Partial<GrpcTransportOptions> = {},
) {
  const { transport, metrics, close } = await connectTo(servers, options);
  cleanups.push(close);
  return { client: createClient(EchoService, transport), transport, metrics, close };
}

const failed = (work: Promise<unknown>): Promise<ConnectError> =>
  work.then(
    () => {
      throw new Error("the call succeeded");
    },
    (error: unknown) => ConnectError.from(error),
  );

const echo = (server: EchoServer) => server.state.started;

test.each([
  [
    "several addresses",
    (servers: EchoServer[]) => servers.map(({ address }) => `127.0.0.1:${address.port}`).join(","),
  ],
  [
    "several host names",
    (servers: EchoServer[]) => servers.map(({ address }) => `localhost:${address.port}`).join(", "),
  ],
])("calls spread evenly over %s", async (_, addressOf) => {
  const servers = await Promise.all([
    start({ host: "localhost" }),
    start({ host: "localhost" }),
    start({ host: "localhost" }),
  ]);
  const { client } = await connect(servers, { address: addressOf(servers) });
  await eventually(async () => {
    await client.echo({});
    expect(Math.min(...servers.map(echo))).toBeGreaterThan(0);
  });
  const before = servers.map(echo);
  for (let call = 0; call < 90; call += 1) {
    await client.echo({});
  }
  expect(servers.map((server, index) => echo(server) - (before[index] ?? 0))).toEqual([30, 30, 30]);
});

test("a server that is gone gets no calls, and gets its share again once it is back", async () => {
  const servers = [await start(), await start()];
  const { client } = await connect(servers);
  await client.echo({});
  const [first, second] = servers as [EchoServer, EchoServer];
  await first.stop(2_000);
  for (let call = 0; call < 50; call += 1) {
    await client.echo({});
  }
  expect(echo(second)).toBeGreaterThanOrEqual(50);
  const back = await start({ port: first.address.port });
  await eventually(async () => {
    await client.echo({});
    expect(echo(back)).toBeGreaterThan(0);
  });
});

test("retries what the contract calls free of side effects, and nothing else", async () => {
  const server = await start();
  const { client } = await connect([server]);
  server.state.failures = 2;
  expect((await client.look({ text: "third time lucky" })).text).toBe("third time lucky");
  server.state.failures = 3;
  expect((await failed(client.look({}))).code).toBe(Code.Unavailable);
  expect(server.state.failures).toBe(0);

  const failing = bindService(EchoService, {
    ...unimplemented,
    echo() {
      attempts += 1;
      throw new Failure("unavailable", "always", { reason: "TEST" });
    },
  });
  let attempts = 0;
  const other = await start({ services: [failing] });
  const { client: plain } = await connect([other]);
  expect((await failed(plain.echo({}))).code).toBe(Code.Unavailable);
  expect(attempts).toBe(1);
});

test("while no server can be reached a call fails at once, and works when there is one", async () => {
  const gone = await startEchoServer();
  const { port } = gone.address;
  await gone.stop(1_000);
  const { client } = await connect([gone], { defaultTimeoutMs: 60_000 });
  // Were the client to wait for a connection, this would take a minute.
  expect((await failed(client.echo({}))).code).toBe(Code.Unavailable);
  expect((await failed(client.look({}))).code).toBe(Code.Unavailable);
  await start({ port });
  await eventually(async () => expect((await client.echo({ text: "back" })).text).toBe("back"));
});

test("a server that has become silent ends a call at its deadline", async () => {
  const server = await start();
  const proxy = await startTcpProxy({ host: "127.0.0.1", port: server.address.port });
  cleanups.push(() => proxy.close());
  const { client } = await connect([{ address: { port: proxy.port } }]);
  await client.echo({});
  proxy.silence();
  expect((await failed(client.echo({}, { timeoutMs: 150 }))).code).toBe(Code.DeadlineExceeded);
  proxy.cut();
  proxy.heal();
  await eventually(async () => expect((await client.echo({ text: "healed" })).text).toBe("healed"));
  expect(proxy.faults()).toBeGreaterThan(0);
});

test("leaving the loop over a transport's stream cancels the call", async () => {
  const server = await start();
  const { transport } = await connect([server]);
  const input = (async function* () {
    yield create(EchoRequestSchema, { count: 5, action: "hang" });
  })();
  const { message } = await transport.stream(
    EchoService.method.repeat,
    undefined,
    undefined,
    undefined,
    input,
  );
  for await (const { index } of message) {
    if (index === 2) {
      break;
    }
  }
  await eventually(() => expect(server.state.closed).toBe(1));
  expect(server.state.aborted).toEqual([String(Code.Canceled)]);
});

test("an error in the caller's own messages ends the call with that error", async () => {
  const server = await start();
  const { client } = await connect([server]);
  const requests = (async function* () {
    yield create(EchoRequestSchema, { text: "a" });
    await eventually(() => expect(server.state.started).toBe(1));
    throw new Error("no more paper");
  })();
  expect((await failed(client.collect(requests))).rawMessage).toBe("no more paper");
  await eventually(() => expect(server.state.aborted.length + server.state.collected).toBe(1));
});

test("a client that is closed, or whose call was canceled before, says so", async () => {
  const server = await start();
  const { client, close } = await connect([server]);
  expect((await failed(client.echo({}, { signal: AbortSignal.abort() }))).code).toBe(Code.Canceled);
  close();
  expect((await failed(client.echo({}))).rawMessage).toBe("The client is closed.");
  const iterator = client.repeat({})[Symbol.asyncIterator]();
  expect((await failed(iterator.next())).rawMessage).toBe("The client is closed.");
  expect(server.state.started).toBe(0);
});

test("a header that gRPC cannot carry is refused before the call is made", async () => {
  const server = await start();
  const { client } = await connect([server]);
  expect((await failed(client.echo({}, { headers: { "x-name": "grün" } }))).code).toBe(Code.InvalidArgument);
});

test("an upstream's failure keeps its kind, reason and details on the way through a service", async () => {
  const upstream = await start();
  const { client: upstreamClient } = await connect([upstream]);
  const middle = await start({
    services: [
      bindService(EchoService, {
        ...unimplemented,
        // Passes the upstream's error on without looking at it.
        echo: (request, context) => upstreamClient.echo(request, { signal: callOf(context).signal }),
      }),
    ],
  });
  const { client } = await connect([middle]);

  const failure = failureFromRpc(
    await failed(client.echo({ action: "headers-fail" }, { headers: { "x-question": "a" } })),
  );
  expect(failure).toMatchObject({
    kind: "failed_precondition",
    message: "Only 3 of 5 are in stock — order fewer.",
    details: {
      reason: "INSUFFICIENT_STOCK",
      metadata: { sku: "17", order_id: "5" },
      fieldViolations: [{ field: "lines[0].quantity", description: "at most 3" }],
      preconditionViolations: [{ type: "STOCK", subject: "sku/17", description: "2 units short" }],
      retryAfterMs: 1_500,
    },
  });

  const defect = await failed(client.echo({ action: "defect" }));
  expect(defect.code).toBe(Code.Internal);
  // The id is that of the call here; the headers of the upstream's answer stay out.
  expect(defect.findDetails(ErrorInfoSchema)[0]?.reason).toBe("INTERNAL");
  const leaked = await failed(client.echo({ action: "headers-fail" }));
  expect(leaked.metadata.get("x-late")).toBeNull();
});

test("what is no error of a call becomes an internal failure that hides it", () => {
  const cause = new Error("password=hunter2");
  expect(failureFromRpc(cause)).toMatchObject({
    kind: "internal",
    message: "internal error",
    details: { cause },
  });
  const known = new Failure("not_found", "no such order", { reason: "ORDER_NOT_FOUND" });
  expect(failureFromRpc(known)).toBe(known);
});

const unimplemented = {
  echo: () => Promise.reject(new ConnectError("not in this test", Code.Unimplemented)),
  look: () => Promise.reject(new ConnectError("not in this test", Code.Unimplemented)),
  collect: () => Promise.reject(new ConnectError("not in this test", Code.Unimplemented)),
  async *repeat() {},
  async *chat() {},
};
