import { create } from "@bufbuild/protobuf";
import { type Client, Code, ConnectError, createClient, type Transport } from "@connectrpc/connect";
import {
  createGrpcTransport as createConnectGrpcTransport,
  createConnectTransport,
  createGrpcWebTransport,
} from "@connectrpc/connect-node";
import { Failure } from "@ordermesh/failure/failure";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Admission, Authorize } from "../src/authorization.ts";
import type { GrpcTransport } from "../src/client.ts";
import { type EchoRequest, EchoRequestSchema, EchoService } from "./echo-contract.ts";
import { connectTo, type EchoServer, startEchoServer } from "./echo-server.ts";

const ana: Admission = {
  principal: { kind: "user", userId: 7n, roles: ["buyer"] },
  limitedToUserId: 7n,
};

/** Lets in who says "Bearer ana", slowly who says "Bearer slow-ana", and never decides over "Bearer nobody". */
const authorize: Authorize = () => ({
  admit(origin) {
    // Both are known only as long as the call lasts.
    origins.push({ peer: origin.peerAddress(), names: origin.certificateNames() });
    switch (origin.authorization) {
      case "Bearer ana":
        return ana;
      case "Bearer slow-ana":
        return new Promise((resolve) => setImmediate(resolve, ana));
      case "Bearer nobody":
        return new Promise(() => undefined);
      default:
        throw new Failure("unauthenticated", "Who are you?", { reason: "TEST" });
    }
  },
  checkRequest(admission, request) {
    expect(admission).toBe(ana);
    const message = request as EchoRequest;
    if (message.text === "as bob") {
      throw new Failure("not_found", "There is no bob.", { reason: "TEST" });
    }
    message.text = message.text === "" ? "ana" : message.text;
  },
});

let origins: { readonly peer: string; readonly names: readonly string[] | undefined }[] = [];
let server: EchoServer;
let ours: GrpcTransport;

beforeAll(async () => {
  server = await startEchoServer({ authorize });
  ours = await connectTo([server]);
});

afterAll(async () => {
  ours.close();
  await server.stop(2_000);
});

beforeEach(() => {
  origins = [];
  server.state.started = 0;
});

const stacks: { name: string; connect: () => Transport; duplex: boolean }[] = [
  { name: "gRPC by our client", connect: () => ours.transport, duplex: true },
  {
    name: "gRPC by connect-node",
    connect: () => createConnectGrpcTransport({ baseUrl: server.url }),
    duplex: true,
  },
  {
    name: "gRPC-Web",
    connect: () => createGrpcWebTransport({ baseUrl: server.url, httpVersion: "1.1" }),
    duplex: false,
  },
  {
    name: "Connect",
    connect: () => createConnectTransport({ baseUrl: server.url, httpVersion: "1.1" }),
    duplex: false,
  },
  {
    name: "Connect with GET",
    connect: () => createConnectTransport({ baseUrl: server.url, httpVersion: "1.1", useHttpGet: true }),
    duplex: false,
  },
];

const codeOf = (work: Promise<unknown>): Promise<Code> =>
  work.then(
    () => {
      throw new Error("the call succeeded");
    },
    (error: unknown) => ConnectError.from(error).code,
  );

async function collect<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const collected: Item[] = [];
  for await (const item of items) {
    collected.push(item);
  }
  return collected;
}

async function* requests(...texts: string[]) {
  for (const text of texts) {
    yield create(EchoRequestSchema, { text });
  }
}

describe.each(stacks)("$name", ({ connect, duplex }) => {
  let client: Client<typeof EchoService>;
  const as = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });

  beforeAll(() => {
    client = createClient(EchoService, connect());
  });

  test.each(["ana", "slow-ana"])("lets %s in, and the handler knows who it is", async (name) => {
    expect((await client.look({ text: "hello" }, as(name))).text).toBe("hello");
    expect(server.state.lastCall).toMatchObject(ana);
    expect(origins).toEqual([{ peer: "127.0.0.1", names: undefined }]);
  });

  test("keeps everybody else out before anything else is looked at", async () => {
    const invalid = { count: 5_000 };
    expect(await codeOf(client.look(invalid))).toBe(Code.Unauthenticated);
    expect(await codeOf(client.look({}, as("bob")))).toBe(Code.Unauthenticated);
    expect(await codeOf(client.look(invalid, as("ana")))).toBe(Code.InvalidArgument);
    expect(await codeOf(collect(client.repeat({ count: 1 })))).toBe(Code.Unauthenticated);
    expect(server.state.started).toBe(0);
  });

  test("looks at what each message says about its sender", async () => {
    expect((await client.look({}, as("ana"))).text).toBe("ana");
    expect(await codeOf(client.look({ text: "as bob" }, as("ana")))).toBe(Code.NotFound);
    expect(await collect(client.repeat({ count: 1 }, as("slow-ana")))).toMatchObject([{ text: "ana" }]);
    expect(await codeOf(collect(client.repeat({ text: "as bob", count: 1 }, as("ana"))))).toBe(Code.NotFound);
    expect((await client.collect(requests("", "b"), as("ana"))).text).toBe("ana,b");
    expect(await codeOf(client.collect(requests("a", "as bob"), as("ana")))).toBe(Code.NotFound);
  });

  test.runIf(duplex)("also where both sides stream", async () => {
    expect(await collect(client.chat(requests("", "b"), as("ana")))).toMatchObject([
      { text: "ana" },
      { text: "b" },
    ]);
    expect(await codeOf(collect(client.chat(requests("a"))))).toBe(Code.Unauthenticated);
  });

  test("does not wait longer than the call's deadline", async () => {
    const options = { ...as("nobody"), timeoutMs: 100 };
    expect(await codeOf(client.look({}, options))).toBe(Code.DeadlineExceeded);
    expect(await codeOf(collect(client.repeat({ count: 1 }, options)))).toBe(Code.DeadlineExceeded);
    expect(server.state.started).toBe(0);
  });
});

test("what can not be read is not looked at before its sender is known", async () => {
  const path = `${server.url}/test.echo.v1.EchoService/Echo`;
  const headers = { "content-type": "application/proto" };
  const answer = await fetch(path, { method: "POST", headers, body: new Uint8Array([255, 255]) });
  expect([400, 401]).toContain(answer.status);
  expect(server.state.started).toBe(0);
});

test("several tokens are none", async () => {
  const headers = new Headers([
    ["authorization", "Bearer ana"],
    ["authorization", "Bearer bob"],
  ]);
  const client = createClient(EchoService, ours.transport);
  expect(await codeOf(client.echo({}, { headers }))).toBe(Code.Unauthenticated);
});

test("health, readiness and metrics need no token", async () => {
  for (const path of ["/livez", "/metrics"]) {
    expect((await fetch(`${server.url}${path}`)).status).toBe(200);
  }
  const check = await fetch(`${server.url}/grpc.health.v1.Health/Check`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: "{}",
  });
  expect(check.status).toBe(200);
  expect(origins).toEqual([]);
});

test("a method without a rule keeps the server from starting", async () => {
  const refused = startEchoServer({
    authorize(method) {
      if (method.name === "Chat") {
        throw new Failure("failed_precondition", "Chat has no rule.", { reason: "TEST" });
      }
      return authorize(method);
    },
  });
  await expect(refused).rejects.toThrow("Chat has no rule.");
});

describe("the client's own token", () => {
  async function authorizationSent(
    credentials: () => string | Promise<string>,
    headers: Record<string, string> = {},
  ): Promise<(string | null)[]> {
    const open = await startEchoServer();
    const { transport, close } = await connectTo([open], { credentials });
    try {
      const client = createClient(EchoService, transport);
      await client.echo({}, { headers });
      const unary = open.state.lastHeader?.get("authorization") ?? null;
      await collect(client.repeat({ count: 1 }, { headers }));
      return [unary, open.state.lastHeader?.get("authorization") ?? null];
    } finally {
      close();
      await open.stop(2_000);
    }
  }

  test("goes with each call that has none", async () => {
    expect(await authorizationSent(() => "one")).toEqual(["Bearer one", "Bearer one"]);
    expect(await authorizationSent(async () => "two")).toEqual(["Bearer two", "Bearer two"]);
    const users = { authorization: "Bearer users" };
    expect(await authorizationSent(() => "one", users)).toEqual(["Bearer users", "Bearer users"]);
  });

  test.each([
    ["at once", () => Promise.reject(new Error("key=secret"))],
    [
      "later",
      () => {
        throw new Error("key=secret");
      },
    ],
  ])("can not be made: the call fails without it, %s", async (_, credentials) => {
    const { transport, close } = await connectTo([server], { credentials });
    const error = await createClient(EchoService, transport)
      .echo({})
      .catch((thrown: unknown) => ConnectError.from(thrown));
    expect(error).toMatchObject({ code: Code.Unauthenticated });
    expect((error as ConnectError).rawMessage).not.toContain("secret");
    close();
  });
});

test("other pages of the port", async () => {
  const withPages = await startEchoServer({
    authorize,
    pages: {
      "/hooks/test": async (request, response) => {
        const chunks: Buffer[] = await request.toArray();
        response.end(`${request.method} ${Buffer.concat(chunks)}`);
      },
      "/broken": () => {
        throw new Error("password=hunter2");
      },
    },
  });
  const ask = async (path: string, body?: string) => {
    const answer = await fetch(`${withPages.url}${path}`, body === undefined ? {} : { method: "POST", body });
    return `${answer.status} ${(await answer.text()).trim()}`;
  };
  expect(await ask("/hooks/test?a=1", "hello")).toBe("200 POST hello");
  expect(await ask("/broken", "not read")).toBe("500 internal error");
  expect(await ask("/hooks")).toMatch(/^404/);
  await withPages.stop(2_000);
});
