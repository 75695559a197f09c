/*
 * The yardstick of everything that is called over gRPC: grpc-js and protobuf-es, and nothing of ours. It answers a
 * CreateOrderRequest with itself, on a free port that it prints.
 */
import { fromBinary, toBinary } from "@bufbuild/protobuf";
import { Server, ServerCredentials, type ServerUnaryCall, type sendUnaryData } from "@grpc/grpc-js";
import {
  type CreateOrderRequest,
  CreateOrderRequestSchema,
} from "@ordermesh/proto/ordermesh/loms/v1/loms_pb";
import { echoPath } from "./grpc-load.ts";

const server = new Server();
server.addService(
  {
    echo: {
      path: echoPath,
      requestStream: false,
      responseStream: false,
      requestDeserialize: (bytes: Buffer) => fromBinary(CreateOrderRequestSchema, bytes),
      requestSerialize: (message: CreateOrderRequest) =>
        Buffer.from(toBinary(CreateOrderRequestSchema, message)),
      responseDeserialize: (bytes: Buffer) => fromBinary(CreateOrderRequestSchema, bytes),
      responseSerialize: (message: CreateOrderRequest) =>
        Buffer.from(toBinary(CreateOrderRequestSchema, message)),
    },
  },
  {
    echo(
      call: ServerUnaryCall<CreateOrderRequest, CreateOrderRequest>,
      callback: sendUnaryData<CreateOrderRequest>,
    ) {
      callback(null, call.request);
    },
  },
);
server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, port) => {
  if (error !== null) {
    throw error;
  }
  process.stdout.write(`${port}\n`);
});
process.once("SIGTERM", () => server.forceShutdown());
