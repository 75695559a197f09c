import type { RequestReader } from "../wire/request-reader.ts";
import type { ResponseWriter } from "../wire/response-writer.ts";

export interface ApiRequest {
  readonly version: number;
  readonly clientId: string;
  /** At the first field after the header. */
  readonly reader: RequestReader;
  /** The address at which the client reached the broker. */
  readonly localAddress: string;
  readonly localPort: number;
  readonly remoteAddress: string;
  /** Aborted when the client is gone or the broker stops. */
  readonly signal: AbortSignal;
}

/** What the broker can do with one kind of request, in these versions. */
export interface Api {
  readonly key: number;
  readonly minVersion: number;
  readonly maxVersion: number;
  /**
   * Answers with the response after its header, or with nothing where the protocol has no response. What it throws
   * closes the connection.
   */
  handle(request: ApiRequest): ResponseWriter | undefined | Promise<ResponseWriter | undefined>;
}

/** No quota slows a client down: this is what responses have as their throttle time, in milliseconds. */
export const noThrottle = 0;
