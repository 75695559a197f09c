import {
  type DescExtension,
  type DescFile,
  type DescService,
  type MessageInitShape,
  toBinary,
} from "@bufbuild/protobuf";
import { nestedTypes } from "@bufbuild/protobuf/reflect";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import { Code } from "@connectrpc/connect";
import { file_google_rpc_error_details } from "@ordermesh/proto/google/rpc/error_details_pb";
import {
  ServerReflection,
  type ServerReflectionRequest,
  type ServerReflectionResponseSchema,
} from "@ordermesh/proto/grpc/reflection/v1/reflection_pb";
import { ServerReflection as ServerReflectionAlpha } from "@ordermesh/proto/grpc/reflection/v1alpha/reflection_pb";
import { type BoundService, bindService } from "./bound-service.ts";

type Response = MessageInitShape<typeof ServerReflectionResponseSchema>;
type Question = ServerReflectionRequest["messageRequest"];
type Answer = NonNullable<Response["messageResponse"]>;

/**
 * Makes the reflection services (v1, and v1alpha for older tools) that describe the given services and themselves, so
 * that grpcurl and buf curl need no proto files.
 */
export function createReflection(services: readonly DescService[]): BoundService[] {
  const described = [...services, ServerReflection, ServerReflectionAlpha];
  // No service names the details of its errors, and a tool that shows an error has to ask for them.
  const index = indexFiles([...described.map((service) => service.file), file_google_rpc_error_details]);
  const names = described.map((service) => ({ name: service.typeName }));

  function answerTo(question: Question): Answer {
    switch (question.case) {
      case "listServices":
        return { case: "listServicesResponse", value: { service: names } };
      case "fileByFilename":
        return fileAnswer(index.files.get(question.value), question.value);
      case "fileContainingSymbol":
        return fileAnswer(index.symbols.get(question.value), question.value);
      case "fileContainingExtension": {
        const { containingType, extensionNumber } = question.value;
        const found = index.extensions.get(containingType)?.find(({ number }) => number === extensionNumber);
        return fileAnswer(found?.file, `extension ${extensionNumber} of ${containingType}`);
      }
      case "allExtensionNumbersOfType": {
        if (!index.symbols.has(question.value)) {
          return notFound(question.value);
        }
        const extensionNumber = (index.extensions.get(question.value) ?? []).map(({ number }) => number);
        return {
          case: "allExtensionNumbersResponse",
          value: { baseTypeName: question.value, extensionNumber },
        };
      }
      default:
        return errorAnswer(Code.InvalidArgument, "The request asks for nothing.");
    }
  }

  async function* answerAll(requests: AsyncIterable<ServerReflectionRequest>) {
    for await (const request of requests) {
      const response: Response = {
        validHost: request.host,
        originalRequest: request,
        messageResponse: answerTo(request.messageRequest),
      };
      yield response;
    }
  }

  return [
    bindService(ServerReflection, { serverReflectionInfo: answerAll }),
    // v1alpha has the same fields with the same numbers; only the names of its types differ.
    bindService(ServerReflectionAlpha, { serverReflectionInfo: answerAll as never }),
  ];
}

interface FileIndex {
  readonly files: ReadonlyMap<string, DescFile>;
  readonly symbols: ReadonlyMap<string, DescFile>;
  readonly extensions: ReadonlyMap<string, readonly DescExtension[]>;
}

/** Finds the file of everything that a tool may ask for, in the given files and all that they import. */
function indexFiles(roots: readonly DescFile[]): FileIndex {
  const files = new Map<string, DescFile>();
  const symbols = new Map<string, DescFile>();
  const extensions = new Map<string, DescExtension[]>();
  for (const file of roots.flatMap(withImports)) {
    if (files.has(file.proto.name)) {
      continue;
    }
    files.set(file.proto.name, file);
    for (const type of nestedTypes(file)) {
      symbols.set(type.typeName, file);
      if (type.kind === "extension") {
        extensions.set(type.extendee.typeName, [...(extensions.get(type.extendee.typeName) ?? []), type]);
      } else if (type.kind === "service") {
        addMembers(symbols, type.typeName, type.methods, file);
      } else if (type.kind === "message") {
        addMembers(symbols, type.typeName, type.members, file);
      } else {
        // The values of an enumeration are named in the scope around it.
        addMembers(symbols, type.parent?.typeName ?? file.proto.package, type.values, file);
      }
    }
  }
  return { files, symbols, extensions };
}

function addMembers(
  symbols: Map<string, DescFile>,
  scope: string,
  members: readonly { readonly name: string }[],
  file: DescFile,
): void {
  for (const { name } of members) {
    symbols.set(scope === "" ? name : `${scope}.${name}`, file);
  }
}

/** A file and everything it imports, each once. */
function withImports(root: DescFile): DescFile[] {
  const found = new Set<DescFile>();
  const add = (file: DescFile) => {
    if (!found.has(file)) {
      found.add(file);
      file.dependencies.forEach(add);
    }
  };
  add(root);
  return [...found];
}

function fileAnswer(file: DescFile | undefined, asked: string): Answer {
  if (file === undefined) {
    return notFound(asked);
  }
  const fileDescriptorProto = withImports(file).map(({ proto }) =>
    toBinary(FileDescriptorProtoSchema, proto),
  );
  return { case: "fileDescriptorResponse", value: { fileDescriptorProto } };
}

function notFound(asked: string): Answer {
  return errorAnswer(Code.NotFound, `There is no ${asked} here.`);
}

function errorAnswer(errorCode: Code, errorMessage: string): Answer {
  return { case: "errorResponse", value: { errorCode, errorMessage } };
}
