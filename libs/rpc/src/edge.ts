import type { RequestListener } from "node:http";
import type { Socket } from "node:net";
import type { ServerChain } from "./server-chain.ts";
import type { UpgradeListener } from "./upgrades.ts";

/** What a server needs to stand between clients that nobody knows and the services that do the work. */
export interface RpcEdge {
  /**
   * Makes the listener of every HTTP/1.1 request.
   *
   * @param next serves RPCs, pages, health and metrics.
   * @param chain what RPCs pass through: calls that are made of requests in another form pass through it as well.
   */
  readonly wrap: (next: RequestListener, chain: ServerChain) => RequestListener;
  /**
   * Makes the listener of requests for WebSocket. A server that stops waits for their connections as for any other: it
   * ends the streams of the chain, and the listener has to close the connections with them.
   */
  readonly upgrade?: (chain: ServerChain) => UpgradeListener;
  /** Gets the connections that speak HTTP/2, which then carry no gRPC. */
  readonly onHttp2: (socket: Socket) => void;
}
