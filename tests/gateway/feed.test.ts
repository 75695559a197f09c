import { Code, type ConnectError } from "@connectrpc/connect";
import { pause } from "@ordermesh/process/wait";
import { ErrorInfoSchema } from "@ordermesh/proto/google/rpc/error_details_pb";
import { eventually } from "@ordermesh/testkit/eventually";
import { seededRandom } from "@ordermesh/testkit/seeded-random";
import { startTcpProxy } from "@ordermesh/testkit/tcp-proxy";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type FeedReader, openFeedReader } from "./feed-reader.ts";
import { type GatewayMesh, startGatewayMesh } from "./gateway-mesh.ts";
import { send } from "./http.ts";

let mesh: GatewayMesh;
let placed = 0;
const readers: FeedReader[] = [];

beforeAll(async () => {
  mesh = await startGatewayMesh({ TABLES_ADDRESS: "127.0.0.1:1" });
  await mesh.stockProduct(11, 1299n, 100_000);
});

afterAll(async () => {
  await Promise.all(readers.map((reader) => reader.close()));
  await mesh?.stop();
});

async function placeOrder(userId = 1001n): Promise<bigint> {
  placed += 1;
  const { orderId } = await mesh.orders.createOrder({
    userId,
    lines: [{ sku: 11, quantity: 1 }],
    idempotencyKey: `feed order ${placed}`,
  });
  return orderId;
}

async function open(
  topics: readonly string[],
  options: { readonly authorization?: string; readonly baseUrl?: string; readonly once?: boolean } = {},
): Promise<FeedReader> {
  const reader = openFeedReader({
    baseUrl: mesh.url,
    authorization: await mesh.bearer(1001),
    topics,
    ...options,
  });
  readers.push(reader);
  return reader;
}

const isLive = (reader: FeedReader, ...topics: string[]) =>
  eventually(() => {
    for (const topic of topics) {
      expect(reader.kinds).toContain(`${topic} checkpoint`);
    }
  });
const steps = (reader: FeedReader, topic: string) =>
  reader
    .seen(topic)
    .map(({ what }) => (what.case === "order" ? `${what.value.orderId}/${what.value.version}` : what.case));
const reasonOf = (error: ConnectError | undefined) => error?.findDetails(ErrorInfoSchema)[0]?.reason;

test("one stream carries a buyer's orders, one order and notifications, each with its own cursor", async () => {
  const orderId = await placeOrder();
  const topics = ["orders", `order/${orderId}`, "notifications"];
  const reader = await open(topics);
  await isLive(reader, ...topics);
  expect(reader.kinds[0]).toBe("heartbeat");
  await mesh.orders.cancelOrder({ orderId });
  await eventually(() => {
    expect(steps(reader, "orders")).toEqual([`${orderId}/3`]);
    expect(steps(reader, `order/${orderId}`)).toEqual([`${orderId}/3`]);
    expect(reader.seen("notifications").length).toBeGreaterThan(0);
  });
  for (const topic of topics) {
    expect(reader.seen(topic)[0]?.cursor).toMatch(/./);
  }
  await placeOrder(1002n);
  const own = await placeOrder();
  await eventually(() => expect(steps(reader, "orders").at(-1)).toBe(`${own}/2`));
  expect(steps(reader, "orders")).toEqual([`${orderId}/3`, `${own}/1`, `${own}/2`]);
  await reader.close();
});

test("the first bytes come at once, uncompressed, and nobody may keep them", async () => {
  const leaving = new AbortController();
  const message = JSON.stringify({ topics: [{ name: "orders" }] });
  const body = Buffer.concat([Buffer.from([0, 0, 0, 0, message.length]), Buffer.from(message)]);
  const response = await fetch(`${mesh.url}/ordermesh.feed.v1.FeedService/Watch`, {
    method: "POST",
    headers: {
      "content-type": "application/connect+json",
      "connect-protocol-version": "1",
      "accept-encoding": "gzip, br",
      authorization: await mesh.bearer(1001),
    },
    body,
    signal: leaving.signal,
  });
  expect(response.status).toBe(200);
  expect(response.headers.get("content-encoding")).toBeNull();
  expect(response.headers.get("connect-content-encoding")).toBeNull();
  expect(response.headers.get("cache-control")).toBe("no-store");
  expect(response.headers.get("x-accel-buffering")).toBe("no");
  const { value } = await response.body!.getReader().read();
  expect(value?.[0]).toBe(0);
  expect(Buffer.from(value ?? []).toString()).toContain('"heartbeat"');
  leaving.abort();
});

test("over REST it is a stream of events", async () => {
  const leaving = new AbortController();
  const response = await fetch(`${mesh.url}/v1/feed`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      authorization: await mesh.bearer(1001),
      "idempotency-key": "means nothing here",
    },
    body: JSON.stringify({ topics: [{ name: "orders" }] }),
    signal: leaving.signal,
  });
  expect(response.headers.get("content-type")).toBe("text/event-stream");
  const { value } = await response.body!.getReader().read();
  expect(Buffer.from(value ?? []).toString()).toMatch(/^data: \{"heartbeat":\{\}\}\n\n/);
  leaving.abort();
});

test("a topic that is refused or away is told, and the others go on", async () => {
  const foreign = await placeOrder(1002n);
  const names = ["orders", `order/${foreign}`, "order/999999999", "order/x", "location/1", "session/K7M4QX"];
  const reader = await open(names);
  await isLive(reader, "orders");
  const end = async (topic: string) =>
    await eventually(() => {
      const [update] = reader.seen(topic);
      expect(update?.what.case).toBe("end");
      return update?.what.value;
    });
  expect(await end(`order/${foreign}`)).toMatchObject({ code: Code.NotFound, reason: "ORDER_NOT_FOUND" });
  expect(await end("order/999999999")).toMatchObject({ code: Code.NotFound });
  expect(await end("order/x")).toMatchObject({ code: Code.InvalidArgument, reason: "NO_SUCH_TOPIC" });
  await eventually(() => {
    expect(reader.kinds).toContain("location/1 interruption");
    expect(reader.kinds).toContain("session/K7M4QX interruption");
  });
  const orderId = await placeOrder();
  await eventually(() => expect(steps(reader, "orders").at(-1)).toBe(`${orderId}/2`));
  await reader.close();
});

test("a seller and the platform see everybody's orders, and their own where they ask for those", async () => {
  const seller = await open(["orders", "orders/mine"], { authorization: await mesh.bearer(3001, "seller") });
  const platform = await open(["orders", "orders/mine"], {
    authorization: await mesh.bearer(4001, "platform"),
  });
  const stranger = await open(["orders"], { authorization: await mesh.bearer(1009) });
  await isLive(seller, "orders", "orders/mine");
  await isLive(platform, "orders", "orders/mine");
  await isLive(stranger, "orders");
  const orderId = await placeOrder();
  const own = await placeOrder(4001n);
  await eventually(() => {
    expect(steps(seller, "orders")).toContain(`${own}/2`);
    expect(steps(platform, "orders/mine")).toContain(`${own}/2`);
  });
  expect(steps(seller, "orders")).toContain(`${orderId}/2`);
  expect(steps(seller, "orders/mine")).toEqual([]);
  expect(steps(platform, "orders/mine")).toEqual([`${own}/1`, `${own}/2`]);
  expect(steps(stranger, "orders")).toEqual([]);
  await Promise.all([seller.close(), platform.close(), stranger.close()]);
});

test("who has no good token gets nothing, and what can not be meant is refused", async () => {
  for (const authorization of ["", "Bearer e30.e30.e30"]) {
    const { ended } = await open(["orders"], { authorization });
    expect(await ended).toMatchObject({ code: Code.Unauthenticated });
  }
  const authorization = await mesh.bearer(1001);
  const feed = (topics: readonly object[]) =>
    send("POST", `${mesh.url}/v1/feed`, { body: { topics }, authorization });
  expect((await feed([])).json).toMatchObject({ status: 400, reason: "INVALID_REQUEST" });
  expect((await feed(Array(33).fill({ name: "orders" }))).status).toBe(400);
  expect((await feed([{ name: "orders" }, { name: "orders" }])).json.violations).toMatchObject([
    { field: "topics" },
  ]);
  const malformed = await open(["orders"], { once: true });
  await isLive(malformed, "orders");
  await malformed.close();
});

test("when the token is over the stream says so, and goes on with another one", async () => {
  const exp = Math.floor(Date.now() / 1_000) + 2;
  const token = await mesh.issuer.userToken(1001, ["buyer"], { exp });
  const reader = await open(["orders", "notifications"], { authorization: `Bearer ${token}` });
  const error = await reader.ended;
  expect(error).toMatchObject({ code: Code.Unauthenticated });
  expect(reasonOf(error)).toBe("TOKEN_EXPIRED");
  expect(reader.kinds.filter((kind) => kind.endsWith(" end"))).toEqual([]);
});

test("a gateway that stops ends its streams at once", async () => {
  const gateway = await mesh.startGateway();
  const reader = await open(["orders"], { baseUrl: gateway.url, once: true });
  await isLive(reader, "orders");
  await gateway.stop();
  expect(await reader.ended).toMatchObject({ code: Code.Unavailable });
});

test("under cuts on both sides of the gateway nothing is missed and nothing comes twice, on any topic", async () => {
  const random = seededRandom("feed cuts");
  const edge = await startTcpProxy({ host: "127.0.0.1", port: mesh.port });
  const watched = await placeOrder();
  const direct = new AbortController();
  const expected: string[] = [];
  const watching = (async () => {
    for await (const { update } of mesh.orders.watchOrders(
      { userId: 1001n },
      { signal: direct.signal, timeoutMs: Number.POSITIVE_INFINITY },
    )) {
      expected.push(update.case === "change" ? `${update.value.orderId}/${update.value.version}` : "");
    }
  })().catch(() => undefined);
  await eventually(() => expect(expected.length).toBeGreaterThan(0));
  const topics = ["orders", `order/${watched}`, "notifications"];
  const through = { baseUrl: `http://127.0.0.1:${edge.port}` };
  const watchers = await Promise.all([open(topics, through), open(topics, through), open(topics, through)]);
  await Promise.all(watchers.map((reader) => isLive(reader, ...topics)));

  let last = 0n;
  for (let round = 0; round < 30; round += 1) {
    last = await placeOrder();
    if (round === 15) {
      await mesh.orders.cancelOrder({ orderId: watched });
    }
    const fault = random.pick(["edge", "loms", "hang up", "none"] as const);
    if (fault === "edge") {
      edge.cut();
    } else if (fault === "loms") {
      mesh.lomsLink.cut();
    } else if (fault === "hang up") {
      random.pick(watchers).hangUp();
    }
    await pause(random.integer(0, 60));
  }
  for (const reader of watchers) {
    await eventually(() => expect(steps(reader, "orders").at(-1)).toBe(`${last}/2`), { timeoutMs: 40_000 });
    await eventually(() => expect(reader.seen("notifications").length).toBeGreaterThanOrEqual(31), {
      timeoutMs: 40_000,
    });
  }
  await eventually(() => expect(expected.at(-1)).toBe(`${last}/2`));
  direct.abort();
  await watching;
  const changes = expected.filter((step) => step !== "");
  expect(changes).toHaveLength(61);
  const notified = watchers.map((reader) =>
    reader
      .seen("notifications")
      .map(({ what }) => (what.case === "notification" ? what.value.notificationId : 0n)),
  );
  for (const [index, reader] of watchers.entries()) {
    expect(steps(reader, "orders")).toEqual(changes);
    expect(steps(reader, `order/${watched}`)).toEqual([`${watched}/3`]);
    expect(new Set(notified[index]).size).toBe(notified[index]?.length);
    expect(notified[index]).toEqual(notified[0]);
  }
  const reconnects = watchers.reduce((sum, reader) => sum + reader.reconnects(), 0);
  const interruptions = watchers.flatMap(({ kinds }) =>
    kinds.filter((kind) => kind === "orders interruption"),
  ).length;
  process.stdout.write(
    `cuts: edge ${edge.faults()}, loms ${mesh.lomsLink.faults()}; reconnects ${reconnects}, interruptions ${interruptions}\n`,
  );
  expect(edge.faults()).toBeGreaterThan(0);
  expect(reconnects).toBeGreaterThan(3);
  expect(interruptions).toBeGreaterThan(0);
  await Promise.all(watchers.map((reader) => reader.close()));
  await edge.close();
});
