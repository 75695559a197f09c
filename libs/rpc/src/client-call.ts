import {
  create,
  type DescMessage,
  type DescMethod,
  fromBinary,
  isMessage,
  type Message,
  type MessageInitShape,
  toBinary,
} from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { Metadata, type StatusObject } from "@grpc/grpc-js";
import { StatusSchema } from "@ordermesh/proto/google/rpc/status_pb";
import {
  type Span,
  SpanKind,
  SpanStatusCode,
  type Tracing,
  traceparentOf,
} from "@ordermesh/telemetry/tracing";
import type { RecordDuration } from "./call-durations.ts";
import { addHeaders, detailsKey, headersOf } from "./grpc-metadata.ts";
import { markUpstreamError } from "./upstream-error.ts";

/** How grpc-js calls one method. */
export interface ClientMethod {
  readonly method: DescMethod;
  readonly path: string;
  serialize(message: Message): Buffer;
  deserialize(bytes: Buffer): Message;
}

export function createClientMethod(method: DescMethod): ClientMethod {
  return {
    method,
    path: `/${method.parent.typeName}/${method.name}`,
    serialize(message) {
      const bytes = toBinary(method.input, message);
      return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    },
    // Fields of type bytes are views of what is parsed: of a plain array, as other transports give, not of a Buffer.
    deserialize: (bytes) =>
      fromBinary(method.output, new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)),
  };
}

/** One call that is being made: its deadline, its headers with the trace context, and what is recorded at its end. */
export interface ClientCall {
  readonly metadata: Metadata;
  /** Milliseconds since 1970; Infinity if there is none. */
  readonly deadline: number;
  /** Records the outcome. Only the first one counts. */
  end(error?: ConnectError): void;
}

/** What Connect's clients take as headers. */
export type HeaderInput = ConstructorParameters<typeof Headers>[0];

export interface ClientCallOptions {
  readonly tracing: Tracing;
  readonly recordDuration: RecordDuration;
  readonly defaultTimeoutMs: number;
}

/**
 * Gives the token of the service that calls: at once while it has a good one, else as soon as it has made one.
 */
export type Credentials = () => string | Promise<string>;

/**
 * The token to send with a call.
 *
 * @throws ConnectError UNAUTHENTICATED, or a promise that rejects with it, if there is none to be had.
 */
export function tokenFrom(credentials: Credentials | undefined): string | undefined | Promise<string> {
  try {
    const token = credentials?.();
    return token instanceof Promise ? token.catch(throwTokenless) : token;
  } catch (error) {
    return throwTokenless(error);
  }
}

function throwTokenless(cause: unknown): never {
  throw new ConnectError(
    "The caller could not make its own token: see its log.",
    Code.Unauthenticated,
    undefined,
    undefined,
    cause,
  );
}

/**
 * @param token sent as `authorization`, unless the headers have their own.
 * @throws ConnectError DEADLINE_EXCEEDED if there is no time left, INVALID_ARGUMENT for headers that gRPC cannot carry.
 */
export function beginCall(
  { method }: ClientMethod,
  timeoutMs: number | undefined,
  header: HeaderInput,
  token: string | undefined,
  options: ClientCallOptions,
): ClientCall {
  const headers = new Headers(header);
  const parent = headers.get("traceparent") ?? undefined;
  headers.delete("traceparent");
  const metadata = requestMetadata(headers);
  if (token !== undefined && !headers.has("authorization")) {
    metadata.set("authorization", `Bearer ${token}`);
  }
  const span = options.tracing.startSpan(`${method.parent.typeName}/${method.name}`, parent, {
    kind: SpanKind.CLIENT,
    attributes: { "rpc.system": "grpc", "rpc.service": method.parent.typeName, "rpc.method": method.name },
  });
  metadata.set("traceparent", traceparentOf(span));

  const startedMs = performance.now();
  let ended = false;
  const call: ClientCall = {
    metadata,
    deadline: deadlineOf(method, timeoutMs, options.defaultTimeoutMs),
    end(error) {
      if (!ended) {
        ended = true;
        options.recordDuration(method, error?.code, performance.now() - startedMs);
        endSpan(span, error);
      }
    },
  };
  if (call.deadline <= Date.now()) {
    const error = new ConnectError(
      "The call's deadline had passed before it was made.",
      Code.DeadlineExceeded,
    );
    call.end(error);
    throw error;
  }
  return call;
}

/** Every call has a deadline, but for a stream that was asked for with an infinite timeout: one that watches. */
function deadlineOf(method: DescMethod, timeoutMs: number | undefined, defaultTimeoutMs: number): number {
  if (timeoutMs === Number.POSITIVE_INFINITY && method.methodKind !== "unary") {
    return timeoutMs;
  }
  const given = timeoutMs !== undefined && Number.isFinite(timeoutMs) ? timeoutMs : defaultTimeoutMs;
  return Date.now() + given;
}

function requestMetadata(headers: Headers): Metadata {
  try {
    return addHeaders(new Metadata(), headers) ?? new Metadata();
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    throw new ConnectError(`A request header cannot be sent: ${problem}`, Code.InvalidArgument);
  }
}

function endSpan(span: Span, error: ConnectError | undefined): void {
  if (span.isRecording()) {
    span.setAttribute("rpc.grpc.status_code", error?.code ?? 0);
    if (error !== undefined) {
      span.setStatus({ code: SpanStatusCode.ERROR, message: error.rawMessage });
    }
  }
  span.end();
}

/** Fills in what a caller left out of a message. */
export function wholeMessage<Type extends DescMessage>(type: Type, message: MessageInitShape<Type>): Message {
  return isMessage(message, type) ? message : create(type, message);
}

/** The error of a call that ended with this status; undefined if it succeeded. */
export function errorOfStatus(status: StatusObject, header: Headers | undefined): ConnectError | undefined {
  if (status.code === 0) {
    return undefined;
  }
  const code: Code = status.code in Code ? (status.code as number) : Code.Unknown;
  const metadata = new Headers(header);
  headersOf(status.metadata).forEach((value, key) => {
    metadata.append(key, value);
  });
  metadata.delete(detailsKey);
  const error = new ConnectError(status.details, code, metadata);
  error.details = detailsOf(status.metadata);
  return markUpstreamError(error);
}

function detailsOf(metadata: Metadata): { type: string; value: Uint8Array }[] {
  const [bytes] = metadata.get(detailsKey);
  if (!Buffer.isBuffer(bytes)) {
    return [];
  }
  try {
    return fromBinary(StatusSchema, bytes).details.map(({ typeUrl, value }) => ({
      type: typeUrl.slice(typeUrl.lastIndexOf("/") + 1),
      value,
    }));
  } catch {
    // The error itself matters more than details that cannot be read.
    return [];
  }
}
