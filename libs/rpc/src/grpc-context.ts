import type { DescMethod, DescService } from "@bufbuild/protobuf";
import { type ContextValues, createContextValues, type HandlerContext } from "@connectrpc/connect";
import type { Metadata, ServerUnaryCall } from "@grpc/grpc-js";
import { type ActiveCall, activeCallKey, createActiveCall, signalOf } from "./active-call.ts";
import type { CallOrigin } from "./authorization.ts";
import { headersOf } from "./grpc-metadata.ts";
import { hostOf, namesOf } from "./peer.ts";

/** What this needs of a call that grpc-js received. */
interface ReceivedCall
  extends Pick<ServerUnaryCall<Buffer, Buffer>, "getHost" | "getPath" | "getPeer" | "getAuthContext"> {
  readonly metadata: Metadata;
}

/**
 * The context of a call over gRPC. It is a class, and its parts are made when they are asked for, because most handlers
 * ask for none: three Headers and an abort signal for each call cost a fifth of what serving it costs.
 */
export class GrpcContext implements HandlerContext, CallOrigin {
  readonly method: DescMethod;
  readonly active: ActiveCall;
  readonly requestMethod = "POST";
  readonly protocolName = "grpc";
  /** The response headers and trailers, if anyone asked for them. */
  sentHeader: Headers | undefined = undefined;
  sentTrailer: Headers | undefined = undefined;
  readonly #call: ReceivedCall;
  #requestHeader: Headers | undefined = undefined;
  #values: ContextValues | undefined = undefined;

  /** @param deadlineAt milliseconds since 1970; grpc-js watches it. */
  constructor(method: DescMethod, call: ReceivedCall, deadlineAt: number) {
    this.method = method;
    this.#call = call;
    this.active = createActiveCall(method.methodKind, this, deadlineAt, true);
  }

  get traceparent(): string | null {
    return this.#single("traceparent");
  }

  get authorization(): string | null {
    return this.#single("authorization");
  }

  peerAddress(): string {
    return hostOf(this.#call.getPeer());
  }

  certificateNames(): readonly string[] | undefined {
    // Empty unless the certificate was verified.
    const { sslPeerCertificate } = this.#call.getAuthContext();
    return sslPeerCertificate === undefined ? undefined : namesOf(sslPeerCertificate);
  }

  #single(key: string): string | null {
    const values = this.#call.metadata.get(key);
    return values.length === 1 && typeof values[0] === "string" ? values[0] : null;
  }

  get service(): DescService {
    return this.method.parent;
  }

  get signal(): AbortSignal {
    return signalOf(this.active);
  }

  get requestHeader(): Headers {
    this.#requestHeader ??= headersOf(this.#call.metadata);
    return this.#requestHeader;
  }

  get responseHeader(): Headers {
    this.sentHeader ??= new Headers();
    return this.sentHeader;
  }

  get responseTrailer(): Headers {
    this.sentTrailer ??= new Headers();
    return this.sentTrailer;
  }

  get values(): ContextValues {
    this.#values ??= createContextValues().set(activeCallKey, this.active);
    return this.#values;
  }

  get url(): string {
    return `http://${this.#call.getHost()}${this.#call.getPath()}`;
  }

  timeoutMs(): number | undefined {
    const { deadlineAt } = this.active;
    return deadlineAt === Number.POSITIVE_INFINITY ? undefined : deadlineAt - Date.now();
  }

  /** The same as plain data, for Connect's own functions, which copy a context. */
  toPlain(): HandlerContext {
    return {
      method: this.method,
      service: this.service,
      signal: this.signal,
      timeoutMs: () => this.timeoutMs(),
      requestMethod: this.requestMethod,
      requestHeader: this.requestHeader,
      responseHeader: this.responseHeader,
      responseTrailer: this.responseTrailer,
      protocolName: this.protocolName,
      values: this.values,
      url: this.url,
    };
  }
}
