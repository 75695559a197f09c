import { type Client, Code, ConnectError, createClient, type Transport } from "@connectrpc/connect";
import { CheckoutV1 } from "@ordermesh/proto/checkout_v1/checkout_pb";
import { LomsV1 } from "@ordermesh/proto/loms_v1/loms_pb";
import { CheckoutService } from "@ordermesh/proto/ordermesh/checkout/v1/checkout_pb";
import { LomsService } from "@ordermesh/proto/ordermesh/loms/v1/loms_pb";
import { OrderStatus } from "@ordermesh/proto/ordermesh/loms/v1/order_pb";
import { NotificationsService } from "@ordermesh/proto/ordermesh/notifications/v1/notifications_pb";
import { ProductKind, ProductService } from "@ordermesh/proto/ordermesh/product/v1/product_pb";
import { createGrpcTransport } from "@ordermesh/rpc/client";
import { createMetrics } from "@ordermesh/telemetry/metrics";
import { startTracing } from "@ordermesh/telemetry/tracing";
import { eventually } from "@ordermesh/testkit/eventually";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Caller, headersOf, otherBuyerId, ownerId } from "./callers.ts";
import { type SecuredMesh, startSecuredMesh } from "./secured-mesh.ts";

const services = { LomsService, LomsV1, CheckoutService, CheckoutV1, ProductService, NotificationsService };
const sku = 4711;

let mesh: SecuredMesh;
const transports: Partial<Record<keyof SecuredMesh["addresses"], Transport>> = {};
const cleanups: (() => unknown)[] = [];

let loms: Client<typeof LomsService>;
let checkout: Client<typeof CheckoutService>;
let notifications: Client<typeof NotificationsService>;
let orderId: bigint;

type App = keyof SecuredMesh["addresses"];

const as = async (caller: Caller, app: App = "loms", extra: Record<string, string> = {}) => ({
  headers: { ...extra, ...(await headersOf(mesh.issuer, caller, app)) },
});

async function refusalOf(work: Promise<unknown>): Promise<{ code: Code; text: string }> {
  const error = await work.then(
    (answer) => {
      throw new Error(`the call succeeded: ${JSON.stringify(answer, (_, value) => String(value))}`);
    },
    (thrown: unknown) => ConnectError.from(thrown),
  );
  return { code: error.code, text: error.rawMessage };
}

async function openTransport(address: string): Promise<Transport> {
  const { transport, close } = createGrpcTransport({
    address,
    services: Object.values(services),
    metrics: createMetrics({ service: "test", version: "0" }),
    tracing: await startTracing({ service: "test", version: "0", endpoint: undefined, sampleRatio: 0 }),
    defaultTimeoutMs: 10_000,
  });
  cleanups.push(close);
  return transport;
}

beforeAll(async () => {
  mesh = await startSecuredMesh();
  for (const app of ["loms", "checkout", "product", "notifications"] as const) {
    transports[app] = await openTransport(mesh.addresses[app]);
  }
  loms = createClient(LomsService, transports.loms!);
  checkout = createClient(CheckoutService, transports.checkout!);
  notifications = createClient(NotificationsService, transports.notifications!);

  await createClient(ProductService, transports.product!).upsertProduct(
    {
      product: {
        sku,
        name: "Lamp",
        price: { currencyCode: "EUR", amountMinor: 100n },
        kind: ProductKind.PHYSICAL,
      },
    },
    await as("seller", "product"),
  );
  const receipts = [{ sku, warehouseId: 1n, quantity: 1_000 }];
  await loms.receiveStock({ idempotencyKey: "stock", receipts }, await as("seller"));
  // With the buyer's token to checkout, and with checkout's own to the catalogue and to LOMS.
  await checkout.addToCart({ sku, quantity: 2 }, await as("owner", "checkout"));
  const purchase = await checkout.purchase({}, await as("owner", "checkout"));
  ({ orderId } = purchase);
});

afterAll(async () => {
  for (const cleanup of cleanups.reverse()) {
    await cleanup();
  }
  await mesh?.stop();
});

test("a buyer's purchase goes through all services, and is the buyer's", async () => {
  const { order } = await loms.getOrder({ orderId }, await as("owner"));
  expect(order).toMatchObject({ userId: ownerId, total: { amountMinor: 200n, currencyCode: "EUR" } });
  const { orders } = await loms.listOrders({}, await as("owner"));
  expect(orders.map((one) => one.orderId)).toContain(orderId);
  await eventually(async () => {
    const told = await notifications.listNotifications({}, await as("owner", "notifications"));
    expect(told.notifications[0]?.orderId).toBe(orderId);
  });
});

describe("S02: somebody else's", () => {
  const missing = 999_999_999_999n;

  test("order is as good as none: to be read, canceled, and watched", async () => {
    const minizon = createClient(LomsV1, transports.loms!);
    const stranger = await as("other buyer");
    const calls: ((id: bigint) => Promise<unknown>)[] = [
      (id) => loms.getOrder({ orderId: id }, stranger),
      (id) => loms.cancelOrder({ orderId: id }, stranger),
      (id) => minizon.listOrder({ orderId: id }, stranger),
      (id) => minizon.cancelOrder({ orderId: id }, stranger),
      async (id) => {
        await loms.watchOrders({ orderId: id }, stranger)[Symbol.asyncIterator]().next();
      },
    ];
    for (const call of calls) {
      const foreign = await refusalOf(call(orderId));
      const none = await refusalOf(call(missing));
      expect(foreign.code).toBe(Code.NotFound);
      expect(foreign.text.replaceAll(`${orderId}`, "#")).toBe(none.text.replaceAll(`${missing}`, "#"));
    }
    const { order } = await loms.getOrder({ orderId }, await as("owner"));
    expect(order).toMatchObject({ status: OrderStatus.AWAITING_PAYMENT, version: 2 });
  });

  test("order is not paid for by saying so; not by its owner either", async () => {
    for (const caller of ["owner", "other buyer", "seller", "checkout"] as const) {
      const { code } = await refusalOf(loms.payOrder({ orderId }, await as(caller)));
      expect(code).toBe(Code.PermissionDenied);
    }
  });

  test("orders are in no list, whatever is asked for", async () => {
    const { orders } = await loms.listOrders({}, await as("other buyer"));
    expect(orders).toEqual([]);
    const asked = loms.listOrders({ userId: ownerId }, await as("other buyer"));
    expect((await refusalOf(asked)).code).toBe(Code.NotFound);
    const first = await loms.listOrders({ pageSize: 1 }, await as("platform"));
    expect(first.orders.length).toBe(1);
    await checkout.addToCart({ sku, quantity: 1 }, await as("owner", "checkout"));
    await checkout.purchase({}, await as("owner", "checkout"));
    const { nextPageToken } = await loms.listOrders({ pageSize: 1 }, await as("owner"));
    expect(nextPageToken).not.toBe("");
    const page = loms.listOrders({ pageSize: 1, pageToken: nextPageToken }, await as("other buyer"));
    expect((await refusalOf(page)).code).toBe(Code.InvalidArgument);
  });

  test("changes are in no stream, also from somebody else's cursor", async () => {
    const leave = new AbortController();
    const watch = async (caller: Caller, cursor: string) => {
      const options = { ...(await as(caller)), signal: leave.signal, timeoutMs: Number.POSITIVE_INFINITY };
      return loms.watchOrders({ cursor }, options)[Symbol.asyncIterator]();
    };
    const owners = await watch("owner", "");
    const start = (await owners.next()).value;
    const strangers = await watch("other buyer", start?.cursor ?? "");
    await strangers.next();
    await checkout.addToCart({ sku, quantity: 3 }, await as("owner", "checkout"));
    const bought = await checkout.purchase({}, await as("owner", "checkout"));
    const own = await checkout
      .addToCart({ sku, quantity: 1 }, await as("other buyer", "checkout"))
      .then(async () => await checkout.purchase({}, await as("other buyer", "checkout")));

    const firstChange = async (updates: AsyncIterator<{ update: { case?: string; value?: unknown } }>) => {
      for (;;) {
        const { value } = await updates.next();
        if (value.update.case === "change") {
          return value.update.value as { orderId: bigint; userId: bigint };
        }
      }
    };
    expect(await firstChange(owners)).toMatchObject({ orderId: bought.orderId, userId: ownerId });
    // The owner's change came before, and is not what this one sees first.
    expect(await firstChange(strangers)).toMatchObject({ orderId: own.orderId, userId: otherBuyerId });
    leave.abort();
  });

  test("cart and preferences are out of reach", async () => {
    const stranger = await as("other buyer", "checkout");
    const minizon = createClient(CheckoutV1, transports.checkout!);
    const line = { sku, quantity: 1 };
    await checkout.addToCart(line, await as("owner", "checkout"));
    for (const call of [
      () => checkout.listCart({ userId: ownerId }, stranger),
      () => checkout.addToCart({ userId: ownerId, ...line }, stranger),
      () => checkout.deleteFromCart({ userId: ownerId, ...line }, stranger),
      () => checkout.purchase({ userId: ownerId }, stranger),
      () => minizon.listCart({ user: ownerId }, stranger),
      () => minizon.purchase({ user: ownerId }, stranger),
    ]) {
      expect((await refusalOf(call())).code).toBe(Code.NotFound);
    }
    const { lines } = await checkout.listCart({}, await as("owner", "checkout"));
    expect(lines).toMatchObject([line]);

    const hijack = { preferences: { userId: ownerId, emailAddress: "thief@example.com" } };
    const setting = notifications.setPreferences(hijack, await as("other buyer", "notifications"));
    expect((await refusalOf(setting)).code).toBe(Code.NotFound);
    await notifications.setPreferences(
      { preferences: { emailAddress: "other@example.com" } },
      await as("other buyer", "notifications"),
    );
    const kept = await notifications.getPreferences({}, await as("owner", "notifications"));
    expect(kept.preferences).toMatchObject({ userId: ownerId, emailAddress: "" });
    const own = await notifications.getPreferences({}, await as("other buyer", "notifications"));
    expect(own.preferences).toMatchObject({ userId: otherBuyerId, emailAddress: "other@example.com" });
  });
});

describe("S03: who calls is in the token alone", () => {
  const claims: Record<string, string> = {
    user_id: "1007",
    "X-User-Id": "1007",
    "x-user-id-bin": Buffer.from("1007").toString("base64"),
    "x-roles": "operator",
    role: "operator",
    "x-forwarded-user": "1007",
    "x-forwarded-for": "127.0.0.1",
    "x-authenticated-userid": "1007",
    sub: "1007",
    "authorization-bin": Buffer.from("Bearer x").toString("base64"),
  };

  test("headers and metadata say nothing, over both stacks", async () => {
    const headers = (await as("other buyer", "loms", claims)).headers;
    expect((await refusalOf(loms.getOrder({ orderId }, { headers }))).code).toBe(Code.NotFound);
    const { orders } = await loms.listOrders({}, { headers });
    expect(orders.every(({ userId }) => userId === otherBuyerId)).toBe(true);
    expect((await refusalOf(loms.getOrder({ orderId }, { headers: claims }))).code).toBe(
      Code.Unauthenticated,
    );

    const url = `http://${mesh.addresses.loms}/ordermesh.loms.v1.LomsService/GetOrder`;
    const ask = async (extra: Record<string, string>, body: object) => {
      const response = await fetch(url, {
        method: "POST",
        headers: { "content-type": "application/json", ...claims, ...extra },
        body: JSON.stringify(body),
      });
      return response.status;
    };
    const { authorization = "" } = headers as Record<string, string>;
    expect(await ask({}, { orderId: `${orderId}` })).toBe(401);
    expect(await ask({ authorization }, { orderId: `${orderId}` })).toBe(404);
    // Fields that the contract does not have are not passed over in silence.
    expect(await ask({ authorization }, { orderId: `${orderId}`, userId: "1007" })).toBe(400);
    expect(await ask({ authorization }, { orderId: `${orderId}`, role: "operator" })).toBe(400);
  });

  test("a second authorization header makes the call nobody's, or is not seen", async () => {
    const own = (await headersOf(mesh.issuer, "other buyer", "loms")).authorization ?? "";
    const owners = (await headersOf(mesh.issuer, "owner", "loms")).authorization ?? "";
    for (const order of [
      [own, owners],
      [owners, own],
    ]) {
      const headers = new Headers(order.map((value): [string, string] => ["authorization", value]));
      expect((await refusalOf(loms.getOrder({ orderId }, { headers }))).code).toBe(Code.Unauthenticated);
    }
  });

  test("a price of the buyer's own making is not taken", async () => {
    const free = {
      userId: otherBuyerId,
      idempotencyKey: "free",
      lines: [{ sku, quantity: 1, unitPrice: { currencyCode: "EUR", amountMinor: 0n } }],
    };
    expect((await refusalOf(loms.createOrder(free, await as("other buyer")))).code).toBe(
      Code.PermissionDenied,
    );
    const cheap = { userId: otherBuyerId, items: [{ sku, count: 1 }] };
    const minizon = createClient(LomsV1, transports.loms!);
    expect((await refusalOf(minizon.createOrder(cheap, await as("other buyer")))).code).toBe(
      Code.PermissionDenied,
    );
  });
});

test("platform and operator act for others, and see everything where they name nobody", async () => {
  for (const caller of ["platform", "operator"] as const) {
    expect((await loms.getOrder({ orderId }, await as(caller))).order?.userId).toBe(ownerId);
    const { orders } = await loms.listOrders({}, await as(caller));
    expect(new Set(orders.map(({ userId }) => userId)).size).toBeGreaterThan(1);
    const cart = await checkout.listCart({ userId: ownerId }, await as(caller, "checkout"));
    expect(cart.lines.length).toBeGreaterThan(0);
  }
});

test("miniZON's contract is open where that is wished, and ours is not open with it", async () => {
  const open = await startSecuredMesh({ MINIZON_OPEN: "1" });
  cleanups.push(open.stop);
  const minizon = createClient(LomsV1, await openTransport(open.addresses.loms));
  const ours = createClient(LomsService, await openTransport(open.addresses.loms));
  // It gets as far as the stock, of which there is none.
  const order = await refusalOf(minizon.createOrder({ user: 1n, items: [{ sku, count: 1 }] }));
  expect([Code.FailedPrecondition, Code.NotFound]).toContain(order.code);
  expect((await refusalOf(minizon.stocks({ sku }))).code).toBe(Code.NotFound);
  // Ours would say that there is no such SKU.
  expect((await refusalOf(ours.listStockLevels({ sku }))).code).toBe(Code.Unauthenticated);
  const cart = createClient(CheckoutV1, await openTransport(open.addresses.checkout));
  expect((await cart.listCart({ user: 1n })).items).toEqual([]);
  const ourCart = createClient(CheckoutService, await openTransport(open.addresses.checkout));
  expect((await refusalOf(ourCart.listCart({ userId: 1n }))).code).toBe(Code.Unauthenticated);
});
