import type {
  DescMessage,
  DescMethod,
  DescMethodStreaming,
  DescMethodUnary,
  DescService,
  Message,
  MessageInitShape,
} from "@bufbuild/protobuf";
import {
  Code,
  ConnectError,
  type StreamResponse,
  type Transport,
  type UnaryResponse,
} from "@connectrpc/connect";
import type { Client, ClientUnaryCall, Metadata, StatusObject } from "@grpc/grpc-js";
import type { Tracing } from "@ordermesh/telemetry/tracing";
import type { Registry } from "prom-client";
import { createCallDurations } from "./call-durations.ts";
import {
  beginCall,
  type ClientCall,
  type ClientCallOptions,
  type ClientMethod,
  type Credentials,
  createClientMethod,
  errorOfStatus,
  type HeaderInput,
  tokenFrom,
  wholeMessage,
} from "./client-call.ts";
import { type ClientTls, openChannels } from "./client-channels.ts";
import { callStream } from "./client-stream.ts";
import { headersOf } from "./grpc-metadata.ts";

export interface GrpcTransportOptions {
  /** "host:port", or several with commas between. A host name is balanced over all its addresses. */
  readonly address: string;
  /** The services that will be called: their contracts say which methods may be retried. */
  readonly services: readonly DescService[];
  readonly metrics: Registry;
  readonly tracing: Tracing;
  /** Deadline of a call that is made without one. */
  readonly defaultTimeoutMs: number;
  readonly tls?: ClientTls;
  /** Who calls: its token goes with each call that has no `authorization` header of its own. */
  readonly credentials?: Credentials;
  /** Connections to each address. More than one helps when hundreds of calls are in flight at the same time. */
  readonly channels?: number;
}

export interface GrpcTransport {
  readonly transport: Transport;
  close(): void;
}

/**
 * Makes a Connect transport that calls over grpc-js: `createClient(Service, transport)` gives a typed client.
 *
 * - A call without `timeoutMs` gets the default one. A stream that shall not end is called with `timeoutMs: Infinity`;
 *   0 or less means that the time is over. Pass on `callOf(context).remainingMs()`.
 * - The trace continues from a `traceparent` in the call's headers.
 * - While no server can be reached a call fails with UNAVAILABLE at once. Methods that the contract calls idempotent or
 *   free of side effects are then tried up to three times.
 * - Connect's clients do not tell the transport that a `for await` loop was left: end a stream with a signal.
 */
export function createGrpcTransport(options: GrpcTransportOptions): GrpcTransport {
  const { address, services, metrics, tracing, defaultTimeoutMs, tls, credentials, channels = 1 } = options;
  const clients = openChannels({ address, services, tls, channels });
  const recordDuration = createCallDurations(
    metrics,
    "ordermesh_rpc_client_duration_seconds",
    "Time from a call being made to its end, retries included, by method and gRPC code.",
  );
  const callOptions: ClientCallOptions = { tracing, recordDuration, defaultTimeoutMs };
  const methods = new Map<DescMethod, ClientMethod>();
  for (const method of services.flatMap((service) => service.methods)) {
    methods.set(method, createClientMethod(method));
  }
  const methodOf = (method: DescMethod) => methods.get(method) ?? createClientMethod(method);

  const transport: Transport = {
    async unary<I extends DescMessage, O extends DescMessage>(
      method: DescMethodUnary<I, O>,
      signal: AbortSignal | undefined,
      timeoutMs: number | undefined,
      header: HeaderInput,
      input: MessageInitShape<I>,
    ): Promise<UnaryResponse<I, O>> {
      const clientMethod = methodOf(method);
      const known = tokenFrom(credentials);
      const token = known instanceof Promise ? await known : known;
      const call = beginCall(clientMethod, timeoutMs, header, token, callOptions);
      const answer = await callUnary(
        clients.next(),
        clientMethod,
        call,
        wholeMessage(method.input, input),
        signal,
      );
      return { stream: false, service: method.parent, method, ...answer } as UnaryResponse<I, O>;
    },
    async stream<I extends DescMessage, O extends DescMessage>(
      method: DescMethodStreaming<I, O>,
      signal: AbortSignal | undefined,
      timeoutMs: number | undefined,
      header: HeaderInput,
      input: AsyncIterable<MessageInitShape<I>>,
    ): Promise<StreamResponse<I, O>> {
      const clientMethod = methodOf(method);
      const known = tokenFrom(credentials);
      const token = known instanceof Promise ? await known : known;
      const call = beginCall(clientMethod, timeoutMs, header, token, callOptions);
      const answer = await callStream(clients.next(), clientMethod, call, input, signal);
      return { stream: true, service: method.parent, method, ...answer } as StreamResponse<I, O>;
    },
  };
  return { transport, close: () => clients.close() };
}

function callUnary(
  client: Client,
  clientMethod: ClientMethod,
  call: ClientCall,
  message: Message,
  signal: AbortSignal | undefined,
): Promise<{ message: Message; header: Headers; trailer: Headers }> {
  return new Promise((resolve, reject) => {
    let header: Headers | undefined;
    let response: Message | undefined;
    const onAbort = () => grpcCall?.cancel();
    const finish = (error: ConnectError | undefined, trailer: Headers) => {
      signal?.removeEventListener("abort", onAbort);
      call.end(error);
      if (error === undefined) {
        resolve({ message: response as Message, header: header ?? new Headers(), trailer });
      } else {
        reject(error);
      }
    };
    const refuse = (error: ConnectError) => finish(error, new Headers());

    let grpcCall: ClientUnaryCall | undefined;
    if (signal?.aborted) {
      refuse(canceled());
      return;
    }
    try {
      const { path, serialize, deserialize } = clientMethod;
      const { metadata, deadline } = call;
      grpcCall = client.makeUnaryRequest(
        path,
        serialize,
        deserialize,
        message,
        metadata,
        { deadline },
        (_, value) => {
          response = value;
        },
      );
    } catch (error) {
      refuse(new ConnectError("The client is closed.", Code.Unavailable, undefined, undefined, error));
      return;
    }
    grpcCall.on("metadata", (metadata: Metadata) => {
      header = headersOf(metadata);
    });
    // The status comes last, with the trailers.
    grpcCall.on("status", (status: StatusObject) => {
      const missing = status.code === 0 && response === undefined;
      const error = missing
        ? new ConnectError("The server sent no message.", Code.Internal)
        : errorOfStatus(status, header);
      finish(error, headersOf(status.metadata));
    });
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}

function canceled(): ConnectError {
  return new ConnectError("The call was canceled before it was made.", Code.Canceled);
}
