import type { Message } from "@bufbuild/protobuf";
import {
  Code,
  ConnectError,
  type Interceptor,
  type StreamRequest,
  type UnaryRequest,
} from "@connectrpc/connect";
import {
  type ActiveCall,
  abortCall,
  activeCallKey,
  clientEnded,
  createActiveCall,
  signalOf,
} from "./active-call.ts";
import type { CallOrigin } from "./authorization.ts";
import { clientDeadlineAt } from "./deadline.ts";
import { addressOf, certificateNamesOf, socketKey } from "./peer.ts";
import type { ServerChain } from "./server-chain.ts";

/** The chain as an interceptor of Connect: the outermost one. */
export function createServerInterceptor(chain: ServerChain): Interceptor {
  return (next) => async (request) => {
    const known = request.contextValues.get(activeCallKey);
    const call = known ?? adoptCall(request);
    // The gRPC side has given the request the call's signal already.
    const own = known === undefined ? { ...request, signal: signalOf(call) } : request;
    if (!own.stream) {
      return chain.unary(call, own.method, own.message, () => next(own));
    }
    let response: Awaited<ReturnType<typeof next>> | undefined;
    const message = await chain.stream(call, own.method, own.message, async (checked) => {
      response = await next({ ...own, message: checked });
      return messagesOf(response.message);
    });
    // The chain fails unless `next` has answered.
    return { ...(response as typeof response & object), message } as Awaited<ReturnType<typeof next>>;
  };
}

function messagesOf(message: Message | AsyncIterable<Message>): AsyncIterable<Message> {
  if (Symbol.asyncIterator in message) {
    return message;
  }
  throw new Error("an interceptor answered a stream with one message");
}

/** Makes the call for a request that came over HTTP/1.1, where Connect watches the client's deadline itself. */
function adoptCall(request: UnaryRequest | StreamRequest): ActiveCall {
  const call = createActiveCall(
    request.method.methodKind,
    originOf(request),
    clientDeadlineAt(request.header),
    true,
  );
  request.contextValues.set(activeCallKey, call);
  const { signal } = request;
  const onAbort = () => abortCall(call, abortReasonOf(signal));
  if (signal.aborted) {
    onAbort();
  } else {
    signal.addEventListener("abort", onAbort, { once: true });
  }
  return call;
}

function originOf({ header, contextValues }: UnaryRequest | StreamRequest): CallOrigin {
  return {
    traceparent: header.get("traceparent"),
    authorization: header.get("authorization"),
    peerAddress: () => addressOf(contextValues.get(socketKey)),
    certificateNames: () => certificateNamesOf(contextValues.get(socketKey)),
  };
}

function abortReasonOf(signal: AbortSignal): ConnectError {
  return signal.reason instanceof ConnectError && signal.reason.code === Code.DeadlineExceeded
    ? signal.reason
    : clientEnded();
}
