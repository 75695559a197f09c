import type { IncomingMessage } from "node:http";
import { Code, ConnectError } from "@connectrpc/connect";
import {
  TablesService,
  type WatchSessionRequest,
  type WatchSessionResponse,
} from "@ordermesh/proto/ordermesh/tables/v1/tables_pb";
import { abortCall, clientEnded, createActiveCall } from "@ordermesh/rpc/active-call";
import type { ServerChain } from "@ordermesh/rpc/server-chain";
import { originOf, viewOf } from "../rpc/call-view.ts";
import { single } from "../rpc/proxy-service.ts";
import type { PassedOn, Upstreams } from "../upstreams.ts";

/** A stream of WatchSession whose first message has come. */
export interface SessionStream {
  /** It may be the end: of a session that is closed, whose last message the caller has seen. */
  readonly first: IteratorResult<WatchSessionResponse>;
  /** What follows. Fails with a ConnectError. */
  readonly messages: AsyncIterator<WatchSessionResponse>;
  /** Whether this gateway is ending its streams. */
  isStopping(): boolean;
}

/** @throws ConnectError why there is none. */
export type OpenSessionStream = (opening: {
  readonly watch: WatchSessionRequest;
  readonly passedOn: PassedOn;
  /** Calls with the gateway's own token. */
  readonly asGateway: boolean;
  /** When its connection closes, the stream ends. */
  readonly request: IncomingMessage;
}) => Promise<SessionStream>;

/** Such a stream passes through the same chain as RPCs: it has the same metrics, logs and drain. */
export function createSessionStreams(options: {
  readonly chain: ServerChain;
  readonly upstreams: Upstreams;
  readonly upstreamsAsGateway: Upstreams;
  /** How long a stream may take to its first message. */
  readonly firstMessageTimeoutMs: number;
}): OpenSessionStream {
  const { chain, firstMessageTimeoutMs } = options;
  const method = TablesService.method.watchSession;

  return async ({ watch, passedOn, asGateway, request }) => {
    const upstreams = asGateway ? options.upstreamsAsGateway : options.upstreams;
    const origin = originOf(request, passedOn.authorization);
    const active = createActiveCall(method.methodKind, origin, Number.POSITIVE_INFINITY, false);
    const onClose = () => abortCall(active, clientEnded());
    request.socket.once("close", onClose);
    const late = setTimeout(
      () => abortCall(active, new ConnectError("There was no answer in time.", Code.DeadlineExceeded)),
      firstMessageTimeoutMs,
    );
    try {
      const stream = await chain.stream(active, method, single(watch), async (checked) =>
        upstreams.serverStream(method, checked, viewOf(active), passedOn),
      );
      // The method is the one whose messages these are.
      const messages = stream[Symbol.asyncIterator]() as AsyncIterator<WatchSessionResponse>;
      const first = await messages.next();
      return { first, messages, isStopping: () => active.abortReason?.code === Code.Unavailable };
    } catch (error) {
      request.socket.off("close", onClose);
      throw error;
    } finally {
      clearTimeout(late);
    }
  };
}
