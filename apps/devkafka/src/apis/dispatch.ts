import type { Broker } from "../broker.ts";
import { errorCodes } from "../wire/error-codes.ts";
import { createRequestReader, malformedRequest } from "../wire/request-reader.ts";
import { createResponseWriter, type ResponseWriter } from "../wire/response-writer.ts";
import type { Api, ApiRequest } from "./api.ts";
import { clusterApis } from "./cluster.ts";
import { fetchApis } from "./fetch.ts";
import { groupAdministrationApis } from "./group-administration.ts";
import { groupMembershipApis } from "./group-membership.ts";
import { listOffsetsApis } from "./list-offsets.ts";
import { offsetApis } from "./offsets.ts";
import { produceApis } from "./produce.ts";
import { topicApis } from "./topics.ts";

const apiVersionsKey = 18;

/** Where a request came from, and the signal that ends its waits. */
export type RequestOrigin = Pick<ApiRequest, "localAddress" | "localPort" | "remoteAddress" | "signal">;

/** Answers one request, header included, with the parts of the response to send, or with none. */
export type Dispatch = (request: Buffer, origin: RequestOrigin) => Promise<Buffer[]>;

/** @returns a function that throws what must close the connection: requests that are malformed or unknown. */
export function createDispatch(broker: Broker): Dispatch {
  const apis: Api[] = [
    ...produceApis(broker),
    ...fetchApis(broker),
    ...listOffsetsApis(broker),
    ...clusterApis(broker),
    ...offsetApis(broker),
    ...groupMembershipApis(broker),
    ...groupAdministrationApis(broker),
    ...topicApis(broker),
  ];
  apis.push({
    key: apiVersionsKey,
    minVersion: 0,
    maxVersion: 2,
    handle: ({ version }) => answerApiVersions(apis, version),
  });
  const apiByKey = new Map(apis.map((api) => [api.key, api]));

  return async (request, origin) => {
    const reader = createRequestReader(request);
    const key = reader.int16();
    const version = reader.int16();
    const correlationId = reader.int32();
    const api = apiByKey.get(key);
    const isSupported = api !== undefined && version >= api.minVersion && version <= api.maxVersion;

    let response: ResponseWriter | undefined;
    if (isSupported) {
      const clientId = reader.nullableString() ?? "";
      response = await api.handle({ version, clientId, reader, ...origin });
    } else if (key === apiVersionsKey) {
      response = answerApiVersions(apis, version);
    } else {
      throw malformedRequest(`devkafka does not have version ${version} of API ${key}`);
    }
    return response === undefined ? [] : withHeader(correlationId, response.parts());
  };
}

/** A client that begins with a newer version than ours gets the list in the oldest shape and asks again. */
function answerApiVersions(apis: readonly Api[], version: number): ResponseWriter {
  const isKnown = version >= 0 && version <= 2;
  const response = createResponseWriter();
  response.int16(isKnown ? errorCodes.none : errorCodes.unsupportedVersion);
  response.array(apis, ({ key, minVersion, maxVersion }) => {
    response.int16(key);
    response.int16(minVersion);
    response.int16(maxVersion);
  });
  if (isKnown && version >= 1) {
    response.int32(0);
  }
  return response;
}

function withHeader(correlationId: number, parts: Buffer[]): Buffer[] {
  const header = Buffer.alloc(8);
  const bodyBytes = parts.reduce((sum, part) => sum + part.length, 0);
  header.writeInt32BE(4 + bodyBytes, 0);
  header.writeInt32BE(correlationId, 4);
  return [header, ...parts];
}
