import { create, toBinary } from "@bufbuild/protobuf";
import { base64Decode, base64Encode } from "@bufbuild/protobuf/wire";
import { anyPack } from "@bufbuild/protobuf/wkt";
import type { ConnectError } from "@connectrpc/connect";
import { Metadata, type StatusObject } from "@grpc/grpc-js";
import { StatusSchema } from "@ordermesh/proto/google/rpc/status_pb";

/** The name of the metadata entry that carries an error's details. */
export const detailsKey = "grpc-status-details-bin";

/** Converts what came over gRPC into the headers that Connect shows. Binary values become unpadded base64. */
export function headersOf(metadata: Metadata): Headers {
  const headers = new Headers();
  for (const [key, values] of Object.entries(metadata.toJSON())) {
    for (const value of values) {
      headers.append(key, typeof value === "string" ? value : base64Encode(value, "std_raw"));
    }
  }
  return headers;
}

/**
 * Adds headers to gRPC metadata. Names that belong to the protocol or to one connection are left out.
 *
 * @throws Error for a value that gRPC cannot carry: other than printable ASCII, or bad base64 in a `-bin` entry.
 */
export function addHeaders(target: Metadata | undefined, headers: Headers): Metadata | undefined {
  let metadata = target;
  headers.forEach((value, key) => {
    if (isProtocolHeader(key)) {
      return;
    }
    metadata ??= new Metadata();
    if (key.endsWith("-bin")) {
      // Several values under one name reach us joined; base64 itself has no comma.
      for (const part of value.split(",")) {
        metadata.add(key, Buffer.from(base64Decode(part.trim())));
      }
    } else {
      metadata.add(key, value);
    }
  });
  return metadata;
}

/** The status that ends a failed call: the error's code, text and details, with its metadata and the trailers. */
export function statusOf(error: ConnectError, trailer: Headers | undefined): StatusObject {
  const metadata = new Metadata();
  addHeaders(metadata, error.metadata);
  if (trailer !== undefined) {
    addHeaders(metadata, trailer);
  }
  if (error.details.length > 0) {
    const details = error.details.map((detail) =>
      "desc" in detail
        ? anyPack(detail.desc, create(detail.desc, detail.value))
        : { typeUrl: `type.googleapis.com/${detail.type}`, value: detail.value },
    );
    const status = create(StatusSchema, { code: error.code, message: error.rawMessage, details });
    metadata.set(detailsKey, Buffer.from(toBinary(StatusSchema, status)));
  }
  // Both enumerations have the numbers of google.rpc.Code.
  const code: number = error.code;
  return { code, details: encodableText(error.rawMessage), metadata };
}

const protocolHeaders = new Set([
  "content-type",
  "content-length",
  "content-encoding",
  "accept-encoding",
  "connection",
  "keep-alive",
  "proxy-connection",
  "transfer-encoding",
  "upgrade",
  "host",
  "te",
  "trailer",
  "date",
]);

function isProtocolHeader(key: string): boolean {
  return protocolHeaders.has(key) || key.startsWith("grpc-") || key.startsWith("connect-");
}

/** Half a surrogate pair, as cut text may end with, cannot be percent-encoded: grpc-js would throw. */
function encodableText(text: string): string {
  return Buffer.from(text, "utf8").toString("utf8");
}
