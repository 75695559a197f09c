import type { Transport } from "@connectrpc/connect";

/** Calls with a guest's token, whoever else is signed in at this browser. */
export function createGuestTransport(gatewayTransport: Transport, token: string): Transport {
  const withToken = (header: HeadersInit | undefined) => {
    const headers = new Headers(header);
    headers.set("authorization", `Bearer ${token}`);
    return headers;
  };
  return {
    unary: (method, signal, timeoutMs, header, input, contextValues) =>
      gatewayTransport.unary(method, signal, timeoutMs, withToken(header), input, contextValues),
    // Without a deadline: a stream ends when its reader does.
    stream: (method, signal, timeoutMs, header, input, contextValues) =>
      gatewayTransport.stream(method, signal, timeoutMs ?? 0, withToken(header), input, contextValues),
  };
}
