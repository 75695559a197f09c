import { type CallOptions, type Client, createClient, type Transport } from "@connectrpc/connect";
import { pause } from "@ordermesh/process/wait";
import { CheckoutService } from "@ordermesh/proto/ordermesh/checkout/v1/checkout_pb";
import { LomsService } from "@ordermesh/proto/ordermesh/loms/v1/loms_pb";
import { PaymentsService } from "@ordermesh/proto/ordermesh/payments/v1/payments_pb";
import { type Tracing, traceparentOf } from "@ordermesh/telemetry/tracing";
import { userIdOf } from "../edge/callers.ts";
import type { Exchange, GatewayRoute } from "../exchange.ts";
import { type Answer, problemAnswer } from "../rest/answer.ts";
import { upstreamFailure } from "../upstream-failure.ts";
import type { UpstreamName } from "../upstreams.ts";

export interface ReplacedClients {
  readonly orders: Client<typeof LomsService>;
  /** Calls with the gateway's own token, for what a user may not do alone. */
  readonly ordersAsGateway: Client<typeof LomsService>;
  readonly carts: Client<typeof CheckoutService>;
  readonly payments: Client<typeof PaymentsService>;
}

export function createReplacedClients(
  transports: Readonly<Record<UpstreamName, Transport>>,
  lomsAsGateway: Transport,
): ReplacedClients {
  return {
    orders: createClient(LomsService, transports.loms),
    ordersAsGateway: createClient(LomsService, lomsAsGateway),
    carts: createClient(CheckoutService, transports.checkout),
    payments: createClient(PaymentsService, transports.payments),
  };
}

/** A request of a user to a route that takes several calls, all of them within one deadline. */
export interface UserCalls {
  readonly userId: bigint;
  /** What the user named the write, or a name of its own. */
  readonly writeKey: string | undefined;
  readonly traceId: string;
  /** Makes a call with the user's token. @throws Failure. */
  call<Result>(upstream: UpstreamName, make: (options: CallOptions) => Promise<Result>): Promise<Result>;
  /** Makes a call with the gateway's own token. */
  callAsGateway<Result>(
    upstream: UpstreamName,
    make: (options: CallOptions) => Promise<Result>,
  ): Promise<Result>;
  /** Waits before something is asked again. @returns false if there is no time left for that. */
  waitToAskAgain(): Promise<boolean>;
}

/** From one question to the next, where an answer takes a moment to come. */
const askEveryMs = 100;

/** What is kept back of the time, to answer in. */
const answerMs = 250;

/** Makes a route of a function that answers a user. Failures become problem documents. */
export function createUserRoutes(options: { readonly tracing: Tracing; readonly timeoutMs: number }) {
  return (
    name: string,
    recorded: boolean,
    answer: (calls: UserCalls, exchange: Exchange) => Promise<Answer>,
  ): GatewayRoute => ({
    recorded,
    async answer(exchange) {
      const { traceparent } = exchange.request.headers;
      const parent = typeof traceparent === "string" ? traceparent : undefined;
      const span = options.tracing.startSpan(name, parent);
      const { traceId } = span.spanContext();
      try {
        const deadlineAt = Date.now() + options.timeoutMs;
        return await answer(callsOf(exchange, traceparentOf(span), traceId, deadlineAt), exchange);
      } catch (error) {
        return problemAnswer(error, traceId);
      } finally {
        span.end();
      }
    },
  });
}

function callsOf(
  { caller, request, clientAddress }: Exchange,
  traceparent: string,
  traceId: string,
  deadlineAt: number,
): UserCalls {
  const { authorization } = request.headers;
  const key = request.headers["idempotency-key"];
  const remainingMs = () => Math.max(0, deadlineAt - Date.now());

  async function make<Result>(
    upstream: UpstreamName,
    headers: Record<string, string>,
    call: (options: CallOptions) => Promise<Result>,
  ): Promise<Result> {
    try {
      return await call({
        headers: { traceparent, "x-forwarded-for": clientAddress, ...headers },
        timeoutMs: remainingMs(),
      });
    } catch (error) {
      throw upstreamFailure(upstream, error);
    }
  }

  return {
    userId: userIdOf(caller),
    writeKey: typeof key === "string" && key !== "" ? key : undefined,
    traceId,
    call: (upstream, call) => make(upstream, authorization === undefined ? {} : { authorization }, call),
    callAsGateway: (upstream, call) => make(upstream, {}, call),
    async waitToAskAgain() {
      if (remainingMs() < askEveryMs + answerMs) {
        return false;
      }
      await pause(askEveryMs);
      return true;
    },
  };
}
