import type { DescMethod, DescService } from "@bufbuild/protobuf";
import { MethodOptions_IdempotencyLevel as Idempotency } from "@bufbuild/protobuf/wkt";
import { createClient, type Transport } from "@connectrpc/connect";
import { createConnectTransport, createGrpcWebTransport } from "@connectrpc/connect-node";
import { methodName } from "@ordermesh/auth/method-rule";
import { CheckoutV1 } from "@ordermesh/proto/checkout_v1/checkout_pb";
import { LomsV1 } from "@ordermesh/proto/loms_v1/loms_pb";
import { CheckoutAdminService, CheckoutService } from "@ordermesh/proto/ordermesh/checkout/v1/checkout_pb";
import { FeedService } from "@ordermesh/proto/ordermesh/feed/v1/feed_pb";
import { IdentityService } from "@ordermesh/proto/ordermesh/identity/v1/identity_pb";
import { InventoryService } from "@ordermesh/proto/ordermesh/loms/v1/inventory_pb";
import { LomsService } from "@ordermesh/proto/ordermesh/loms/v1/loms_pb";
import { NotificationsService } from "@ordermesh/proto/ordermesh/notifications/v1/notifications_pb";
import { BacklogService } from "@ordermesh/proto/ordermesh/operations/v1/backlog_pb";
import { OperationsService } from "@ordermesh/proto/ordermesh/operations/v1/operations_pb";
import { PaymentsService } from "@ordermesh/proto/ordermesh/payments/v1/payments_pb";
import { ProductService } from "@ordermesh/proto/ordermesh/product/v1/product_pb";
import { LocationsService } from "@ordermesh/proto/ordermesh/tables/v1/locations_pb";
import { TablesService } from "@ordermesh/proto/ordermesh/tables/v1/tables_pb";
import { ProductService as Route256ProductService } from "@ordermesh/proto/route256/product/product_pb";
import { createGrpcTransport, type GrpcTransport } from "@ordermesh/rpc/client";
import { createMetrics } from "@ordermesh/telemetry/metrics";
import { startTracing } from "@ordermesh/telemetry/tracing";
import { eventually } from "@ordermesh/testkit/eventually";
import { byLength } from "@ordermesh/testkit/test-length";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { allowList, type Outcome, onlyForThemselves } from "./allow-list.ts";
import { callAny, requestAbout } from "./any-call.ts";
import { type Caller, callers, enrol, headersOf, isService, ownerId } from "./callers.ts";
import { operator, type SecuredApp, type SecuredMesh, startSecuredMesh } from "./secured-mesh.ts";

type App = SecuredApp;

/** What each answers itself; the gateway passes the others' on. */
const served: Readonly<Record<App, readonly DescService[]>> = {
  // Payments and notifications serve the same BacklogService.
  loms: [LomsService, InventoryService, LomsV1, BacklogService],
  checkout: [CheckoutService, CheckoutAdminService, CheckoutV1],
  product: [ProductService, Route256ProductService],
  payments: [PaymentsService],
  notifications: [NotificationsService],
  tables: [LocationsService, TablesService],
  identity: [IdentityService],
  gateway: [FeedService, OperationsService],
};

const methods = (Object.entries(served) as [App, readonly DescService[]][]).flatMap(([app, services]) =>
  services.flatMap((service) => service.methods.map((method) => ({ app, method }))),
);

let mesh: SecuredMesh;
let orderId: bigint;
let guestToken: string;
let identityTokens: ReadonlyMap<Caller, string>;
const grpc = new Map<App, GrpcTransport>();

beforeAll(async () => {
  mesh = await startSecuredMesh();
  const tracing = await startTracing({ service: "test", version: "0", endpoint: undefined, sampleRatio: 0 });
  for (const [app, services] of Object.entries(served) as [App, readonly DescService[]][]) {
    const address = mesh.addresses[app];
    const metrics = createMetrics({ service: "test", version: "0" });
    grpc.set(app, createGrpcTransport({ address, services, metrics, tracing, defaultTimeoutMs: 10_000 }));
  }
  identityTokens = await enrol(createClient(IdentityService, grpc.get("identity")!.transport), operator);
  orderId = await placeOrder();
  guestToken = await joinSession();
});

/** With a total, so that there is a payment of it. */
async function placeOrder(): Promise<bigint> {
  const loms = createClient(LomsService, grpc.get("loms")!.transport);
  const headers = await headersOf(mesh.issuer, "platform", "loms");
  await loms.receiveStock(
    { idempotencyKey: "matrix", receipts: [{ sku: 1, warehouseId: 1n, quantity: 1 }] },
    { headers },
  );
  const unitPrice = { currencyCode: "EUR", amountMinor: 100n };
  const order = await loms.createOrder(
    { userId: ownerId, idempotencyKey: "matrix", lines: [{ sku: 1, quantity: 1, unitPrice }] },
    { headers },
  );
  const payments = createClient(PaymentsService, grpc.get("payments")!.transport);
  await eventually(async () => {
    await payments.getPayment(
      { orderId: order.orderId },
      { headers: await headersOf(mesh.issuer, "platform", "payments") },
    );
  });
  return order.orderId;
}

async function joinSession(): Promise<string> {
  const { transport } = grpc.get("tables")!;
  const headers = await headersOf(mesh.issuer, "seller", "tables");
  const { location } = await createClient(LocationsService, transport).createLocation(
    { location: { name: "Cafe", address: "1 Main Street" } },
    { headers },
  );
  const tables = createClient(TablesService, transport);
  const opened = await tables.openSession({ locationId: location?.locationId, name: "Table 1" }, { headers });
  const invitation = { case: "code", value: opened.session?.code ?? "" } as const;
  return (await tables.joinSession({ invitation, nickname: "Ann" })).guestToken;
}

const knownHeaders = new Map<string, Promise<Record<string, string>>>();

/** Made once for each caller and service: signing was most of what a call cost. */
function headersFor(caller: Caller, app: App): Promise<Record<string, string>> {
  const name = `${caller} of ${app}`;
  const headers = knownHeaders.get(name) ?? makeHeaders(caller, app);
  knownHeaders.set(name, headers);
  return headers;
}

async function makeHeaders(caller: Caller, app: App): Promise<Record<string, string>> {
  if (caller === "guest") {
    return { authorization: `Bearer ${guestToken}` };
  }
  const token = app === "identity" ? identityTokens.get(caller) : undefined;
  return token === undefined
    ? await headersOf(mesh.issuer, caller, app)
    : { authorization: `Bearer ${token}` };
}

afterAll(async () => {
  for (const { close } of grpc.values()) {
    close();
  }
  await mesh?.stop();
});

const overHttp1 = (create: typeof createConnectTransport, useHttpGet: boolean) => (app: App) =>
  create({ baseUrl: `http://${mesh.addresses[app]}`, httpVersion: "1.1", useHttpGet });

const throughGateway = (create: typeof createConnectTransport) => () =>
  create({ baseUrl: `http://${mesh.addresses.gateway}`, httpVersion: "1.1" });

/**
 * The contracts of the replaced system are for its clients, which know the services' own ports; backlogs are for the gateway
 * itself to ask for.
 */
const passesGateway = ({ parent }: DescMethod) =>
  parent.typeName.startsWith("ordermesh.") && parent !== BacklogService;

const isOfService = ({ parent }: DescMethod) => !served.gateway.includes(parent);

const protocols: {
  name: string;
  connect: (app: App) => Transport;
  takes: (method: DescMethod) => boolean;
}[] = [
  { name: "gRPC", connect: (app) => grpc.get(app)!.transport, takes: isOfService },
  { name: "gRPC-Web", connect: overHttp1(createGrpcWebTransport, false), takes: isOfService },
  { name: "Connect", connect: overHttp1(createConnectTransport, false), takes: isOfService },
  {
    name: "Connect with GET",
    connect: overHttp1(createConnectTransport, true),
    takes: (method) =>
      isOfService(method) &&
      method.idempotency === Idempotency.NO_SIDE_EFFECTS &&
      method.methodKind === "unary",
  },
  { name: "gRPC-Web and the gateway", connect: throughGateway(createGrpcWebTransport), takes: passesGateway },
  { name: "Connect and the gateway", connect: throughGateway(createConnectTransport), takes: passesGateway },
];

/** What has to become of the call of one caller. */
function expected(app: App, method: DescMethod, caller: Caller): Outcome {
  const allowed = allowList[methodName(method)] ?? [];
  if (allowed.includes(caller)) {
    return "let in";
  }
  // No service calls identity, so that it knows none; and only tables knows its guests.
  if (
    caller === "none" ||
    (caller === "guest" && app !== "tables") ||
    (app === "identity" && isService(caller))
  ) {
    return "Unauthenticated";
  }
  // Whoever may call, but not for this one, must not learn that there is something.
  const isPeer = caller === "other buyer" && allowed.includes("owner");
  const mayForItself = onlyForThemselves[methodName(method)]?.includes(caller) ?? false;
  return isPeer || mayForItself ? "NotFound" : "PermissionDenied";
}

test("S01: every RPC that is served is in the allow list, and no other", () => {
  expect(methods.map(({ method }) => methodName(method)).sort()).toEqual(Object.keys(allowList).sort());
});

/** Services decide alike whatever the protocol: most mistakes show in the first. */
const tried = byLength({ short: protocols.slice(0, 1), whole: protocols });

describe.each(tried)("S01 and S09: who gets in over $name", ({ connect, takes }) => {
  test.each(
    methods.filter(({ method }) => takes(method)).map((one) => [methodName(one.method), one] as const),
  )("%s", async (_, { app, method }) => {
    const transport = connect(app);
    const request = requestAbout(method.input, { userId: ownerId, orderId, productToken: "testtoken" });
    const outcomes: Partial<Record<Caller, Outcome>> = {};
    const wanted: Partial<Record<Caller, Outcome>> = {};
    for (const caller of callers) {
      const headers = await headersFor(caller, app);
      outcomes[caller] = (await callAny(transport, method, request, headers)).outcome;
      wanted[caller] = expected(app, method, caller);
    }
    expect(outcomes).toEqual(wanted);
  });
});
