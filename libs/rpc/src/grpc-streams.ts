import type { Readable, Writable } from "node:stream";
import { setTimeout as pause } from "node:timers/promises";
import type { Message } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { createAsyncIterable, transformInvokeImplementation } from "@connectrpc/connect/protocol";
import type {
  ServerDuplexStream,
  ServerReadableStream,
  ServerWritableStream,
  sendUnaryData,
  UntypedHandleCall,
} from "@grpc/grpc-js";
import { abortCall, clientEnded } from "./active-call.ts";
import { internalError } from "./failure-mapping.ts";
import {
  type BridgedMethod,
  failCall,
  openCall,
  parseMessage,
  sendAnswer,
  sendHeaders,
  serializeMessage,
  trailersOf,
} from "./grpc-call.ts";
import type { GrpcContext } from "./grpc-context.ts";
import { createServerInterceptor } from "./server-interceptor.ts";

/** A grpc-js call that receives many messages. */
type CancellableInput = Readable & { readonly cancelled: boolean };

/** A grpc-js call that sends many messages. */
type MessageSink = ServerWritableStream<Buffer, Buffer> | ServerDuplexStream<Buffer, Buffer>;

/** How long after the end of a client's stream its reset may come. The two are sent in one go. */
const resetGraceMs = 20;

type Invoke = (context: GrpcContext, input: AsyncIterable<Message>) => AsyncIterable<Message>;

/** Serves a method that streams in one direction or in both. */
export function streamHandler(bridged: BridgedMethod): UntypedHandleCall {
  const { spec, options } = bridged;
  const interceptors = [createServerInterceptor(options.chain), ...options.interceptors];
  const invoke: Invoke = (context, input) =>
    transformInvokeImplementation(spec, context.toPlain(), interceptors)(input);
  switch (spec.kind) {
    case "client_streaming":
      return (call: ServerReadableStream<Buffer, Buffer>, callback: sendUnaryData<Buffer>) => {
        void answerOnce(bridged, call, callback, invoke);
      };
    case "server_streaming":
      return (call: ServerWritableStream<Buffer, Buffer>) => {
        void answerMany(bridged, call, requestOf(bridged, call.request), invoke);
      };
    default:
      return (call: ServerDuplexStream<Buffer, Buffer>) => {
        void answerMany(bridged, call, requestsOf(bridged, call), invoke);
      };
  }
}

async function answerOnce(
  bridged: BridgedMethod,
  call: ServerReadableStream<Buffer, Buffer>,
  callback: sendUnaryData<Buffer>,
  invoke: Invoke,
): Promise<void> {
  const context = openCall(bridged.method, call);
  let response: Message | undefined;
  try {
    for await (const message of invoke(context, requestsOf(bridged, call))) {
      response = message;
    }
    if (response === undefined) {
      throw new Error("the handler gave no response");
    }
  } catch (error) {
    callback(failCall(bridged, call, context, error));
    return;
  }
  sendAnswer(bridged, call, context, response, callback);
}

async function answerMany(
  bridged: BridgedMethod,
  call: MessageSink,
  input: AsyncIterable<Message>,
  invoke: Invoke,
): Promise<void> {
  const context = openCall(bridged.method, call);
  let headersSent = false;
  try {
    for await (const message of invoke(context, input)) {
      if (!headersSent) {
        headersSent = true;
        sendHeaders(call, context);
      }
      if (!call.write(serializeOrAbort(bridged, context, message))) {
        await drained(bridged, call, context);
      }
    }
    if (!headersSent) {
      sendHeaders(call, context);
    }
    call.end(trailersOf(context));
  } catch (error) {
    // grpc-js ends the stream with the status that it finds in an error event.
    call.emit("error", failCall(bridged, call, context, error));
  }
}

/** The chain still waits for its message to be taken: it is told what came of it. */
function serializeOrAbort(bridged: BridgedMethod, context: GrpcContext, message: Message): Buffer {
  try {
    return serializeMessage(bridged, message);
  } catch (error) {
    const sent = error instanceof ConnectError ? error : internalError(error, context.active.traceId);
    abortCall(context.active, sent);
    throw sent;
  }
}

function requestOf(bridged: BridgedMethod, bytes: Buffer): AsyncIterable<Message> {
  try {
    return createAsyncIterable([parseMessage(bridged.method, bytes)]);
  } catch (error) {
    return failing(error);
  }
}

// biome-ignore lint/correctness/useYield: it is an iterable because its consumer awaits one, and all it does is fail.
async function* failing(error: unknown): AsyncIterable<never> {
  throw error;
}

async function* requestsOf(bridged: BridgedMethod, call: CancellableInput): AsyncIterable<Message> {
  // Destroying the stream with the iterator would end the response as well: both are one object.
  for await (const bytes of call.iterator({ destroyOnReturn: false })) {
    yield parseMessage(bridged.method, bytes);
  }
  // Node's HTTP/2 clients cancel by sending the end of the stream and right behind it the reset. A handler that saw only
  // the former would take half of a stream for the whole, so that the end is believed a moment later.
  await pause(resetGraceMs);
  if (call.cancelled) {
    throw clientEnded();
  }
}

/** Waits until the client has read enough, has gone, or has read nothing for too long. */
function drained(bridged: BridgedMethod, call: Writable, context: GrpcContext): Promise<void> {
  if (call.destroyed) {
    return Promise.resolve();
  }
  const { signal } = context;
  return new Promise((resolve) => {
    const stalled = () => {
      const message = "The stream was ended because its client read nothing for too long. Connect again.";
      abortCall(context.active, new ConnectError(message, Code.Unavailable));
      done();
    };
    const timer = setTimeout(stalled, bridged.options.limits.stalledStreamTimeoutMs);
    const done = () => {
      clearTimeout(timer);
      call.off("drain", done);
      call.off("close", done);
      signal.removeEventListener("abort", done);
      resolve();
    };
    call.once("drain", done);
    call.once("close", done);
    signal.addEventListener("abort", done);
  });
}
