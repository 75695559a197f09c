import { create, type DescMethod, fromBinary, type Message, toBinary } from "@bufbuild/protobuf";
import { Code, ConnectError, type Interceptor, type MethodImplSpec } from "@connectrpc/connect";
import type { Metadata, ServerUnaryCall, StatusObject, sendUnaryData } from "@grpc/grpc-js";
import type { Logger } from "@ordermesh/telemetry/logger";
import { type ActiveCall, abortCall, clientEnded } from "./active-call.ts";
import { deadlineExceeded } from "./deadline.ts";
import { GrpcContext } from "./grpc-context.ts";
import { addHeaders, statusOf } from "./grpc-metadata.ts";
import type { RpcLimits } from "./limits.ts";
import { unreadableRequest } from "./request-body.ts";
import type { ServerChain } from "./server-chain.ts";

export interface BridgeOptions {
  readonly chain: ServerChain;
  /** Those of the service, which run inside the chain. */
  readonly interceptors: readonly Interceptor[];
  readonly limits: RpcLimits;
  readonly logger: Logger;
}

/** One method, ready to be served. */
export interface BridgedMethod {
  readonly method: DescMethod;
  readonly spec: MethodImplSpec;
  readonly options: BridgeOptions;
}

/** What all four kinds of grpc-js server calls have in common. */
export interface GrpcCall
  extends Pick<
    ServerUnaryCall<Buffer, Buffer>,
    "getDeadline" | "getHost" | "getPath" | "getPeer" | "getAuthContext"
  > {
  readonly metadata: Metadata;
  on(event: "cancelled", listener: () => void): unknown;
  sendMetadata(metadata: Metadata): void;
}

/** Makes the context of a call that grpc-js received. */
export function openCall(method: DescMethod, call: GrpcCall): GrpcContext {
  const deadline = call.getDeadline();
  const deadlineAt = typeof deadline === "number" ? deadline : deadline.getTime();
  const context = new GrpcContext(method, call, deadlineAt);
  const { active } = context;
  // grpc-js reports every call as cancelled once it is over; a finished one takes no notice.
  call.on("cancelled", () => {
    if (!active.finished) {
      abortCall(active, Date.now() >= deadlineAt ? deadlineExceeded() : clientEnded());
    }
  });
  return context;
}

/** @throws ConnectError INVALID_ARGUMENT for bytes that are not such a message. */
export function parseMessage(method: DescMethod, bytes: Buffer): Message {
  try {
    // Fields of type bytes are views of what is parsed: of a plain array, as over HTTP/1.1, and not of a Buffer.
    return fromBinary(method.input, new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  } catch (error) {
    throw unreadableRequest(method, error);
  }
}

/** An empty request, for a call whose chain will refuse it before anyone looks at it. */
export function emptyMessage(method: DescMethod): Message {
  return create(method.input);
}

/** @throws ConnectError RESOURCE_EXHAUSTED if it is too large. */
export function serializeMessage({ method, options }: BridgedMethod, message: Message): Buffer {
  const bytes = toBinary(method.output, message);
  const { maxMessageBytes } = options.limits;
  if (bytes.byteLength > maxMessageBytes) {
    throw new ConnectError(
      `The response has ${bytes.byteLength} bytes, but at most ${maxMessageBytes} may be sent. Ask for less at a time.`,
      Code.ResourceExhausted,
    );
  }
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Sends the response headers, if the handler set any: grpc-js sends its own before the first message. */
export function sendHeaders(call: GrpcCall, context: GrpcContext): void {
  if (context.sentHeader !== undefined) {
    const metadata = addHeaders(undefined, context.sentHeader);
    if (metadata !== undefined) {
      call.sendMetadata(metadata);
    }
  }
}

/** The trailers that the handler set, if any. */
export function trailersOf(context: GrpcContext): Metadata | undefined {
  return context.sentTrailer === undefined ? undefined : addHeaders(undefined, context.sentTrailer);
}

/** Sends the headers of a call that failed, unless they were sent, and gives the status that ends it. */
export function failCall(
  bridged: BridgedMethod,
  call: GrpcCall,
  context: GrpcContext,
  error: unknown,
): Partial<StatusObject> {
  try {
    const sent = error instanceof ConnectError ? error : unsendable(bridged, context.active, error);
    sendHeaders(call, context);
    return statusOf(sent, context.sentTrailer);
  } catch (headerError) {
    return statusOf(unsendable(bridged, context.active, headerError), undefined);
  }
}

/** What the handler gave cannot be put on the wire. The chain has finished by then, so it is logged here. */
export function unsendable(bridged: BridgedMethod, active: ActiveCall, error: unknown): ConnectError {
  const rpc = `${bridged.method.parent.typeName}/${bridged.method.name}`;
  bridged.options.logger.error({ err: error, rpc, trace_id: active.traceId }, "the response cannot be sent");
  return error instanceof ConnectError ? error : new ConnectError("internal error", Code.Internal);
}

/** Sends the one response of a call, or the error that keeps it from being sent. */
export function sendAnswer(
  bridged: BridgedMethod,
  call: GrpcCall,
  context: GrpcContext,
  response: Message,
  callback: sendUnaryData<Buffer>,
): void {
  try {
    const bytes = serializeMessage(bridged, response);
    const trailers = trailersOf(context);
    sendHeaders(call, context);
    callback(null, bytes, trailers);
  } catch (error) {
    callback(failCall(bridged, call, context, unsendable(bridged, context.active, error)));
  }
}
