import { create, createFileRegistry, type Message, setExtension } from "@bufbuild/protobuf";
import type { GenMessage, GenService } from "@bufbuild/protobuf/codegenv2";
import {
  FieldDescriptorProtoSchema,
  FieldOptionsSchema,
  FileDescriptorProtoSchema,
  MethodOptions_IdempotencyLevel as Idempotency,
  FieldDescriptorProto_Label as Label,
  FieldDescriptorProto_Type as Type,
} from "@bufbuild/protobuf/wkt";
import {
  type FieldRules,
  FieldRulesSchema,
  field as rulesOf,
} from "@bufbuild/protovalidate/gen/buf/validate/validate_pb.js";

/**
 * A contract for tests only, with every kind of method and one rule:
 *
 *     service EchoService {
 *       rpc Echo(EchoRequest) returns (EchoResponse);
 *       rpc Look(EchoRequest) returns (EchoResponse) { option idempotency_level = NO_SIDE_EFFECTS; }
 *       rpc Repeat(EchoRequest) returns (stream EchoResponse);
 *       rpc Collect(stream EchoRequest) returns (EchoResponse);
 *       rpc Chat(stream EchoRequest) returns (stream EchoResponse);
 *     }
 */
export type EchoRequest = Message<"test.echo.v1.EchoRequest"> & {
  text: string;
  /** At most 1,000. */
  count: number;
  /** What the handler does, if it shall not simply echo. */
  action: string;
  payload: Uint8Array;
};

export type EchoResponse = Message<"test.echo.v1.EchoResponse"> & {
  text: string;
  index: number;
  payload: Uint8Array;
};

type EchoMethod<Kind extends "unary" | "server_streaming" | "client_streaming" | "bidi_streaming"> = {
  methodKind: Kind;
  input: GenMessage<EchoRequest>;
  output: GenMessage<EchoResponse>;
};

type EchoServiceMethods = {
  echo: EchoMethod<"unary">;
  look: EchoMethod<"unary">;
  repeat: EchoMethod<"server_streaming">;
  collect: EchoMethod<"client_streaming">;
  chat: EchoMethod<"bidi_streaming">;
};

function field(name: string, number: number, type: Type, rules?: FieldRules) {
  const options = create(FieldOptionsSchema);
  if (rules !== undefined) {
    setExtension(options, rulesOf, rules);
  }
  return create(FieldDescriptorProtoSchema, {
    name,
    jsonName: name,
    number,
    type,
    label: Label.OPTIONAL,
    options,
  });
}

function method(
  name: string,
  clientStreaming: boolean,
  serverStreaming: boolean,
  idempotencyLevel?: Idempotency,
) {
  return {
    name,
    inputType: ".test.echo.v1.EchoRequest",
    outputType: ".test.echo.v1.EchoResponse",
    clientStreaming,
    serverStreaming,
    options: { idempotencyLevel: idempotencyLevel ?? Idempotency.IDEMPOTENCY_UNKNOWN },
  };
}

const atMost1000 = create(FieldRulesSchema, {
  type: { case: "uint32", value: { lessThan: { case: "lte", value: 1000 } } },
});

const file = create(FileDescriptorProtoSchema, {
  name: "test/echo/v1/echo.proto",
  package: "test.echo.v1",
  syntax: "proto3",
  messageType: [
    {
      name: "EchoRequest",
      field: [
        field("text", 1, Type.STRING),
        field("count", 2, Type.UINT32, atMost1000),
        field("action", 3, Type.STRING),
        field("payload", 4, Type.BYTES),
      ],
    },
    {
      name: "EchoResponse",
      field: [field("text", 1, Type.STRING), field("index", 2, Type.UINT32), field("payload", 3, Type.BYTES)],
    },
  ],
  service: [
    {
      name: "EchoService",
      method: [
        method("Echo", false, false),
        method("Look", false, false, Idempotency.NO_SIDE_EFFECTS),
        method("Repeat", false, true),
        method("Collect", true, false),
        method("Chat", true, true),
      ],
    },
  ],
});

const registry = createFileRegistry(file, () => undefined);

// The registry makes untyped descriptors of the file above; the types say what that file says.
export const EchoService = registry.getService(
  "test.echo.v1.EchoService",
) as unknown as GenService<EchoServiceMethods>;
export const EchoRequestSchema = registry.getMessage(
  "test.echo.v1.EchoRequest",
) as unknown as GenMessage<EchoRequest>;
export const EchoResponseSchema = registry.getMessage(
  "test.echo.v1.EchoResponse",
) as unknown as GenMessage<EchoResponse>;
