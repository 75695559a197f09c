import { once } from "node:events";
import { createConnection } from "node:net";
import type { ServiceImpl } from "@connectrpc/connect";
import { TablesService } from "@ordermesh/proto/ordermesh/tables/v1/tables_pb";
import { bindService } from "@ordermesh/rpc/bound-service";
import { startRpcServer } from "@ordermesh/rpc/server";
import { createMetrics } from "@ordermesh/telemetry/metrics";
import { startTracing } from "@ordermesh/telemetry/tracing";
import { eventually } from "@ordermesh/testkit/eventually";
import { testLogger } from "@ordermesh/testkit/test-logger";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { asBrowser, openSocket, refusalOf } from "./socket-client.ts";
import { type OpenTable, openTable, startTablesMesh, type TablesMesh } from "./tables-mesh.ts";

let mesh: TablesMesh;
let table: OpenTable;
let protocols: readonly string[];

beforeAll(async () => {
  mesh = await startTablesMesh();
  table = await openTable(mesh);
  protocols = asBrowser(await table.join("Ada"));
});

afterAll(() => mesh?.stop());

async function anotherGateway(environment: Readonly<Record<string, string>>) {
  const gateway = await mesh.startGateway(environment);
  return { ...gateway, address: `ws://${gateway.host}/ws/session/${table.code}` };
}

describe("a client that", () => {
  test("opens too many connections is refused until one closes", async () => {
    const { address } = await anotherGateway({ GATEWAY_ADDRESS_WEBSOCKETS_MAX: "2" });
    const first = await openSocket(address, { protocols });
    const second = await openSocket(address, { protocols });
    const { status, json, headers } = await refusalOf(openSocket(address, { protocols }));
    expect([status, json.reason, headers["retry-after"]]).toEqual([429, "TOO_MANY_WEBSOCKETS", "10"]);
    first.socket.terminate();
    const third = await eventually(() => openSocket(address, { protocols }));
    second.socket.close();
    third.socket.close();
  });

  test("is one of too many is told to come back", async () => {
    const { address } = await anotherGateway({ GATEWAY_WEBSOCKETS_MAX: "1" });
    const { socket } = await openSocket(address, { protocols });
    expect((await refusalOf(openSocket(address, { protocols }))).status).toBe(503);
    socket.close();
  });

  test("tries too often is refused, and told when to try again", async () => {
    const { address } = await anotherGateway({
      GATEWAY_ADDRESS_REQUESTS_PER_SECOND: "1",
      GATEWAY_ADDRESS_REQUESTS_BURST: "2",
    });
    const outcomes = await Promise.allSettled(
      Array.from({ length: 5 }, () => refusalOf(openSocket(address, {}))),
    );
    const refusals = outcomes.flatMap((outcome) => (outcome.status === "fulfilled" ? [outcome.value] : []));
    expect(refusals.map(({ status }) => status).sort()).toEqual([401, 401, 429, 429, 429]);
    const limited = refusals.find(({ status }) => status === 429);
    expect(limited?.headers).toMatchObject({ "retry-after": "1", ratelimit: expect.stringContaining("r=0") });
  });

  test("makes up tokens of guests has a bucket for each, and its address has one for all", async () => {
    const { host } = await anotherGateway({
      GATEWAY_USER_REQUESTS_PER_SECOND: "1",
      GATEWAY_USER_REQUESTS_BURST: "1",
    });
    const ask = async (token: string) => {
      const headers = { authorization: `Bearer ${token}` };
      return (await fetch(`http://${host}/v1/sessions/${table.sessionId}`, { headers })).status;
    };
    const [guest = "", other = ""] = [protocols[1]?.slice("bearer.".length), await table.join("Bob")];
    expect([await ask(guest), await ask(guest), await ask(other)]).toEqual([200, 429, 200]);
  });

  test("sends and sends is closed, and so is one that sends much", async () => {
    const { address } = await anotherGateway({});
    const talker = await openSocket(address, { protocols });
    for (let frame = 0; frame < 30; frame += 1) {
      talker.socket.send("hello");
    }
    expect((await talker.closed).code).toBe(1008);
    const shouter = await openSocket(address, { protocols });
    shouter.socket.send("x".repeat(2_000));
    expect((await shouter.closed).code).toBe(1009);
  });

  test("answers no ping is cut off", async () => {
    const { address } = await anotherGateway({ GATEWAY_WEBSOCKET_PING_MS: "1000" });
    const alive = await openSocket(address, { protocols });
    const dead = await openSocket(address, { protocols });
    // What it gets it keeps to itself.
    dead.socket.pong = () => {};
    expect((await dead.closed).code).toBe(1006);
    expect(alive.socket.readyState).toBe(alive.socket.OPEN);
    alive.socket.close();
  });

  test("does not read is closed, and told to come back with its cursor", async () => {
    const flood = await startFlood();
    const { address } = await anotherGateway({
      TABLES_ADDRESS: flood.address,
      GATEWAY_WEBSOCKET_BUFFER_BYTES_MAX: "65536",
      GATEWAY_WEBSOCKET_STALLED_MS: "300",
    });
    const { socket, closed, messages } = await openSocket(address, { protocols });
    socket.pause();
    await eventually(() => expect(flood.ended()).toBe(1), { timeoutMs: 30_000 });
    expect(flood.sent()).toBeLessThan(flood.max);
    socket.resume();
    expect(await closed).toEqual({
      code: 4408,
      reason: "You read too slowly. Connect again with your last cursor.",
    });
    // It had what it needs to go on.
    expect(messages.length).toBeGreaterThan(0);
    expect(messages.at(-1)?.cursor).toBe(`${messages.length}`);
  });
});

test("a gateway that stops says so to everybody, and ends", async () => {
  const gateway = await anotherGateway({});
  const clients = await Promise.all(
    Array.from({ length: 20 }, () => openSocket(gateway.address, { protocols })),
  );
  const stopping = gateway.stop();
  expect(await Promise.all(clients.map(({ closed }) => closed))).toEqual(
    clients.map(() => ({
      code: 1012,
      reason: "This gateway stops. Connect again with your last cursor.",
    })),
  );
  await stopping;
});

test("a client that would rather speak HTTP/2 is served over HTTP/1.1, body and all", async () => {
  const socket = createConnection(Number(mesh.host.split(":")[1]), "127.0.0.1");
  let text = "";
  socket.on("data", (chunk) => {
    text += chunk.toString();
  });
  const body = JSON.stringify({ session_key: "none", user_id: 1 });
  const head = [
    "Host: gateway",
    "Connection: Upgrade, HTTP2-Settings",
    "Upgrade: h2c",
    "HTTP2-Settings: AAM",
  ];
  const post = ["POST /verification/verify/ HTTP/1.1", ...head, `Content-Length: ${body.length}`, "", ""];
  socket.write(post.join("\r\n") + body.slice(0, 10));
  await once(socket, "connect");
  socket.write(body.slice(10));
  await eventually(() => expect(text).toContain('{"reason":"incorrect_session_key"}'));
  socket.write(["GET /livez HTTP/1.1", ...head, "", ""].join("\r\n"));
  await eventually(() => expect(text).toContain("alive"));
  socket.destroy();
});

type Handlers = ServiceImpl<typeof TablesService>;

/** In the place of tables: sends more at once than any buffer on the way holds, which orders would take minutes to. */
async function startFlood() {
  const max = 400;
  let sent = 0;
  let ended = 0;
  const padding = "x".repeat(100_000);
  const logger = testLogger();
  const watchSession: Handlers["watchSession"] = async function* () {
    try {
      for (let index = 1; index <= max; index += 1) {
        sent = index;
        yield { cursor: `${index}`, update: { case: "session", value: { closeReason: padding } } };
      }
    } finally {
      ended += 1;
    }
  };
  const server = await startRpcServer({
    host: "127.0.0.1",
    port: 0,
    services: [
      // Nothing else is called here.
      bindService(TablesService, { watchSession } as Partial<Handlers> as Handlers),
    ],
    logger,
    metrics: createMetrics({ service: "test", version: "0" }),
    tracing: await startTracing({ service: "test", version: "0", endpoint: undefined, sampleRatio: 1 }),
    reflection: false,
  });
  server.setServing(true);
  onTestFinished(() => server.stop(1_000));
  return {
    max,
    address: `127.0.0.1:${server.address.port}`,
    sent: () => sent,
    ended: () => ended,
  };
}
