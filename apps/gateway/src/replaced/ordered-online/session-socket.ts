import { create } from "@bufbuild/protobuf";
import { ConnectError } from "@connectrpc/connect";
import type { TableSession } from "@ordermesh/proto/ordermesh/tables/v1/session_pb";
import {
  type SessionChange,
  type WatchSessionRequest,
  WatchSessionRequestSchema,
  type WatchSessionResponse,
} from "@ordermesh/proto/ordermesh/tables/v1/tables_pb";
import { failureFromRpc } from "@ordermesh/rpc/upstream-failure";
import { problemAnswer } from "../../rest/answer.ts";
import type { SocketRoute } from "../../websocket/socket-route.ts";
import { refusalAnswer, sessionNotFound } from "./reasons.ts";
import { sessionShape } from "./session-shape.ts";

/**
 * `/ws/session/{code}/`, with a slash at the end: first the session, then `{"session"}` each time that it looks different in
 * ordered-online's shape. Its clients can not resume: whoever connects again gets the session as it is then.
 */
export function createOrderedOnlineSocket(isOpen: boolean): SocketRoute {
  return {
    protocol: "ordered-online",
    isOpen,
    requestOf(path) {
      const segment = /^\/ws\/session\/([^/]+)\/$/.exec(path)?.[1];
      return segment === undefined ? undefined : requestOf(segment);
    },
    createEncoder: createSessionEncoder,
    refusalOf(error) {
      const failure = error instanceof ConnectError ? failureFromRpc(error) : error;
      const { status } = problemAnswer(failure);
      return refusalAnswer(status === 404 || status === 400 ? sessionNotFound(failure) : failure);
    },
  };
}

/** What is no code finds no session. */
function requestOf(code: string): WatchSessionRequest {
  return create(WatchSessionRequestSchema, { code: /^[A-Za-z0-9]{1,20}$/.test(code) ? code : "-" });
}

/** Keeps the session as it was told last, because that system sent it whole each time. */
export function createSessionEncoder(): (message: WatchSessionResponse) => string | undefined {
  let session: TableSession | undefined;
  let told = "";
  return ({ update }) => {
    if (update.case === "session") {
      session = update.value;
    } else if (update.case === "change" && session !== undefined) {
      apply(session, update.value);
    }
    if (session === undefined) {
      return undefined;
    }
    const text = JSON.stringify(sessionShape(session));
    const isFirst = told === "";
    if (text === told) {
      return undefined;
    }
    told = text;
    return isFirst ? text : `{"session":${text}}`;
  };
}

function apply(session: TableSession, { what }: SessionChange): void {
  if (what.case === "order") {
    const order = what.value;
    const index = session.orders.findIndex(({ orderId }) => orderId === order.orderId);
    if (index === -1) {
      session.orders.push(order);
    } else {
      session.orders[index] = order;
    }
  } else if (what.case === "session") {
    // It comes without guests, orders and bills.
    const { code, state, name } = what.value;
    Object.assign(session, { code, state, name });
  }
}
