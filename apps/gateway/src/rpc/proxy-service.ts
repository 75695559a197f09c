import type { DescMethod, DescService, Message } from "@bufbuild/protobuf";
import type { HandlerContext, ServiceImpl } from "@connectrpc/connect";
import { type BoundService, bindService } from "@ordermesh/rpc/bound-service";
import { callOf } from "@ordermesh/rpc/call";
import type { PassedOn, Upstreams } from "../upstreams.ts";

/** Serves a service by handing every call on, as it is. */
export function proxyService(
  service: DescService,
  upstreams: Upstreams,
  clientAddressOf: (context: HandlerContext) => string,
): BoundService {
  const passedOn = (context: HandlerContext): PassedOn => ({
    authorization: context.requestHeader.get("authorization"),
    clientAddress: clientAddressOf(context),
  });
  const handlerOf = (method: DescMethod) => {
    switch (method.methodKind) {
      case "unary":
        return (request: Message, context: HandlerContext) =>
          upstreams.unary(method, request, callOf(context), passedOn(context));
      case "server_streaming":
        return (request: Message, context: HandlerContext) =>
          upstreams.serverStream(method, single(request), callOf(context), passedOn(context));
      default:
        throw new Error(`${service.typeName}.${method.name} streams from the client, which no browser can.`);
    }
  };
  const handlers = service.methods.map((method) => [method.localName, handlerOf(method)]);
  // The compiler cannot know that the loop has made a handler of the right kind for each method.
  return bindService(service, Object.fromEntries(handlers) as ServiceImpl<DescService>);
}

export async function* single(message: Message): AsyncIterable<Message> {
  yield message;
}
