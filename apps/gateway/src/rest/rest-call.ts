import type { IncomingMessage, ServerResponse } from "node:http";
import { create, type Message, toJson, toJsonString } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { Failure } from "@ordermesh/failure/failure";
import { type ActiveCall, abortCall, clientEnded, createActiveCall } from "@ordermesh/rpc/active-call";
import { clientDeadlineAt } from "@ordermesh/rpc/deadline";
import { connectErrorOf } from "@ordermesh/rpc/failure-mapping";
import type { ServerChain } from "@ordermesh/rpc/server-chain";
import { originOf, viewOf } from "../rpc/call-view.ts";
import { single } from "../rpc/proxy-service.ts";
import type { PassedOn, Upstreams } from "../upstreams.ts";
import { type Answer, jsonAnswer, problemAnswer } from "./answer.ts";
import { sendEvents } from "./event-stream.ts";
import type { HttpBinding } from "./http-rules.ts";
import { type RequestParts, requestMessage } from "./request-message.ts";

/** An HTTP request that has been found to be for a method. */
export interface RestCall {
  readonly binding: HttpBinding;
  readonly parts: RequestParts;
  readonly passedOn: PassedOn;
  /** What the header Idempotency-Key says. */
  readonly idempotencyKey: string | undefined;
  /** Goes on when the client has gone: the answer is kept for when it asks again. */
  readonly detached: boolean;
}

export interface RestCalls {
  /** Makes the call; never rejects, because a failure is an answer as well. */
  unary(rest: RestCall, request: IncomingMessage, response: ServerResponse): Promise<Answer>;
  /** Makes the call and sends what comes as server-sent events until either end stops. */
  stream(rest: RestCall, request: IncomingMessage, response: ServerResponse): Promise<void>;
}

/** Calls over REST pass through the same chain as RPCs: they have the same deadlines, metrics, logs and drain. */
export function createRestCalls(options: {
  readonly chain: ServerChain;
  readonly upstreams: Upstreams;
  /** How long a stream may take to its first message. */
  readonly firstMessageTimeoutMs: number;
}): RestCalls {
  const { chain, upstreams, firstMessageTimeoutMs } = options;

  return {
    async unary(rest, request, response) {
      const { method } = rest.binding;
      const active = openCall(rest, request, response);
      const message = readRequest(rest, active);
      try {
        const answer = await chain.unary(active, method, message, () =>
          upstreams.unary(method, message, viewOf(active), rest.passedOn),
        );
        return jsonAnswer(200, toJsonString(method.output, answer, { alwaysEmitImplicit: true }), "ok");
      } catch (error) {
        return problemAnswer(error, active.traceId);
      }
    },

    async stream(rest, request, response) {
      const { method } = rest.binding;
      const active = openCall(rest, request, response);
      const message = readRequest(rest, active);
      const late = setTimeout(
        () => abortCall(active, new ConnectError("There was no answer in time.", Code.DeadlineExceeded)),
        firstMessageTimeoutMs,
      );
      const messages = await chain
        .stream(active, method, single(message), async (checked) => {
          if (active.requestError !== undefined) {
            throw active.requestError;
          }
          return upstreams.serverStream(method, checked, viewOf(active), rest.passedOn);
        })
        .catch((error: unknown) => failing(error));
      await sendEvents({
        response,
        messages,
        traceId: active.traceId,
        toJson: (update) => toJson(method.output, update, { alwaysEmitImplicit: true }),
        onFirst: () => clearTimeout(late),
      });
    },
  };
}

// biome-ignore lint/correctness/useYield: it is an iterable because its reader awaits one, and all it does is fail.
async function* failing(error: unknown): AsyncIterable<never> {
  throw error;
}

function openCall(
  { binding, detached }: RestCall,
  request: IncomingMessage,
  response: ServerResponse,
): ActiveCall {
  const origin = originOf(request, request.headers.authorization ?? null);
  const timeout = request.headers["connect-timeout-ms"];
  const deadlineAt =
    typeof timeout !== "string"
      ? Number.POSITIVE_INFINITY
      : clientDeadlineAt(new Headers({ "connect-timeout-ms": timeout }));
  const active = createActiveCall(binding.method.methodKind, origin, deadlineAt, false);
  if (!detached) {
    response.once("close", () => abortCall(active, clientEnded()));
  }
  return active;
}

/** A request that cannot be read fails the call when it is made, so that it is measured and logged like any other. */
function readRequest({ binding, parts, idempotencyKey }: RestCall, active: ActiveCall): Message {
  try {
    return withKey(requestMessage(binding, parts), binding, idempotencyKey);
  } catch (error) {
    active.requestError =
      error instanceof Failure
        ? connectErrorOf(error)
        : new ConnectError("internal error", Code.Internal, undefined, undefined, error);
    return create(binding.method.input);
  }
}

/** The header names the intent for the service as well, so that it is done once even if the gateway dies meanwhile. */
function withKey(message: Message, { method }: HttpBinding, key: string | undefined): Message {
  const field = method.input.field.idempotencyKey;
  if (key !== undefined && field?.fieldKind === "scalar") {
    const fields = message as Message & { idempotencyKey: string };
    fields.idempotencyKey ||= key;
  }
  return message;
}
