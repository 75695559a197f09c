import { Code, ConnectError, createClient, type Transport } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import {
  Health,
  HealthCheckResponse_ServingStatus as Status,
} from "@ordermesh/proto/grpc/health/v1/health_pb";
import { eventually } from "@ordermesh/testkit/eventually";
import { expect, test } from "vitest";
import { EchoService } from "./echo-contract.ts";
import { connectTo, type EchoServer, startEchoServer } from "./echo-server.ts";
import { connectRaw } from "./wire.ts";

const cutOff = (server: EchoServer) => server.log.filter(({ msg }) => msg.includes("cut off"));

async function readToEnd<Item>(
  items: AsyncIterable<Item>,
): Promise<{ items: Item[]; error: ConnectError | undefined }> {
  const read: Item[] = [];
  try {
    for await (const item of items) {
      read.push(item);
    }
    return { items: read, error: undefined };
  } catch (error) {
    return { items: read, error: ConnectError.from(error) };
  }
}

test.each(["gRPC", "Connect"])("calls in flight finish while the server stops: %s", async (protocol) => {
  const server = await startEchoServer();
  const ours = await connectTo([server]);
  const transport =
    protocol === "gRPC"
      ? ours.transport
      : createConnectTransport({ baseUrl: server.url, httpVersion: "1.1" });
  const client = createClient(EchoService, transport);
  const calls = Array.from({ length: 20 }, (_, index) =>
    client.echo({ text: `call ${index}`, action: "hang-deaf" }),
  );
  await eventually(() => expect(server.state.started).toBe(20));
  const stopped = server.stop(10_000);
  // The port is given up at once, so that the next instance may have it.
  await eventually(async () => {
    const next = await startEchoServer({ port: server.address.port });
    await next.stop(1_000);
  });
  server.state.release();
  expect((await Promise.all(calls)).map(({ text }) => text)).toEqual(
    calls.map((_, index) => `call ${index}`),
  );
  await stopped;
  expect(cutOff(server)).toEqual([]);
  ours.close();
});

test("says NOT_SERVING first, then asks streams to end, and tells their clients to come back", async () => {
  const server = await startEchoServer({ limits: { streamGraceMs: 100 } });
  server.setServing(true);
  const { transport, close } = await connectTo([server], { services: [EchoService, Health] });
  const watching = readToEnd(createClient(Health, transport).watch({}, { timeoutMs: Infinity }));
  const listening = readToEnd(createClient(EchoService, transport).repeat({ count: 2, action: "hang" }));
  const deaf = readToEnd(createClient(EchoService, transport).repeat({ count: 1, action: "hang-deaf" }));
  await eventually(() => expect(server.state.started).toBe(2));
  await server.stop(5_000);

  const health = await watching;
  expect(health.items.map(({ status }) => status)).toEqual([Status.SERVING, Status.NOT_SERVING]);
  for (const { error } of [health, await listening, await deaf]) {
    expect(error?.code).toBe(Code.Unavailable);
    expect(error?.rawMessage).toContain("Connect again");
  }
  expect((await listening).items).toHaveLength(2);
  expect(server.state.aborted).toEqual([String(Code.Unavailable), String(Code.Unavailable)]);
  expect(cutOff(server)).toEqual([]);
  server.state.release();
  await eventually(() => expect(server.state.closed).toBe(2));
  close();
});

test("a short stream ends by itself while the server stops", async () => {
  const server = await startEchoServer({ limits: { streamGraceMs: 5_000 } });
  const { transport, close } = await connectTo([server]);
  const stream = readToEnd(createClient(EchoService, transport).repeat({ count: 500, action: "hang-deaf" }));
  await eventually(() => expect(server.state.started).toBe(1));
  const stopped = server.stop(30_000);
  server.state.release();
  expect(await stream).toMatchObject({ error: undefined, items: { length: 500 } });
  await stopped;
  close();
});

test.each(["gRPC", "Connect"])("what does not end is ended by force, with a status: %s", async (protocol) => {
  const server = await startEchoServer();
  const ours = await connectTo([server]);
  const transport =
    protocol === "gRPC"
      ? ours.transport
      : createConnectTransport({ baseUrl: server.url, httpVersion: "1.1" });
  const call = createClient(EchoService, transport)
    .echo({ action: "hang-deaf" })
    .catch((error: unknown) => ConnectError.from(error));
  await eventually(() => expect(server.state.started).toBe(1));
  const stopping = server.stop(300);
  expect(server.stop(300)).toBe(stopping);
  await stopping;
  expect(await call).toMatchObject({
    code: Code.Unavailable,
    rawMessage: expect.stringContaining("could not finish"),
  });
  expect(cutOff(server)).toHaveLength(1);
  server.state.release();
  ours.close();
});

test("connections that do nothing do not hold up the stop", async () => {
  const server = await startEchoServer();
  const silent = await connectRaw(server.address.port);
  const idle = await connectRaw(server.address.port);
  idle.socket.write("GET /livez HTTP/1.1\r\nhost: a\r\n\r\n");
  await eventually(() => expect(idle.received()).toContain("alive"));
  const { transport, close } = await connectTo([server]);
  await createClient(EchoService, transport).echo({});
  await server.stop(5_000);
  await Promise.all([silent.closed, idle.closed]);
  expect(cutOff(server)).toEqual([]);
  close();
});

test("a server that is stopping says so on /readyz, and stays not ready", async () => {
  const server = await startEchoServer();
  const readyz = async () => {
    const response = await fetch(`${server.url}/readyz`, { headers: { connection: "close" } });
    return `${response.status} ${await response.text()}`;
  };
  expect(await readyz()).toBe("503 not ready: starting\n");
  server.setServing(true);
  expect(await readyz()).toBe("200 ready\n");
  server.setServing(false, ["database: connection refused", "kafka: no broker"]);
  expect(await readyz()).toBe("503 not ready: database: connection refused; kafka: no broker\n");
  const raw = await connectRaw(server.address.port);
  raw.socket.write("GET /readyz HTTP/1.1\r\nhost: a\r\n");
  await eventually(async () => expect((await fetch(`${server.url}/livez`)).status).toBe(200));
  const stopped = server.stop(5_000);
  server.setServing(true);
  raw.socket.write("\r\n");
  await raw.closed;
  expect(raw.received()).toContain("not ready: stopping");
  expect(raw.received()).toContain("Connection: close");
  await stopped;
});

/** Two servers, of which one at a time is stopped and replaced, while clients with one retry go on calling. */
test.each(["gRPC", "Connect"])(
  "a rolling restart under load fails no call of a client with one retry: %s",
  async (protocol) => {
    const servers = [await startEchoServer(), await startEchoServer()];
    const ports = servers.map(({ address }) => address.port);
    const ours = await connectTo(servers);
    const transports: Transport[] =
      protocol === "gRPC"
        ? [ours.transport]
        : ports.map((port) =>
            createConnectTransport({ baseUrl: `http://127.0.0.1:${port}`, httpVersion: "1.1" }),
          );
    const clients = transports.map((transport) => createClient(EchoService, transport));
    let running = true;
    let calls = 0;
    let retries = 0;
    const failures: string[] = [];

    async function keepCalling(worker: number): Promise<void> {
      for (let turn = worker; running; turn += 1) {
        const text = `${worker}-${turn}`;
        const call = (attempt: number) => clients[(turn + attempt) % clients.length]?.echo({ text });
        try {
          const response = await call(0)?.catch((error: unknown) => {
            retries += 1;
            // HTTP/1.1 has no word for "not processed": a connection that was closed meanwhile is tried again as well.
            if (protocol === "gRPC" && ConnectError.from(error).code !== Code.Unavailable) {
              throw error;
            }
            return call(1);
          });
          expect(response?.text).toBe(text);
          calls += 1;
        } catch (error) {
          failures.push(String(error));
        }
      }
    }

    const workers = Array.from({ length: 16 }, (_, worker) => keepCalling(worker));
    const restarts = 8;
    for (let restart = 0; restart < restarts; restart += 1) {
      const before = calls;
      await eventually(() => expect(calls).toBeGreaterThan(before + 200));
      const which = restart % 2;
      const old = servers[which] as EchoServer;
      await old.stop(10_000);
      expect(cutOff(old)).toEqual([]);
      servers[which] = await startEchoServer({ port: ports[which] });
      const replaced = servers[which];
      // Clients have found the new one before the other goes.
      await eventually(() => expect(replaced.state.started).toBeGreaterThan(20));
    }
    running = false;
    await Promise.all(workers);
    process.stdout.write(
      `${protocol}: ${restarts} restarts, ${calls} calls, ${retries} retries, ${failures.length} failed\n`,
    );
    expect(failures).toEqual([]);
    await Promise.all(servers.map((server) => server.stop(5_000)));
    ours.close();
  },
);
