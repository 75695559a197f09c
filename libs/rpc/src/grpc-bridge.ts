import { create, type Message } from "@bufbuild/protobuf";
import type { ConnectError, Interceptor, MethodImplSpec } from "@connectrpc/connect";
import { invokeUnaryImplementation } from "@connectrpc/connect/protocol";
import type {
  ServerUnaryCall,
  ServiceDefinition,
  sendUnaryData,
  UntypedHandleCall,
  UntypedServiceImplementation,
} from "@grpc/grpc-js";
import type { BoundService } from "./bound-service.ts";
import {
  type BridgedMethod,
  type BridgeOptions,
  emptyMessage,
  failCall,
  openCall,
  parseMessage,
  sendAnswer,
} from "./grpc-call.ts";
import type { GrpcContext } from "./grpc-context.ts";
import { streamHandler } from "./grpc-streams.ts";

type UnarySpec = MethodImplSpec & { kind: "unary" };

/**
 * Makes what grpc-js serves from handlers that were written for Connect. grpc-js passes bytes: messages are parsed and
 * serialized here, so that what is wrong with them is answered, measured and logged like any other error.
 */
export function bridgeService(
  bound: BoundService,
  options: BridgeOptions,
): { definition: ServiceDefinition; implementation: UntypedServiceImplementation } {
  const definition: Record<string, ServiceDefinition[string]> = {};
  const implementation: Record<string, UntypedHandleCall> = {};
  for (const method of bound.service.methods) {
    const spec = bound.spec.methods[method.localName];
    if (spec === undefined) {
      throw new Error(`${bound.service.typeName}.${method.name} has no handler`);
    }
    const bridged: BridgedMethod = { method, spec, options };
    definition[method.localName] = {
      path: `/${bound.service.typeName}/${method.name}`,
      originalName: method.name,
      requestStream: method.methodKind === "client_streaming" || method.methodKind === "bidi_streaming",
      responseStream: method.methodKind === "server_streaming" || method.methodKind === "bidi_streaming",
      requestSerialize: sameBytes,
      requestDeserialize: sameBytes,
      responseSerialize: sameBytes,
      responseDeserialize: sameBytes,
    };
    implementation[method.localName] =
      spec.kind === "unary" ? unaryHandler(bridged, spec) : streamHandler(bridged);
  }
  return { definition, implementation };
}

function sameBytes(bytes: Buffer): Buffer {
  return bytes;
}

function unaryHandler(bridged: BridgedMethod, spec: UnarySpec): UntypedHandleCall {
  const { method, options } = bridged;
  const { chain, interceptors } = options;
  return (call: ServerUnaryCall<Buffer, Buffer>, callback: sendUnaryData<Buffer>) => {
    const context = openCall(method, call);
    let request: Message;
    try {
      request = parseMessage(method, call.request);
    } catch (error) {
      context.active.requestError = error as ConnectError;
      request = emptyMessage(method);
    }
    const run = () => invoke(spec, context, request, interceptors);
    chain.unary(context.active, method, request, run).then(
      (response) => sendAnswer(bridged, call, context, response, callback),
      (error: unknown) => callback(failCall(bridged, call, context, error)),
    );
  };
}

/** Runs the handler. Without interceptors of the service Connect's part comes down to completing the message. */
async function invoke(
  spec: UnarySpec,
  context: GrpcContext,
  request: Message,
  interceptors: readonly Interceptor[],
): Promise<Message> {
  return interceptors.length === 0
    ? create(spec.method.output, await spec.impl(request, context))
    : invokeUnaryImplementation(spec, context.toPlain(), request, [...interceptors]);
}
