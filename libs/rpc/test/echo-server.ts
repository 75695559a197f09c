import { decodeBinaryHeader, encodeBinaryHeader, type HandlerContext } from "@connectrpc/connect";
import { Failure } from "@ordermesh/failure/failure";
import { createMetrics } from "@ordermesh/telemetry/metrics";
import { startTracing, type Tracing } from "@ordermesh/telemetry/tracing";
import { pino } from "pino";
import type { Registry } from "prom-client";
import { bindService } from "../src/bound-service.ts";
import { type Call, callOf } from "../src/call.ts";
import { createGrpcTransport, type GrpcTransport, type GrpcTransportOptions } from "../src/client.ts";
import { type RpcServer, type RpcServerOptions, startRpcServer } from "../src/server.ts";
import { type EchoRequest, EchoService } from "./echo-contract.ts";

/** What a test server has seen and what it waits for. */
export interface EchoState {
  /** Calls that reached a handler. */
  started: number;
  /** Handlers that noticed the end of their call, with the reason that they saw. */
  readonly aborted: string[];
  /** Calls of Collect that came to the end of their stream. */
  collected: number;
  /** Handlers whose `finally` ran. */
  closed: number;
  lastCall: Call | undefined;
  lastHeader: Headers | undefined;
  /** Set to make the next calls of Look fail: how many, and that they are unavailable. */
  failures: number;
  /** Lets the handlers go on that were told to hang without listening. */
  release(): void;
}

/** A log line as pino writes it. */
export interface LogLine {
  readonly level: number;
  readonly msg: string;
  readonly [field: string]: unknown;
}

export interface EchoServer extends RpcServer {
  readonly log: readonly LogLine[];
  readonly state: EchoState;
  readonly metrics: Registry;
  readonly url: string;
}

export async function startEchoServer(options: Partial<RpcServerOptions> = {}): Promise<EchoServer> {
  const metrics = createMetrics({ service: "echo", version: "0" });
  let release: () => void = () => undefined;
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  const state: EchoState = {
    started: 0,
    aborted: [],
    collected: 0,
    closed: 0,
    lastCall: undefined,
    lastHeader: undefined,
    failures: 0,
    release,
  };
  const log: LogLine[] = [];
  const server = await startRpcServer({
    host: "127.0.0.1",
    port: 0,
    services: [echoService(state, released)],
    logger: pino({ level: "debug" }, { write: (line) => log.push(JSON.parse(line)) }),
    metrics,
    tracing: await testTracing(),
    reflection: true,
    ...options,
  });
  const scheme = options.tls === undefined ? "http" : "https";
  return Object.assign(server, { log, state, metrics, url: `${scheme}://127.0.0.1:${server.address.port}` });
}

export function testTracing(): Promise<Tracing> {
  return startTracing({ service: "echo", version: "0", endpoint: undefined, sampleRatio: 1 });
}

/** A gRPC transport of ours to the given servers. */
export async function connectTo(
  servers: readonly { readonly address: { readonly port: number } }[],
  options: Partial<GrpcTransportOptions> = {},
): Promise<GrpcTransport & { readonly metrics: Registry }> {
  const metrics = createMetrics({ service: "client", version: "0" });
  const transport = createGrpcTransport({
    address: servers.map(({ address }) => `127.0.0.1:${address.port}`).join(","),
    services: [EchoService],
    metrics,
    tracing: await testTracing(),
    defaultTimeoutMs: 10_000,
    ...options,
  });
  return { ...transport, metrics };
}

function echoService(state: EchoState, released: Promise<void>) {
  function begin(context: HandlerContext): Call {
    const call = callOf(context);
    state.started += 1;
    state.lastCall = call;
    state.lastHeader = context.requestHeader;
    call.signal.addEventListener("abort", () =>
      state.aborted.push(String(call.signal.reason?.code ?? "unknown")),
    );
    return call;
  }

  async function answer(request: EchoRequest, context: HandlerContext) {
    const call = begin(context);
    await act(request, context, call, released);
    return { text: request.text, index: request.count, payload: sized(request) };
  }

  async function* repeat(request: EchoRequest, context: HandlerContext) {
    const call = begin(context);
    try {
      for (let index = 0; index < request.count; index += 1) {
        yield { text: request.text, index, payload: request.payload };
      }
      await act(request, context, call, released);
    } finally {
      state.closed += 1;
    }
  }

  return bindService(EchoService, {
    echo: answer,
    look(request, context) {
      if (state.failures > 0) {
        state.failures -= 1;
        throw new Failure("unavailable", "The test asked for this.", { reason: "TEST" });
      }
      return answer(request, context);
    },
    repeat,
    async collect(requests, context) {
      const call = begin(context);
      const texts: string[] = [];
      for await (const request of requests) {
        texts.push(request.text);
        await act(request, context, call, released);
      }
      state.collected += 1;
      return { text: texts.join(), index: texts.length };
    },
    async *chat(requests, context) {
      const call = begin(context);
      try {
        let index = 0;
        for await (const request of requests) {
          await act(request, context, call, released);
          yield { text: request.text, index };
          index += 1;
        }
      } finally {
        state.closed += 1;
      }
    },
  });
}

function sized(request: EchoRequest): Uint8Array {
  return request.action === "megabytes" ? new Uint8Array(request.count * 1024 * 1024) : request.payload;
}

/** Does what the request asks for. */
async function act(
  request: EchoRequest,
  context: HandlerContext,
  call: Call,
  released: Promise<void>,
): Promise<void> {
  switch (request.action) {
    case "fail":
      throw testFailure;
    case "defect":
      throw new Error("password=hunter2 is wrong");
    case "hang":
      await new Promise<void>((_, reject) => {
        call.signal.addEventListener("abort", () => reject(new Error("gave up")), { once: true });
      });
      return;
    case "hang-deaf":
      await released;
      return;
    case "headers":
    case "headers-fail":
      context.responseHeader.set("x-answer", `${context.requestHeader.get("x-question")}!`);
      context.responseHeader.set("x-answer-bin", encodeBinaryHeader(binaryOf(context)));
      context.responseTrailer.set("x-late", "trailer");
      context.responseTrailer.set("x-late-bin", encodeBinaryHeader(new Uint8Array([0, 255])));
      if (request.action === "headers-fail") {
        throw testFailure;
      }
  }
}

function binaryOf(context: HandlerContext): Uint8Array {
  return decodeBinaryHeader(context.requestHeader.get("x-question-bin") ?? "").map((byte) => 255 - byte);
}

const testFailure = new Failure("failed_precondition", "Only 3 of 5 are in stock — order fewer.", {
  reason: "INSUFFICIENT_STOCK",
  metadata: { sku: "17", order_id: "5" },
  fieldViolations: [{ field: "lines[0].quantity", description: "at most 3" }],
  preconditionViolations: [{ type: "STOCK", subject: "sku/17", description: "2 units short" }],
  retryAfterMs: 1_500,
  cause: new Error("secret cause"),
});
