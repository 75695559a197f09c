import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { fromBinary } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import {
  Health,
  HealthCheckResponse_ServingStatus as Status,
} from "@ordermesh/proto/grpc/health/v1/health_pb";
import { ServerReflection } from "@ordermesh/proto/grpc/reflection/v1/reflection_pb";
import { LomsService } from "@ordermesh/proto/ordermesh/loms/v1/loms_pb";
import { eventually } from "@ordermesh/testkit/eventually";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { GrpcTransport } from "../src/client.ts";
import { createReflection } from "../src/reflection.ts";
import { EchoService } from "./echo-contract.ts";
import { connectTo, type EchoServer, startEchoServer } from "./echo-server.ts";

const workspace = join(import.meta.dirname, "../../..");

let server: EchoServer;
let grpc: GrpcTransport;

beforeAll(async () => {
  server = await startEchoServer();
  grpc = await connectTo([server], { services: [EchoService, Health, ServerReflection] });
});

afterAll(async () => {
  grpc.close();
  await server.stop(2_000);
});

async function bufCurl(...args: string[]): Promise<string> {
  const buf = join(workspace, "node_modules/.bin/buf");
  const command = ["curl", "--protocol", "grpc", "--http2-prior-knowledge", ...args];
  const { stdout } = await promisify(execFile)(buf, command, { cwd: workspace });
  return stdout.trim();
}

test("buf curl lists every method, those of health and reflection included, without any proto file", async () => {
  const methods = (await bufCurl(server.url, "--list-methods")).split("\n");
  expect(methods.sort()).toEqual([
    "grpc.health.v1.Health/Check",
    "grpc.health.v1.Health/List",
    "grpc.health.v1.Health/Watch",
    "grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
    "grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
    "test.echo.v1.EchoService/Chat",
    "test.echo.v1.EchoService/Collect",
    "test.echo.v1.EchoService/Echo",
    "test.echo.v1.EchoService/Look",
    "test.echo.v1.EchoService/Repeat",
  ]);
});

test("buf curl calls unary methods and streams by reflection, v1 and v1alpha", async () => {
  for (const protocol of ["grpc-v1", "grpc-v1alpha"]) {
    const reflect = ["--reflect-protocol", protocol];
    const echo = await bufCurl(
      ...reflect,
      "-d",
      '{"text":"by hand"}',
      `${server.url}/test.echo.v1.EchoService/Echo`,
    );
    expect(JSON.parse(echo)).toEqual({ text: "by hand" });
    const stream = await bufCurl(
      ...reflect,
      "-d",
      '{"count":2}',
      `${server.url}/test.echo.v1.EchoService/Repeat`,
    );
    expect(stream.replace(/\s+/g, "")).toBe('{}{"index":1}');
  }
});

test("buf curl shows the details of an error", async () => {
  const call = bufCurl("-d", '{"count":1001}', `${server.url}/test.echo.v1.EchoService/Echo`);
  const { stderr } = (await call.catch((error: unknown) => error)) as { stderr: string };
  expect(JSON.parse(stderr)).toMatchObject({ code: "invalid_argument" });
  expect(stderr).toContain("google.rpc.BadRequest");
});

test("a server without reflection does not tell its contracts", async () => {
  const closed = await startEchoServer({ reflection: false });
  const { transport, close } = await connectTo([closed], { services: [ServerReflection] });
  const answers = createClient(ServerReflection, transport).serverReflectionInfo(
    (async function* () {
      yield { messageRequest: { case: "listServices" as const, value: "" } };
    })(),
  );
  await expect(answers[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: Code.Unimplemented });
  close();
  await closed.stop(1_000);
});

type Question =
  | {
      case: "listServices" | "fileByFilename" | "fileContainingSymbol" | "allExtensionNumbersOfType";
      value: string;
    }
  | { case: "fileContainingExtension"; value: { containingType: string; extensionNumber: number } }
  | { case: undefined };

async function ask(...questions: Question[]) {
  const requests = async function* () {
    for (const messageRequest of questions) {
      yield { host: "a", messageRequest };
    }
  };
  const answers = [];
  for await (const answer of createClient(ServerReflection, grpc.transport).serverReflectionInfo(
    requests(),
  )) {
    answers.push(answer.messageResponse);
  }
  return answers;
}

test("answers every kind of question, several on one stream", async () => {
  const [file, symbol, method, field, missing, number, extension, noExtension, unknown, nothing] = await ask(
    { case: "fileByFilename", value: "test/echo/v1/echo.proto" },
    { case: "fileContainingSymbol", value: "test.echo.v1.EchoService" },
    { case: "fileContainingSymbol", value: "test.echo.v1.EchoService.Echo" },
    { case: "fileContainingSymbol", value: "test.echo.v1.EchoRequest.text" },
    { case: "fileContainingSymbol", value: "test.echo.v1.Nothing" },
    { case: "allExtensionNumbersOfType", value: "test.echo.v1.EchoRequest" },
    {
      case: "fileContainingExtension",
      value: { containingType: "test.echo.v1.EchoRequest", extensionNumber: 1 },
    },
    { case: "allExtensionNumbersOfType", value: "test.echo.v1.Nothing" },
    { case: "fileByFilename", value: "../../etc/passwd" },
    { case: undefined },
  );
  for (const found of [file, symbol, method, field]) {
    expect(found?.case).toBe("fileDescriptorResponse");
    const files = found?.case === "fileDescriptorResponse" ? found.value.fileDescriptorProto : [];
    expect(files.map((bytes) => fromBinary(FileDescriptorProtoSchema, bytes).name)).toEqual([
      "test/echo/v1/echo.proto",
    ]);
  }
  expect(number).toMatchObject({ case: "allExtensionNumbersResponse", value: { extensionNumber: [] } });
  for (const absent of [missing, extension, noExtension, unknown]) {
    expect(absent).toMatchObject({ case: "errorResponse", value: { errorCode: Code.NotFound } });
  }
  expect(nothing).toMatchObject({ case: "errorResponse", value: { errorCode: Code.InvalidArgument } });
});

test("knows the details of errors, so that grpcurl can show them", async () => {
  const details = ["ErrorInfo", "BadRequest", "PreconditionFailure", "RetryInfo"];
  const answers = await ask(
    ...details.map((name) => ({ case: "fileContainingSymbol" as const, value: `google.rpc.${name}` })),
  );
  expect(answers.map((answer) => answer.case)).toEqual(details.map(() => "fileDescriptorResponse"));
});

test("a file comes with all that it imports, so that a tool can read it", async () => {
  const [reflection] = createReflection([LomsService]);
  const loms = await startEchoServer({
    services: reflection === undefined ? [] : [reflection],
    reflection: false,
  });
  const { transport, close } = await connectTo([loms], { services: [ServerReflection] });
  const requests = async function* () {
    const value = "ordermesh.loms.v1.LomsService";
    yield { messageRequest: { case: "fileContainingSymbol" as const, value } };
    const extension = { containingType: "google.protobuf.FieldOptions", extensionNumber: 1159 };
    yield { messageRequest: { case: "fileContainingExtension" as const, value: extension } };
  };
  const files: string[][] = [];
  for await (const { messageResponse } of createClient(ServerReflection, transport).serverReflectionInfo(
    requests(),
  )) {
    const protos =
      messageResponse.case === "fileDescriptorResponse" ? messageResponse.value.fileDescriptorProto : [];
    files.push(protos.map((bytes) => fromBinary(FileDescriptorProtoSchema, bytes).name));
  }
  expect(files[0]).toEqual(
    expect.arrayContaining([
      "ordermesh/loms/v1/loms.proto",
      "ordermesh/type/v1/money.proto",
      "buf/validate/validate.proto",
      "google/protobuf/timestamp.proto",
    ]),
  );
  expect(files[1]?.[0]).toBe("buf/validate/validate.proto");
  close();
  await loms.stop(1_000);
});

test("health answers for each service, for the whole, and lists them", async () => {
  const client = createClient(Health, grpc.transport);
  for (const serving of [true, false]) {
    server.setServing(serving);
    const status = serving ? Status.SERVING : Status.NOT_SERVING;
    for (const service of ["", "test.echo.v1.EchoService"]) {
      expect((await client.check({ service })).status).toBe(status);
    }
    expect((await client.list({})).statuses).toMatchObject({
      "": { status },
      "test.echo.v1.EchoService": { status },
    });
  }
  const unknown = await client
    .check({ service: "test.Nothing" })
    .catch((error: unknown) => ConnectError.from(error));
  expect(unknown).toMatchObject({ code: Code.NotFound });
});

test("health watchers see every change that lasts, and one of an unknown service is told so", async () => {
  const client = createClient(Health, grpc.transport);
  server.setServing(false);
  const seen: Record<string, Status[]> = {};
  const controller = new AbortController();
  const watchers = ["", "test.echo.v1.EchoService", "test.Nothing"].map(async (service) => {
    const statuses: Status[] = [];
    seen[service] = statuses;
    for await (const { status } of client.watch(
      { service },
      { signal: controller.signal, timeoutMs: Infinity },
    )) {
      statuses.push(status);
    }
  });
  const { NOT_SERVING, SERVING, SERVICE_UNKNOWN } = Status;
  const expectSeen = (statuses: Status[]) =>
    eventually(() =>
      expect(seen).toEqual({
        "": statuses,
        "test.echo.v1.EchoService": statuses,
        "test.Nothing": [SERVICE_UNKNOWN],
      }),
    );
  await expectSeen([NOT_SERVING]);
  server.setServing(true);
  await expectSeen([NOT_SERVING, SERVING]);
  // Saying the same again is no news.
  server.setServing(true);
  server.setServing(false);
  await expectSeen([NOT_SERVING, SERVING, NOT_SERVING]);
  controller.abort();
  await Promise.allSettled(watchers);
});
