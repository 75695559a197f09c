import type { IncomingMessage, ServerResponse } from "node:http";
import type { Caller } from "./edge/callers.ts";
import type { Answer } from "./rest/answer.ts";

/** One HTTP request on its way through the gateway. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Percent-decoded, by the names in the route's path. */
  readonly variables: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  /** Whole; empty for GET and HEAD. */
  readonly body: Buffer;
  readonly caller: Caller;
  readonly clientAddress: string;
  /** Names the write, if its caller did so and the answer is to be kept. */
  readonly idempotencyKey: string | undefined;
}

/** Where a method and a path lead. */
export interface GatewayRoute {
  /**
   * Whether answers are kept for a caller that names its write. Not where the request or the answer holds a secret, not
   * even as a hash under a key.
   */
  readonly recorded: boolean;
  /** @returns undefined if it has answered itself. */
  answer(exchange: Exchange): Promise<Answer | undefined>;
}
