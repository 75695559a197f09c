import { Code, ConnectError, createClient, type Interceptor } from "@connectrpc/connect";
import { createConnectTransport, createGrpcWebTransport } from "@connectrpc/connect-node";
import { SpanKind, type SpanOptions } from "@opentelemetry/api";
import type { Tracing } from "@ordermesh/telemetry/tracing";
import { parseTraceparent, traceIdOf } from "@ordermesh/telemetry/tracing";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { createGrpcTransport, type GrpcTransport } from "../src/client.ts";
import { EchoService } from "./echo-contract.ts";
import { connectTo, type EchoServer, startEchoServer, testTracing } from "./echo-server.ts";

interface SeenSpan {
  readonly name: string;
  readonly parent: string | undefined;
  readonly kind: SpanKind | undefined;
  readonly spanId: string;
  ended: boolean;
}

/** Real tracing that also notes what was asked of it. */
function recordingTracing(inner: Tracing, spans: SeenSpan[]): Tracing {
  return {
    startSpan(name: string, parent: string | undefined, options?: SpanOptions) {
      const span = inner.startSpan(name, parent, options);
      const seen: SeenSpan = {
        name,
        parent,
        kind: options?.kind,
        spanId: span.spanContext().spanId,
        ended: false,
      };
      spans.push(seen);
      const end = span.end.bind(span);
      span.end = (time) => {
        seen.ended = true;
        end(time);
      };
      return span;
    },
    stop: () => inner.stop(),
  };
}

const serverSpans: SeenSpan[] = [];
const clientSpans: SeenSpan[] = [];
const order: string[] = [];
let server: EchoServer;
let grpc: GrpcTransport & { readonly metrics: Awaited<ReturnType<typeof connectTo>>["metrics"] };

beforeAll(async () => {
  const interceptor: Interceptor = (next) => async (request) => {
    order.push(`${request.method.name} ${request.header.get("x-user")}`);
    if (request.header.get("x-user") === "nobody") {
      throw new ConnectError("who are you?", Code.Unauthenticated);
    }
    const response = await next(request);
    response.header.set("x-intercepted", "yes");
    return response;
  };
  server = await startEchoServer({
    tracing: recordingTracing(await testTracing(), serverSpans),
    interceptors: [interceptor],
  });
  grpc = await connectTo([server], { tracing: recordingTracing(await testTracing(), clientSpans) });
});

afterAll(async () => {
  grpc.close();
  await server.stop(2_000);
});

beforeEach(() => {
  serverSpans.length = 0;
  clientSpans.length = 0;
  order.length = 0;
  (server.log as unknown[]).length = 0;
});

const traceId = "0af7651916cd43dd8448eb211c80319c";
const parent = `00-${traceId}-b7ad6b7169203331-01`;
const stacks = [
  { name: "gRPC", connect: () => grpc.transport },
  { name: "gRPC-Web", connect: () => createGrpcWebTransport({ baseUrl: server.url, httpVersion: "1.1" }) },
  { name: "Connect", connect: () => createConnectTransport({ baseUrl: server.url, httpVersion: "1.1" }) },
];

async function series(
  registry: typeof server.metrics,
  name: string,
  method: string,
): Promise<Record<string, number>> {
  const metric = await registry.getSingleMetric(name)?.get();
  const counts = (metric?.values ?? []).filter(
    (value) =>
      "metricName" in value && value.metricName === `${name}_count` && value.labels.rpc_method === method,
  );
  return Object.fromEntries(
    counts.map(({ labels, value }) => [`${labels.rpc_service} ${labels.code}`, value]),
  );
}

test.each(stacks)("the handler's trace is below the caller's: $name", async ({ connect }) => {
  const client = createClient(EchoService, connect());
  await client.echo({}, { headers: { traceparent: parent } });
  const call = server.state.lastCall;
  expect(call?.traceId).toBe(traceId);
  const [span] = serverSpans;
  expect(span).toMatchObject({ name: "test.echo.v1.EchoService/Echo", kind: SpanKind.SERVER, ended: true });
  expect(parseTraceparent(call?.traceparent)).toMatchObject({ traceId, spanId: span?.spanId });
  expect(traceIdOf(span?.parent)).toBe(traceId);

  for await (const _ of client.repeat({ count: 3 }, { headers: { traceparent: parent } })) {
    // The span lasts as long as the stream.
  }
  expect(serverSpans[1]).toMatchObject({ name: "test.echo.v1.EchoService/Repeat", ended: true });
  expect(traceIdOf(serverSpans[1]?.parent)).toBe(traceId);
});

test("our client's span stands between the caller's and the server's", async () => {
  await createClient(EchoService, grpc.transport).echo({}, { headers: { traceparent: parent } });
  expect(clientSpans).toMatchObject([{ parent, kind: SpanKind.CLIENT, ended: true }]);
  expect(parseTraceparent(serverSpans[0]?.parent)?.spanId).toBe(clientSpans[0]?.spanId);
});

test("without a trace, or with a malformed one, a new one begins", async () => {
  const client = createClient(
    EchoService,
    createConnectTransport({ baseUrl: server.url, httpVersion: "1.1" }),
  );
  for (const headers of [undefined, { traceparent: "nonsense" }]) {
    await client.echo({}, headers && { headers });
    expect(server.state.lastCall?.traceId).toMatch(/^[0-9a-f]{32}$/);
    expect(server.state.lastCall?.traceId).not.toBe(traceId);
  }
});

test("both directions count calls by service, method and code", async () => {
  const client = createClient(EchoService, grpc.transport);
  const serverName = "ordermesh_rpc_server_duration_seconds";
  const clientName = "ordermesh_rpc_client_duration_seconds";
  const before = await series(server.metrics, serverName, "Collect");
  expect(before).toEqual({});
  const requests = async function* (action: string) {
    yield { action };
  };
  await client.collect(requests(""));
  await client.collect(requests(""));
  await client.collect(requests("fail")).catch(() => undefined);
  await client.collect(requests("defect")).catch(() => undefined);
  const expected = {
    "test.echo.v1.EchoService OK": 2,
    "test.echo.v1.EchoService FAILED_PRECONDITION": 1,
    "test.echo.v1.EchoService INTERNAL": 1,
  };
  expect(await series(server.metrics, serverName, "Collect")).toEqual(expected);
  expect(await series(grpc.metrics, clientName, "Collect")).toEqual(expected);
  const text = await (await fetch(`${server.url}/metrics`)).text();
  expect(text).toContain(
    'service="echo",rpc_service="test.echo.v1.EchoService",rpc_method="Collect",code="OK"',
  );
});

test("two clients may share a registry", async () => {
  const options = { address: "127.0.0.1:1", services: [EchoService], defaultTimeoutMs: 1_000 };
  const tracing = await testTracing();
  const other = createGrpcTransport({ ...options, metrics: grpc.metrics, tracing });
  other.close();
});

test.each(stacks)(
  "a defect is logged once, as an error with its cause and trace; others quietly: $name",
  async ({ connect }) => {
    const client = createClient(EchoService, connect());
    await client.echo({ action: "defect" }, { headers: { traceparent: parent } }).catch(() => undefined);
    await client.echo({ action: "fail" }).catch(() => undefined);
    await client.echo({ count: 5000 }).catch(() => undefined);
    await client.echo({});
    expect(server.log).toMatchObject([
      {
        level: 50,
        rpc: "test.echo.v1.EchoService/Echo",
        code: "INTERNAL",
        trace_id: traceId,
        err: { message: "password=hunter2 is wrong", stack: expect.stringContaining("echo-server.ts") },
      },
      { level: 20, code: "FAILED_PRECONDITION", reason: "INSUFFICIENT_STOCK", order_id: "5" },
      { level: 20, code: "INVALID_ARGUMENT", reason: "INVALID_REQUEST" },
    ]);
    expect(server.log).toHaveLength(3);
  },
);

test.each(stacks)(
  "a service's interceptors run on every stack, inside validation: $name",
  async ({ connect }) => {
    const client = createClient(EchoService, connect());
    let header = new Headers();
    const onHeader = (received: Headers) => {
      header = received;
    };
    await client.echo({}, { headers: { "x-user": "ann" }, onHeader });
    expect(header.get("x-intercepted")).toBe("yes");
    for await (const _ of client.repeat({ count: 1 }, { headers: { "x-user": "ann" }, onHeader })) {
      expect(header.get("x-intercepted")).toBe("yes");
    }
    const refused = await client
      .echo({}, { headers: { "x-user": "nobody" } })
      .catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: Code.Unauthenticated, rawMessage: "who are you?" });
    await client.echo({ count: 5000 }, { headers: { "x-user": "bob" } }).catch(() => undefined);
    expect(order).toEqual(["Echo ann", "Repeat ann", "Echo nobody"]);
  },
);
