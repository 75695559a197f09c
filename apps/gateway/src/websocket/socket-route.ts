import type {
  WatchSessionRequest,
  WatchSessionResponse,
} from "@ordermesh/proto/ordermesh/tables/v1/tables_pb";
import type { Answer } from "../rest/answer.ts";

/** One form in which sessions are watched over WebSocket. */
export interface SocketRoute {
  /** What a browser names in Sec-WebSocket-Protocol, beside its token. */
  readonly protocol: string;
  /** Whether one without a token is served: then the gateway asks with its own. */
  readonly isOpen: boolean;
  /**
   * What the address asks for; undefined if it is not of this form.
   *
   * @throws HttpProblem or Failure if it is, and can not be understood.
   */
  requestOf(path: string, query: string): WatchSessionRequest | undefined;
  /** Makes, for one connection, what turns messages into the texts to send; undefined: there is nothing to tell. */
  createEncoder(): (message: WatchSessionResponse) => string | undefined;
  /** How it is told, before the connection is upgraded, that it will not be. */
  refusalOf(error: unknown): Answer;
}
