import type { DescMessage, Message, MessageInitShape } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import type { Client, ClientDuplexStream, Metadata, StatusObject } from "@grpc/grpc-js";
import { type ClientCall, type ClientMethod, errorOfStatus, wholeMessage } from "./client-call.ts";
import { headersOf } from "./grpc-metadata.ts";

interface StreamAnswer {
  readonly message: AsyncIterable<Message>;
  readonly header: Headers;
  /** Filled when the stream has ended. */
  readonly trailer: Headers;
}

type GrpcStream = ClientDuplexStream<Message, Message>;

/**
 * Makes a call that streams in one direction or in both; on the wire all three are the same. Resolves when the response
 * headers are there. Never rejects: an error comes when the messages are read, so that one which nobody reads does not
 * become an unhandled rejection.
 */
export function callStream(
  client: Client,
  clientMethod: ClientMethod,
  call: ClientCall,
  input: AsyncIterable<MessageInitShape<DescMessage>>,
  signal: AbortSignal | undefined,
): Promise<StreamAnswer> {
  const { path, serialize, deserialize } = clientMethod;
  let stream: GrpcStream;
  try {
    if (signal?.aborted) {
      throw new ConnectError("The call was canceled before it was made.", Code.Canceled);
    }
    stream = client.makeBidiStreamRequest(path, serialize, deserialize, call.metadata, {
      deadline: call.deadline,
    });
  } catch (error) {
    const closed = new ConnectError("The client is closed.", Code.Unavailable, undefined, undefined, error);
    const reason = error instanceof ConnectError ? error : closed;
    call.end(reason);
    return Promise.resolve({ message: failing(reason), header: new Headers(), trailer: new Headers() });
  }

  const sending = sendAll(stream, clientMethod, input);
  return new Promise((resolve) => {
    const trailer = new Headers();
    let header: Headers | undefined;
    const received = receive(stream, call);
    const open = (received_: Headers) => {
      header = received_;
      resolve({ message: received.messages, header, trailer });
    };
    const onAbort = () => stream.cancel();
    signal?.addEventListener("abort", onAbort, { once: true });
    stream.on("metadata", (metadata: Metadata) => open(headersOf(metadata)));
    stream.on("status", (status: StatusObject) => {
      signal?.removeEventListener("abort", onAbort);
      headersOf(status.metadata).forEach((value, key) => {
        trailer.append(key, value);
      });
      received.end(sending.problem() ?? errorOfStatus(status, header));
      sending.stop();
      open(header ?? new Headers());
    });
    // The status says the same; without a listener the event would end the process.
    stream.on("error", () => undefined);
  });
}

// biome-ignore lint/correctness/useYield: it is an iterable because its consumer awaits one, and all it does is fail.
async function* failing(error: ConnectError): AsyncIterable<never> {
  throw error;
}

/** Sends the messages as fast as the server takes them. */
function sendAll(
  stream: GrpcStream,
  { method }: ClientMethod,
  input: AsyncIterable<MessageInitShape<DescMessage>>,
) {
  const iterator = input[Symbol.asyncIterator]();
  let problem: ConnectError | undefined;
  let stopped = false;
  let wake: (() => void) | undefined;
  stream.on("drain", () => wake?.());

  async function send(): Promise<void> {
    try {
      for (let next = await iterator.next(); !stopped && next.done !== true; next = await iterator.next()) {
        if (!stream.write(wholeMessage(method.input, next.value))) {
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        }
      }
      stream.end();
    } catch (error) {
      problem = ConnectError.from(error, Code.Canceled);
      stream.cancel();
    }
  }
  void send();
  return {
    /** What went wrong with the caller's own messages, if that is why the call ended. */
    problem: () => problem,
    stop() {
      stopped = true;
      wake?.();
      iterator.return?.().catch(() => undefined);
    },
  };
}

/** The messages as they come. Leaving the loop over them, or throwing in it, cancels the call. */
function receive(stream: GrpcStream, call: ClientCall) {
  let ended: { error: ConnectError | undefined } | undefined;
  let wake: (() => void) | undefined;
  stream.on("readable", () => wake?.());

  async function next(): Promise<IteratorResult<Message>> {
    for (;;) {
      // Messages are read before the end, which can be known earlier.
      const message: Message | null = stream.read();
      if (message !== null) {
        return { done: false, value: message };
      }
      if (ended !== undefined) {
        if (ended.error !== undefined) {
          throw ended.error;
        }
        return { done: true, value: undefined };
      }
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  }

  function leave(): Promise<IteratorResult<Message>> {
    stream.cancel();
    return Promise.resolve({ done: true, value: undefined });
  }

  const iterator: AsyncIterator<Message> = { next, return: leave, throw: leave };
  return {
    messages: { [Symbol.asyncIterator]: () => iterator },
    end(error: ConnectError | undefined) {
      ended = { error };
      call.end(error);
      wake?.();
    },
  };
}
