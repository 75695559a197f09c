import { create } from "@bufbuild/protobuf";
import {
  Code,
  ConnectError,
  createClient,
  decodeBinaryHeader,
  encodeBinaryHeader,
  type Transport,
} from "@connectrpc/connect";
import {
  createGrpcTransport as createConnectGrpcTransport,
  createConnectTransport,
  createGrpcWebTransport,
} from "@connectrpc/connect-node";
import {
  BadRequestSchema,
  ErrorInfoSchema,
  PreconditionFailureSchema,
  RetryInfoSchema,
} from "@ordermesh/proto/google/rpc/error_details_pb";
import { eventually } from "@ordermesh/testkit/eventually";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { GrpcTransport } from "../src/client.ts";
import { EchoRequestSchema, EchoService } from "./echo-contract.ts";
import { connectTo, type EchoServer, startEchoServer } from "./echo-server.ts";

let server: EchoServer;
let ours: GrpcTransport;

beforeAll(async () => {
  server = await startEchoServer();
  ours = await connectTo([server]);
});

afterAll(async () => {
  ours.close();
  server.state.release();
  await server.stop(8_000);
  // All clients but ours still have their connections; none of them may keep the server from stopping.
  expect(server.log.filter(({ msg }) => msg.includes("cut off"))).toEqual([]);
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
    name: "Connect with JSON",
    connect: () =>
      createConnectTransport({ baseUrl: server.url, httpVersion: "1.1", useBinaryFormat: false }),
    duplex: false,
  },
  {
    name: "Connect with protobuf",
    connect: () => createConnectTransport({ baseUrl: server.url, httpVersion: "1.1", useBinaryFormat: true }),
    duplex: false,
  },
];

describe.each(stacks)("$name", ({ connect, duplex }) => {
  let client: ReturnType<typeof createClient<typeof EchoService>>;

  beforeAll(() => {
    client = createClient(EchoService, connect());
  });

  beforeEach(() => {
    server.state.started = 0;
    server.state.collected = 0;
    server.state.closed = 0;
    server.state.aborted.length = 0;
  });

  const errorOf = async (work: Promise<unknown>): Promise<ConnectError> => {
    const error = await work.then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(ConnectError);
    return error as ConnectError;
  };

  const collect = async <Item>(items: AsyncIterable<Item>): Promise<Item[]> => {
    const collected: Item[] = [];
    for await (const item of items) {
      collected.push(item);
    }
    return collected;
  };

  test("answers a unary call", async () => {
    const payload = new Uint8Array([0, 1, 255]);
    const response = await client.echo({ text: "grüße", count: 7, payload });
    expect(response).toMatchObject({ text: "grüße", index: 7, payload });
    expect((await client.echo({})).text).toBe("");
  });

  test("streams from the server, in order, also nothing", async () => {
    const responses = await collect(client.repeat({ text: "a", count: 500 }));
    expect(responses.map(({ index }) => index)).toEqual(Array.from({ length: 500 }, (_, index) => index));
    expect(await collect(client.repeat({ text: "a", count: 0 }))).toEqual([]);
    expect(server.state.closed).toBe(2);
  });

  test("streams from the client", async () => {
    async function* requests() {
      for (const text of ["a", "b", "c"]) {
        yield create(EchoRequestSchema, { text });
      }
    }
    expect(await client.collect(requests())).toMatchObject({ text: "a,b,c", index: 3 });
  });

  test("streams both ways, each answer before the next question", async () => {
    let answered: () => void = () => undefined;
    async function* requests() {
      for (const text of ["a", "b", "c"]) {
        const next = new Promise<void>((resolve) => {
          answered = resolve;
        });
        yield create(EchoRequestSchema, { text });
        await next;
      }
    }
    const texts: string[] = [];
    const chat = async () => {
      for await (const { text } of client.chat(requests())) {
        texts.push(text);
        answered();
      }
    };
    if (duplex) {
      await chat();
      expect(texts).toEqual(["a", "b", "c"]);
    } else {
      // HTTP/1.1 cannot: the refusal has to come at once instead of hanging.
      await expect(chat()).rejects.toThrow();
      answered();
    }
  });

  test.each(["unary", "server stream", "client stream"])(
    "sends a failure with all its details (%s)",
    async (kind) => {
      const request = create(EchoRequestSchema, { action: "fail", count: kind === "server stream" ? 2 : 0 });
      const calls: Record<string, () => Promise<unknown>> = {
        unary: () => client.echo(request),
        "server stream": () => collect(client.repeat(request)),
        "client stream": () =>
          client.collect(
            (async function* () {
              yield request;
            })(),
          ),
      };
      const error = await errorOf((calls[kind] as () => Promise<unknown>)());
      expect(error.code).toBe(Code.FailedPrecondition);
      expect(error.rawMessage).toBe("Only 3 of 5 are in stock — order fewer.");
      expect(error.findDetails(ErrorInfoSchema)).toMatchObject([
        { reason: "INSUFFICIENT_STOCK", domain: "ordermesh", metadata: { sku: "17", order_id: "5" } },
      ]);
      expect(error.findDetails(BadRequestSchema)[0]?.fieldViolations).toMatchObject([
        { field: "lines[0].quantity", description: "at most 3" },
      ]);
      expect(error.findDetails(PreconditionFailureSchema)[0]?.violations).toMatchObject([
        { type: "STOCK", subject: "sku/17", description: "2 units short" },
      ]);
      expect(error.findDetails(RetryInfoSchema)[0]?.retryDelay).toMatchObject({
        seconds: 1n,
        nanos: 500_000_000,
      });
      expect(JSON.stringify(error)).not.toContain("secret cause");
    },
  );

  test("keeps a defect to itself and gives an id to find it by", async () => {
    const error = await errorOf(client.echo({ action: "defect" }));
    expect(error.code).toBe(Code.Internal);
    expect(error.rawMessage).toBe("internal error");
    const [info] = error.findDetails(ErrorInfoSchema);
    expect(info?.metadata.trace_id).toBe(server.state.lastCall?.traceId);
    expect(info?.metadata.trace_id).toMatch(/^[0-9a-f]{32}$/);
    expect(JSON.stringify([error, [...error.metadata]])).not.toContain("hunter2");
  });

  test.each(["headers", "headers-fail"])(
    "carries headers and trailers, text and binary (%s)",
    async (action) => {
      const headers = {
        "x-question": "why",
        "x-question-bin": encodeBinaryHeader(new Uint8Array([1, 2, 254])),
      };
      let header = new Headers();
      let trailer = new Headers();
      const call = client.echo(
        { action },
        {
          headers,
          onHeader: (received) => {
            header = received;
          },
          onTrailer: (received) => {
            trailer = received;
          },
        },
      );
      if (action === "headers-fail") {
        // A failed call has both in one place.
        header = trailer = (await errorOf(call)).metadata;
      } else {
        await call;
      }
      expect(header.get("x-answer")).toBe("why!");
      expect([...decodeBinaryHeader(header.get("x-answer-bin") ?? "")]).toEqual([254, 253, 1]);
      expect(trailer.get("x-late")).toBe("trailer");
      expect([...decodeBinaryHeader(trailer.get("x-late-bin") ?? "")]).toEqual([0, 255]);
    },
  );

  test("ends a call at its deadline, and its handler learns of it", async () => {
    const error = await errorOf(client.echo({ action: "hang" }, { timeoutMs: 60 }));
    expect(error.code).toBe(Code.DeadlineExceeded);
    // The client's own timer ends the call as well, and its message may be there first.
    const reasons = [String(Code.DeadlineExceeded), String(Code.Canceled)];
    await eventually(() => expect(reasons).toContain(server.state.aborted[0]));
    const stream = await errorOf(collect(client.repeat({ action: "hang", count: 1 }, { timeoutMs: 60 })));
    expect(stream.code).toBe(Code.DeadlineExceeded);
    await eventually(() => expect(server.state.aborted).toHaveLength(2));
  });

  test("tells the handler how much time is left", async () => {
    await client.echo({}, { timeoutMs: 5_000 });
    const left = server.state.lastCall?.remainingMs() ?? 0;
    expect(left).toBeGreaterThan(3_000);
    expect(left).toBeLessThanOrEqual(5_000);
  });

  test("stops the handler when the client cancels", async () => {
    const controller = new AbortController();
    const call = errorOf(client.echo({ action: "hang" }, { signal: controller.signal }));
    await eventually(() => expect(server.state.started).toBe(1));
    controller.abort();
    expect((await call).code).toBe(Code.Canceled);
    await eventually(() => expect(server.state.aborted).toEqual([String(Code.Canceled)]));
  });

  test("stops a stream's handler when the client cancels", async () => {
    const controller = new AbortController();
    const seen: number[] = [];
    const call = (async () => {
      for await (const { index } of client.repeat(
        { action: "hang", count: 3 },
        { signal: controller.signal },
      )) {
        seen.push(index);
        if (index === 2) {
          controller.abort();
        }
      }
    })();
    expect((await errorOf(call)).code).toBe(Code.Canceled);
    expect(seen).toEqual([0, 1, 2]);
    await eventually(() => expect(server.state.closed).toBe(1));
    await eventually(() => expect(server.state.aborted).toEqual([String(Code.Canceled)]));
  });

  test("does not take a stream that the client broke off for a whole one", async () => {
    const rounds = 20;
    for (let round = 0; round < rounds; round += 1) {
      const controller = new AbortController();
      const requests = (async function* () {
        for (let message = 0; ; message += 1) {
          yield create(EchoRequestSchema, { text: "half" });
          if (message === round % 4) {
            await eventually(() => expect(server.state.started).toBe(round + 1), { everyMs: 1 });
            controller.abort();
          }
        }
      })();
      const error = await errorOf(client.collect(requests, { signal: controller.signal }));
      expect(error.code).toBe(Code.Canceled);
    }
    // The reset is a packet of its own behind the end: on a machine that is too busy it may come too late, now and then.
    await eventually(() => expect(server.state.aborted.length + server.state.collected).toBe(rounds));
    expect(server.state.collected).toBeLessThanOrEqual(2);
  });

  test("refuses a message that breaks the contract, naming the field", async () => {
    async function* requests() {
      yield create(EchoRequestSchema, { count: 1 });
      yield create(EchoRequestSchema, { count: 1001 });
    }
    const calls = [
      client.echo({ count: 1001 }),
      collect(client.repeat({ count: 1001 })),
      client.collect(requests()),
    ];
    for (const error of await Promise.all(calls.map(errorOf))) {
      expect(error.code).toBe(Code.InvalidArgument);
      expect(error.rawMessage).toContain("count: ");
      expect(error.findDetails(BadRequestSchema)[0]?.fieldViolations.map(({ field }) => field)).toEqual([
        "count",
      ]);
    }
  });

  test("takes 4 MiB less a little and refuses more, both ways", async () => {
    const fits = new Uint8Array(2.5 * 1024 * 1024);
    expect((await client.echo({ payload: fits })).payload.byteLength).toBe(fits.byteLength);
    const tooLarge = new Uint8Array(4 * 1024 * 1024 + 1);
    const request = await errorOf(client.echo({ payload: tooLarge }));
    expect(request.code).toBe(Code.ResourceExhausted);
    const response = await errorOf(client.echo({ action: "megabytes", count: 5 }));
    expect(response.code).toBe(Code.ResourceExhausted);
    const stream = await errorOf(collect(client.repeat({ payload: tooLarge, count: 1 })));
    expect(stream.code).toBe(Code.ResourceExhausted);
  });
});
