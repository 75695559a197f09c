import type { RequestListener } from "node:http";
import type { DescMethod, DescService } from "@bufbuild/protobuf";
import type { Interceptor } from "@connectrpc/connect";
import type { Logger } from "@ordermesh/telemetry/logger";
import type { Tracing } from "@ordermesh/telemetry/tracing";
import type { Registry } from "prom-client";
import type { Authorize, MethodGuard } from "./authorization.ts";
import type { BoundService } from "./bound-service.ts";
import { type CallRegistry, createCallRegistry } from "./call-registry.ts";
import type { RpcEdge } from "./edge.ts";
import { createGrpcServer, type GrpcServer } from "./grpc-server.ts";
import { createHealth } from "./health.ts";
import { createHttpHandler, type Page, type ServingState } from "./http-handler.ts";
import { defaultLimits, type RpcLimits } from "./limits.ts";
import { openPort, type Port, type ServerTls } from "./port.ts";
import { createReflection } from "./reflection.ts";
import { createServerChain } from "./server-chain.ts";
import { createServerInterceptor } from "./server-interceptor.ts";
import { createServerTelemetry } from "./server-telemetry.ts";
import { createValidation, noValidation } from "./validation.ts";

export interface RpcServerOptions {
  readonly host: string;
  /** 0 takes any free port; `address` tells which. */
  readonly port: number;
  readonly services: readonly BoundService[];
  readonly logger: Logger;
  readonly metrics: Registry;
  readonly tracing: Tracing;
  readonly limits?: Partial<RpcLimits>;
  readonly tls?: ServerTls;
  /** Whether clients may ask for the contracts. */
  readonly reflection: boolean;
  /** Run on both stacks, inside our own. */
  readonly interceptors?: readonly Interceptor[];
  /** Decides who may call. Without it every method is open; health and reflection always are. */
  readonly authorize?: Authorize;
  /**
   * What else the port serves over HTTP/1.1, by exact path: "/.well-known/jwks.json". The listener reads the body itself,
   * within a limit of its own, and answers; what it throws or rejects with becomes a 500.
   */
  readonly pages?: Readonly<Record<string, Page>>;
  /** For a program that hands every call on: it has the first look at requests, and leaves their rules to the services. */
  readonly edge?: RpcEdge;
}

export interface RpcServer {
  readonly address: { readonly host: string; readonly port: number };
  /**
   * Tells clients and load balancers, over grpc.health.v1 and /readyz, whether to send calls here. Calls that come
   * anyway are served. A server starts as not serving.
   *
   * @param reasons shown by /readyz while it is not serving.
   */
  setServing(serving: boolean, reasons?: readonly string[]): void;
  /**
   * Stops without failing a call: says NOT_SERVING, sends clients elsewhere, ends streams with UNAVAILABLE and lets
   * other calls finish. What is left after `timeoutMs` is ended by force. Never rejects.
   */
  stop(timeoutMs: number): Promise<void>;
}

/** How long calls that are ended by force get to send their status. */
const flushMs = 100;

/**
 * Serves gRPC, gRPC-Web, Connect, health, metrics and reflection on one port.
 *
 * @throws Failure that names the port if it cannot be had, or a method for which `authorize` has no rule.
 */
export async function startRpcServer(options: RpcServerOptions): Promise<RpcServer> {
  const { host, port, logger, metrics, tracing, tls } = options;
  const limits: RpcLimits = { ...defaultLimits, ...options.limits };
  const calls = createCallRegistry();
  const telemetry = createServerTelemetry({ logger, metrics, tracing });
  const guards = guardsOf(options);
  const validation = options.edge === undefined ? createValidation() : noValidation;
  const chain = createServerChain({ telemetry, validation, limits, calls, guards });
  const inner = options.interceptors ?? [];

  const described: DescService[] = options.services.map(({ service }) => service);
  const health = createHealth(described.map(({ typeName }) => typeName));
  const reflection = options.reflection ? createReflection([...described, health.service.service]) : [];
  const services = [...options.services, health.service, ...reflection];

  let state: ServingState = { serving: false, reasons: ["starting"] };
  const setState = (serving: boolean, reasons: readonly string[]) => {
    state = { serving, reasons };
    health.setServing(serving);
  };
  const serve: RequestListener = createHttpHandler({
    services,
    interceptors: [createServerInterceptor(chain), ...inner],
    limits,
    logger,
    metrics,
    state: () => state,
    pages: options.pages ?? {},
  });
  const onRequest = options.edge?.wrap(serve, chain) ?? serve;
  const grpc = createGrpcServer(services, { chain, interceptors: inner, limits, logger });
  let opened: Port;
  try {
    const onError = (error: Error) => logger.error({ err: error }, "a connection could not be accepted");
    opened = await openPort({
      host,
      port,
      limits,
      tls,
      onRequest,
      onHttp2: options.edge?.onHttp2 ?? grpc.accept,
      onUpgrade: options.edge?.upgrade?.(chain),
      onError,
    });
  } catch (error) {
    grpc.destroy();
    throw error;
  }

  let stopping: Promise<void> | undefined;
  return {
    address: opened.address,
    setServing(serving, reasons = ["not serving"]) {
      if (stopping === undefined) {
        setState(serving, reasons);
      }
    },
    stop(timeoutMs) {
      if (stopping === undefined) {
        setState(false, ["stopping"]);
        stopping = drain({ port: opened, grpc, calls, limits, logger, timeoutMs });
      }
      return stopping;
    },
  };
}

function guardsOf({ services, authorize }: RpcServerOptions): ReadonlyMap<DescMethod, MethodGuard> {
  const methods = authorize === undefined ? [] : services.flatMap(({ service }) => service.methods);
  return new Map(methods.map((method) => [method, authorize!(method)]));
}

async function drain(parts: {
  readonly port: Port;
  readonly grpc: GrpcServer;
  readonly calls: CallRegistry;
  readonly limits: RpcLimits;
  readonly logger: Logger;
  readonly timeoutMs: number;
}): Promise<void> {
  const { port, grpc, calls, limits, logger, timeoutMs } = parts;
  const graceMs = Math.min(limits.streamGraceMs, timeoutMs / 4);
  const timers: NodeJS.Timeout[] = [];
  const after = (delayMs: number, action: () => void) => timers.push(setTimeout(action, delayMs));

  const closed = port.drain();
  grpc.drain();
  after(graceMs, () => calls.endStreams(graceMs));
  after(Math.max(0, timeoutMs - flushMs), () => {
    logger.warn({ calls: calls.size }, `clients were still connected after ${timeoutMs} ms and are cut off`);
    calls.endAll();
  });
  after(timeoutMs, () => {
    grpc.destroy();
    port.destroy();
  });
  await closed;
  for (const timer of timers) {
    clearTimeout(timer);
  }
  grpc.destroy();
}
