import { type DescMessage, fromBinary, type MessageShape, toBinary } from "@bufbuild/protobuf";
import { Client, credentials, Metadata } from "@grpc/grpc-js";
import {
  type CreateOrderRequest,
  CreateOrderRequestSchema,
  type CreateOrderResponse,
  CreateOrderResponseSchema,
} from "@ordermesh/proto/ordermesh/loms/v1/loms_pb";

export const echoPath = "/ordermesh.bench.v1.EchoService/Echo";
const createOrderPath = "/ordermesh.loms.v1.LomsService/CreateOrder";

/**
 * The client of both sides of a comparison: grpc-js as it comes, with protobuf-es for the messages. Two connections,
 * because one limits either side from 64 calls on.
 */
export interface LoadClient {
  echo(request: CreateOrderRequest): Promise<CreateOrderRequest>;
  createOrder(request: CreateOrderRequest): Promise<CreateOrderResponse>;
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

  function call<Output extends DescMessage>(
    path: string,
    request: CreateOrderRequest,
    output: Output,
  ): Promise<MessageShape<Output>> {
    turn = (turn + 1) % clients.length;
    return new Promise((resolve, reject) => {
      clients[turn]?.makeUnaryRequest(
        path,
        (message: CreateOrderRequest) => Buffer.from(toBinary(CreateOrderRequestSchema, message)),
        (bytes: Buffer) => fromBinary(output, bytes),
        request,
        metadata,
        { deadline: Date.now() + callTimeoutMs },
        (error, response) => (error === null && response !== undefined ? resolve(response) : reject(error)),
      );
    });
  }

  return {
    echo: (request) => call(echoPath, request, CreateOrderRequestSchema),
    createOrder: (request) => call(createOrderPath, request, CreateOrderResponseSchema),
    close() {
      for (const client of clients) {
        client.close();
      }
    },
  };
}
