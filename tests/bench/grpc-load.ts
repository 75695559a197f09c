import {
  create,
  type DescMessage,
  type DescMethodUnary,
  fromBinary,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from "@bufbuild/protobuf";
import { Client, credentials, Metadata } from "@grpc/grpc-js";
import {
  type CreateOrderRequest,
  CreateOrderRequestSchema,
  type CreateOrderResponse,
  LomsService,
} from "@ordermesh/proto/ordermesh/loms/v1/loms_pb";

export const echoPath = "/ordermesh.bench.v1.EchoService/Echo";

/**
 * The client of both sides of a comparison: grpc-js as it comes, with protobuf-es for the messages. Two connections,
 * because one limits either side from 64 calls on.
 */
export interface LoadClient {
  echo(request: CreateOrderRequest): Promise<CreateOrderRequest>;
  createOrder(request: CreateOrderRequest): Promise<CreateOrderResponse>;
  /** Any other unary call. */
  call<Input extends DescMessage, Output extends DescMessage>(
    method: DescMethodUnary<Input, Output>,
    request: MessageInitShape<Input>,
  ): Promise<MessageShape<Output>>;
  close(): void;
}

const connectionsPerClient = 2;
const callTimeoutMs = 20_000;

/** @param token goes with each call, if there is one. */
export function openLoadClient(address: string, token?: string): LoadClient {
  const metadata = new Metadata();
  if (token !== undefined) {
    metadata.set("authorization", `Bearer ${token}`);
  }
  const clients = Array.from(
    { length: connectionsPerClient },
    () => new Client(address, credentials.createInsecure(), { "grpc.use_local_subchannel_pool": 1 }),
  );
  let turn = 0;

  function send<Input extends DescMessage, Output extends DescMessage>(
    path: string,
    request: MessageShape<Input>,
    input: Input,
    output: Output,
  ): Promise<MessageShape<Output>> {
    turn = (turn + 1) % clients.length;
    return new Promise((resolve, reject) => {
      clients[turn]?.makeUnaryRequest(
        path,
        (message: MessageShape<Input>) => Buffer.from(toBinary(input, message)),
        (bytes: Buffer) => fromBinary(output, bytes),
        request,
        metadata,
        { deadline: Date.now() + callTimeoutMs },
        (error, response) => (error === null && response !== undefined ? resolve(response) : reject(error)),
      );
    });
  }

  const pathOf = ({ parent, name }: DescMethodUnary) => `/${parent.typeName}/${name}`;
  const { createOrder } = LomsService.method;

  return {
    echo: (request) => send(echoPath, request, CreateOrderRequestSchema, CreateOrderRequestSchema),
    createOrder: (request) => send(pathOf(createOrder), request, createOrder.input, createOrder.output),
    call: (method, request) =>
      send(pathOf(method), create(method.input, request), method.input, method.output),
    close() {
      for (const client of clients) {
        client.close();
      }
    },
  };
}
