import type { DescMethod, DescService, Message } from "@bufbuild/protobuf";
import type { Call } from "@ordermesh/rpc/call";
import type { Validation } from "@ordermesh/rpc/validation";
import type { PassedOn, Upstreams } from "../upstreams.ts";

type Answering = (request: Message, call: Call, passedOn: PassedOn) => Promise<Message>;
type Streaming = (request: Message, call: Call, passedOn: PassedOn) => AsyncIterable<Message>;

/** What the gateway answers itself, because no single service could. */
export interface OwnService {
  readonly service: DescService;
  /** By the method's name in the contract. */
  readonly unary: Readonly<Record<string, Answering>>;
  readonly streams: Readonly<Record<string, Streaming>>;
}

/** Answers calls of the gateway's own services here, and hands all others on: over RPC and REST alike. */
export function withOwnServices(
  upstreams: Upstreams,
  own: readonly OwnService[],
  validation: Validation,
): Upstreams {
  const owner = new Map(own.map((one) => [one.service, one]));
  return {
    async unary(method, request, call, passedOn) {
      const found = owner.get(method.parent);
      if (found === undefined) {
        return await upstreams.unary(method, request, call, passedOn);
      }
      validation.check(method.input, request);
      return await handlerOf(method, found.unary)(request, call, passedOn);
    },

    async *serverStream(method, requests, call, passedOn) {
      const found = owner.get(method.parent);
      if (found === undefined) {
        yield* upstreams.serverStream(method, requests, call, passedOn);
        return;
      }
      for await (const request of requests) {
        validation.check(method.input, request);
        yield* handlerOf(method, found.streams)(request, call, passedOn);
        return;
      }
    },
  };
}

function handlerOf<Handler>(method: DescMethod, handlers: Readonly<Record<string, Handler>>): Handler {
  const handler = handlers[method.name];
  if (handler === undefined) {
    throw new Error(`The gateway has no handler for ${method.parent.typeName}.${method.name}.`);
  }
  return handler;
}
