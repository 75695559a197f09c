import { Code, ConnectError, type Transport } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-web";
import { randomHex } from "../random-text.ts";
import type { Session } from "./session.ts";
import { traceIdHeader } from "./trace-header.ts";
import { unreachableOf } from "./unreachable.ts";

const unaryTimeoutMs = 20_000;

/** Speaks to the gateway that served the page. Each call begins a trace, whose id an error keeps. */
export function createGatewayTransport(): Transport {
  return createConnectTransport({
    baseUrl: window.location.origin,
    useBinaryFormat: true,
    defaultTimeoutMs: unaryTimeoutMs,
    interceptors: [
      (next) => async (request) => {
        const traceId = randomHex(32);
        request.header.set("traceparent", `00-${traceId}-${randomHex(16)}-01`);
        try {
          return await next(request);
        } catch (error) {
          const failure = unreachableOf(error) ?? ConnectError.from(error);
          failure.metadata.set(traceIdHeader, traceId);
          throw failure;
        }
      },
    ],
  });
}

/**
 * Calls with the token of whoever is signed in. A refused token is renewed once; if the session is over, the call waits
 * until the person has signed in again, and goes out as it was, with the same idempotency key.
 */
export function createPageTransport(gatewayTransport: Transport, session: Session): Transport {
  const withToken = async (header: HeadersInit | undefined, token: string | undefined) => {
    const headers = new Headers(header);
    // A guest at a table brings a token of his or her own.
    if (token !== undefined && !headers.has("authorization")) {
      headers.set("authorization", `Bearer ${token}`);
    }
    return headers;
  };

  async function attempt<Result>(
    header: HeadersInit | undefined,
    signal: AbortSignal | undefined,
    call: (header: Headers) => Promise<Result>,
  ): Promise<Result> {
    const token = await session.accessToken();
    try {
      return await call(await withToken(header, token));
    } catch (error) {
      const isOwn = token !== undefined && !new Headers(header).has("authorization");
      if (!isOwn || ConnectError.from(error).code !== Code.Unauthenticated) {
        throw error;
      }
      const renewed = await session.renew(token);
      if (renewed === undefined && !(await session.untilSignedInAgain(signal))) {
        throw error;
      }
      return await call(await withToken(header, renewed ?? (await session.accessToken())));
    }
  }

  return {
    unary: (method, signal, timeoutMs, header, input, contextValues) =>
      attempt(header, signal, (headers) =>
        gatewayTransport.unary(method, signal, timeoutMs, headers, input, contextValues),
      ),
    // Without a deadline: a stream ends when its reader does.
    stream: (method, signal, timeoutMs, header, input, contextValues) =>
      attempt(header, signal, (headers) =>
        gatewayTransport.stream(method, signal, timeoutMs ?? 0, headers, input, contextValues),
      ),
  };
}
