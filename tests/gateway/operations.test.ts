import { create, toBinary } from "@bufbuild/protobuf";
import { createKafkaClient } from "@ordermesh/kafka/client";
import { createProducer, type Producer } from "@ordermesh/kafka/producer";
import { findRanges } from "@ordermesh/kafka/read-to-end";
import { hostVerification } from "@ordermesh/ordermesh/verify/host-verification";
import { OrderPaidSchema } from "@ordermesh/proto/ordermesh/events/v1/order_events_pb";
import { eventually } from "@ordermesh/testkit/eventually";
import { testLogger } from "@ordermesh/testkit/test-logger";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type GatewayMesh, startGatewayMesh } from "./gateway-mesh.ts";
import { send } from "./http.ts";

let mesh: GatewayMesh;
let operator: string;
let producer: Producer;
let kafka: ReturnType<typeof createKafkaClient>;

beforeAll(async () => {
  mesh = await startGatewayMesh({ TABLES_ADDRESS: "127.0.0.1:1", VERIFY_ADDRESS: "127.0.0.1:1" });
  operator = await mesh.bearer(5, "operator");
  kafka = createKafkaClient({ brokers: mesh.kafkaBrokers, clientId: "test", logger: testLogger() });
  producer = createProducer(kafka);
  await mesh.stockProduct(11, 1299n, 1000);
});

afterAll(async () => {
  await producer?.close();
  await mesh?.stop();
});

const get = (path: string, authorization = operator) => send("GET", `${mesh.url}${path}`, { authorization });
const redrive = (body: object, authorization = operator) =>
  send("POST", `${mesh.url}/v1/operations/dead-letters/redrive`, { body, authorization });

/** A record that consumers of orders give up at once: its id is none, whatever else is in it. */
async function publishPoison(orderId: bigint): Promise<void> {
  const event = create(OrderPaidSchema, { order: { orderId, userId: 1001n, version: 3 } });
  await producer.publish("orders.events.v1", [
    {
      key: `${orderId}`,
      value: toBinary(OrderPaidSchema, event),
      headers: {
        ce_id: "no id at all",
        ce_type: "ordermesh.events.v1.OrderPaid",
        ce_subject: `${orderId}`,
        traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
      },
    },
  ]);
}

const recordsOnTopic = async () =>
  (await findRanges(kafka, "orders.events.v1"))!.reduce((sum, { low, high }) => sum + high - low, 0n);

test("who does not run the installation is told nothing of it", async () => {
  const paths = ["services", "backlogs", "dead-letters", "verification"];
  for (const path of paths) {
    expect((await send("GET", `${mesh.url}/v1/operations/${path}`)).status, path).not.toBe(200);
    expect((await get(`/v1/operations/${path}`, await mesh.bearer(1001))).status, path).not.toBe(200);
  }
  for (const path of paths.slice(0, 3)) {
    expect((await send("GET", `${mesh.url}/v1/operations/${path}`)).status, path).toBe(401);
    expect((await get(`/v1/operations/${path}`, await mesh.bearer(1001, "seller"))).status, path).toBe(403);
    expect((await get(`/v1/operations/${path}`, await mesh.bearer(4, "platform"))).status, path).toBe(200);
  }
  expect((await redrive({ service: "notifications" }, await mesh.bearer(1001, "seller"))).status).toBe(403);
});

test("every service is listed with its replicas, also one that does not answer", async () => {
  for (let call = 0; call < 5; call += 1) {
    await send("GET", `${mesh.url}/v1/orders`, { authorization: operator });
  }
  const { json, text } = await get("/v1/operations/services");
  const states = new Map(json.services.map((one: { service: string }) => [one.service, one]));
  expect([...states.keys()], text).toEqual(
    expect.arrayContaining([
      "loms",
      "checkout",
      "product",
      "payments",
      "notifications",
      "identity",
      "gateway",
    ]),
  );
  for (const name of ["loms", "checkout", "product", "payments", "notifications", "gateway"]) {
    expect(states.get(name), name).toMatchObject({
      replicas: [
        {
          ready: true,
          problem: "",
          figures: { version: "0.1.0", residentBytes: expect.stringMatching(/^\d{7,}$/) },
        },
      ],
    });
  }
  expect(states.get("identity")).toMatchObject({
    replicas: [{ address: "127.0.0.1:1", ready: false, problem: "nothing listens there" }],
  });
  const loms = states.get("loms") as { replicas: { figures: { callsPerSecond: number; p99Ms: number } }[] };
  expect(loms.replicas[0]?.figures.callsPerSecond).toBeGreaterThan(0);
  expect(loms.replicas[0]?.figures.p99Ms).toBeGreaterThan(0);
});

test("backlogs tell outbox, lag and dead letters of each service, and who can not be asked", async () => {
  await mesh.orders.createOrder({
    userId: 1001n,
    lines: [{ sku: 11, quantity: 1 }],
    idempotencyKey: "an order with events",
  });
  await eventually(async () => {
    const { json } = await get("/v1/operations/backlogs");
    const backlogs = Object.fromEntries(
      json.backlogs.map((one: { service: string }) => [one.service, one]),
    ) as Record<string, object>;
    expect(backlogs.loms).toMatchObject({
      problem: "",
      backlog: {
        outbox: { depth: 0, oldestAge: "0s" },
        consumers: [
          { topic: "payments.events.v1", group: "loms", running: true, lag: "0", deadLetters: "0" },
        ],
        brokerProblem: "",
      },
    });
    expect(backlogs.payments).toMatchObject({ backlog: { outbox: { depth: 0 }, consumers: [{ lag: "0" }] } });
    expect(backlogs.notifications).toMatchObject({
      backlog: { consumers: [{ topic: "orders.events.v1", lag: "0" }] },
    });
    expect(backlogs.tables).toMatchObject({ problem: expect.stringMatching(/not reachable/) });
  });
});

test("dead letters are listed with their reason and what is in them, and sent back one by one or all", async () => {
  await publishPoison(77n);
  await publishPoison(78n);
  const lettersOf = async (service: string) => {
    const { json } = await get(`/v1/operations/dead-letters?service=${service}`);
    return json.deadLetters as { record: Record<string, string>; payloadJson: string; traceId: string }[];
  };
  const letters = await eventually(async () => {
    const found = await lettersOf("notifications");
    expect(found).toHaveLength(2);
    return found;
  });
  const first = letters.find(({ record }) => record.subject === "77")!;
  expect(first).toMatchObject({
    service: "notifications",
    traceId: "0af7651916cd43dd8448eb211c80319c",
    record: {
      topic: "orders.events.v1",
      group: "notifications.order-events",
      reason: expect.stringContaining("ce_id"),
      attempts: expect.any(Number),
      eventType: "ordermesh.events.v1.OrderPaid",
      eventId: "no id at all",
      value: "",
    },
  });
  expect(JSON.parse(first.payloadJson)).toMatchObject({ order: { orderId: "77", userId: "1001" } });
  const all = await get("/v1/operations/dead-letters");
  expect(new Set(all.json.deadLetters.map((one: { service: string }) => one.service))).toEqual(
    new Set(["notifications", "payments"]),
  );
  expect(Object.keys(all.json.problems)).toEqual(["tables"]);

  // It is as bad as before, and becomes a dead letter again: another one, under another id.
  const before = await recordsOnTopic();
  const sent = await redrive({ service: "notifications", ids: [first.record.id] });
  expect(sent.json, sent.text).toEqual({ redriven: 1 });
  expect(await recordsOnTopic()).toBe(before + 1n);
  await eventually(async () => {
    const ids = (await lettersOf("notifications")).map(({ record }) => record.id);
    expect(ids).toHaveLength(2);
    expect(ids).not.toContain(first.record.id);
  });
  expect((await redrive({ service: "notifications", ids: [first.record.id] })).json).toEqual({ redriven: 0 });
  expect((await redrive({ service: "notifications" })).json).toEqual({ redriven: 2 });
  // Payments has its own letters of the same records, and of those that were sent back.
  await eventually(async () => expect((await lettersOf("payments")).length).toBe(5));
  expect((await redrive({ service: "nobody" })).json).toMatchObject({
    status: 404,
    reason: "SERVICE_NOT_FOUND",
  });
  expect((await redrive({ service: "notifications", group: "another" })).json).toMatchObject({
    status: 404,
    reason: "GROUP_NOT_FOUND",
  });
});

test("everything is verified on demand, one run at a time, and the findings are told", async () => {
  const away = await send("POST", `${mesh.url}/v1/operations/verification`, {
    body: {},
    authorization: operator,
  });
  expect(away).toMatchObject({ status: 503, json: { reason: "UPSTREAM_UNAVAILABLE" } });
  const { issuer, databaseUrls, kafkaBrokers } = mesh;
  const verifier = await hostVerification({
    host: "127.0.0.1",
    port: 0,
    mesh: {
      addresses: { identity: "127.0.0.1:1" },
      databaseUrls,
      kafkaBrokers: kafkaBrokers.join(","),
    },
    environment: { IDENTITY_JWKS_URL: issuer.jwksUrl },
    logger: testLogger(),
  });
  const gateway = await mesh.startGateway({ VERIFY_ADDRESS: `127.0.0.1:${verifier!.port}` });
  const url = `${gateway.url}/v1/operations/verification`;
  try {
    expect((await send("GET", url, { authorization: operator })).json).toMatchObject({
      reason: "NEVER_VERIFIED",
    });
    expect((await send("POST", url, { body: {}, authorization: await mesh.bearer(1001) })).status).toBe(403);
    const runs = await Promise.all(
      [1, 2].map(
        async () => (await send("POST", url, { body: {}, authorization: operator })).json.verification,
      ),
    );
    expect(runs[0]).toMatchObject({ startedByUserId: "5", startedTime: runs[1].startedTime });
    const finished = await eventually(
      async () => {
        const { json } = await send("GET", url, { authorization: operator });
        expect(json.verification.state).toBe("VERIFICATION_STATE_FINISHED");
        return json.verification;
      },
      { timeoutMs: 90_000 },
    );
    expect(finished.checks.length).toBeGreaterThan(10);
    expect(finished.checks.map((check: { invariant: string }) => check.invariant)).toEqual(
      expect.arrayContaining(["I1", "I9", "I10", "I11"]),
    );
    expect(finished.problem).toBe("");
  } finally {
    await gateway.stop();
    await verifier!.stop();
  }
});
