import { createClient } from "@connectrpc/connect";
import { createConnectTransport, createGrpcWebTransport } from "@connectrpc/connect-node";
import { LomsService } from "@ordermesh/proto/ordermesh/loms/v1/loms_pb";
import { eventually } from "@ordermesh/testkit/eventually";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type GatewayMesh, startGatewayMesh } from "./gateway-mesh.ts";
import { send } from "./http.ts";

let mesh: GatewayMesh;
let buyer: string;
let placed = 0;

beforeAll(async () => {
  mesh = await startGatewayMesh();
  buyer = await mesh.bearer(1001);
  await mesh.stockProduct(11, 1299n, 1000);
});

afterAll(() => mesh?.stop());

async function placeOrder(): Promise<bigint> {
  placed += 1;
  const { orderId } = await mesh.orders.createOrder({
    userId: 1001n,
    lines: [{ sku: 11, quantity: 1 }],
    idempotencyKey: `order ${placed}`,
  });
  return orderId;
}

interface SentEvent {
  readonly id: string | undefined;
  readonly event: string | undefined;
  readonly data: ReturnType<typeof JSON.parse>;
}

/** Reads server-sent events as a browser does, until told to stop. */
async function openEvents(path: string, headers: Readonly<Record<string, string>>) {
  const closing = new AbortController();
  const response = await fetch(`${mesh.url}${path}`, {
    headers: { authorization: buyer, ...headers },
    signal: closing.signal,
  });
  expect(response.status).toBe(200);
  expect(response.headers.get("content-type")).toBe("text/event-stream");
  const seen: SentEvent[] = [];
  const reading = (async () => {
    let text = "";
    for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
      text += chunk;
      const blocks = text.split("\n\n");
      text = blocks.pop() ?? "";
      for (const block of blocks) {
        const field = (name: string) => new RegExp(`^${name}: (.*)$`, "m").exec(block)?.[1];
        seen.push({ id: field("id"), event: field("event"), data: JSON.parse(field("data") ?? "null") });
      }
    }
  })().catch(() => undefined);
  return {
    seen,
    changes: () => seen.filter(({ data }) => data.change !== undefined),
    async close() {
      closing.abort();
      await reading;
    },
    ended: reading,
  };
}

test("orders are watched as server-sent events, and a browser that comes back misses nothing", async () => {
  const first = await openEvents("/v1/order-changes?userId=1001", {});
  await eventually(() => expect(first.seen.length).toBeGreaterThan(0));
  const orderId = await placeOrder();
  await eventually(() => expect(first.changes()).toHaveLength(2));
  expect(first.changes()[1]?.data.change).toMatchObject({
    orderId: `${orderId}`,
    status: "ORDER_STATUS_AWAITING_PAYMENT",
  });
  const last = first.seen.at(-1);
  expect(last?.id).toBe(last?.data.cursor);
  await first.close();

  const missed = await placeOrder();
  const second = await openEvents("/v1/order-changes?userId=1001", { "last-event-id": last?.id ?? "" });
  await eventually(() => expect(second.changes()).toHaveLength(2));
  expect(second.changes().map(({ data }) => data.change.orderId)).toEqual([`${missed}`, `${missed}`]);
  await second.close();
});

test("a stream over Connect and gRPC-Web passes through, and ends where the client ends it", async () => {
  for (const create of [createConnectTransport, createGrpcWebTransport]) {
    const orders = createClient(LomsService, create({ baseUrl: mesh.url, httpVersion: "1.1" }));
    const closing = new AbortController();
    const statuses: string[] = [];
    const options = { headers: { authorization: buyer }, signal: closing.signal };
    const watching = (async () => {
      for await (const { update } of orders.watchOrders({ userId: 1001n }, options)) {
        if (update.case === "checkpoint" && statuses.length === 0) {
          statuses.push("open");
        } else if (update.case === "change") {
          statuses.push(`${update.value.orderId}`);
        }
      }
    })().catch(() => undefined);
    await eventually(() => expect(statuses).toEqual(["open"]));
    const orderId = `${await placeOrder()}`;
    await eventually(() => expect(statuses).toEqual(["open", orderId, orderId]));
    closing.abort();
    await watching;
  }
});

test("notifications come the same way", async () => {
  const events = await openEvents("/v1/new-notifications?user_id=1001", {});
  await eventually(() => expect(events.seen.length).toBeGreaterThan(0));
  const orderId = await placeOrder();
  await eventually(() =>
    expect(events.seen.map(({ data }) => data.notification?.orderId)).toContain(`${orderId}`),
  );
  await events.close();
});

test("a stream that is refused has a status of its own; one that breaks off says why", async () => {
  const bad = await send("GET", `${mesh.url}/v1/order-changes?orderId=-1`, { authorization: buyer });
  expect(bad.status).toBe(400);
  const events = await openEvents("/v1/order-changes?userId=1001", {});
  await eventually(() => expect(events.seen.length).toBeGreaterThan(0));
  mesh.lomsLink.cut();
  await events.ended;
  expect(events.seen.at(-1)).toMatchObject({ event: "problem", data: { status: 503, code: "UNAVAILABLE" } });
  expect(mesh.lomsLink.faults()).toBeGreaterThan(0);
});

test("a gateway that stops ends its streams, and does not wait for them", async () => {
  const gateway = await mesh.startGateway();
  const response = await fetch(`${gateway.url}/v1/order-changes?userId=1001`, {
    headers: { authorization: buyer },
  });
  expect(response.status).toBe(200);
  const reading = response.text();
  await gateway.stop();
  expect(await reading).toMatch(/event: problem\ndata: .*stopping/);
});
