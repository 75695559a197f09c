import { eventually } from "@ordermesh/testkit/eventually";
import { freshDatabase } from "@ordermesh/testkit/fresh-database";
import { startTcpProxy } from "@ordermesh/testkit/tcp-proxy";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { type CheckoutMesh, startCheckoutMesh } from "./checkout-mesh.ts";
import { refusal, refusals } from "./refusal.ts";

let mesh: CheckoutMesh;
const userId = 1n;

beforeAll(async () => {
  mesh = await startCheckoutMesh({ CACHE_TTL_MS: "1", PRODUCT_TIMEOUT_MS: "500" });
  await mesh.stockProduct(1, 100n, 100);
  await mesh.checkout.addToCart({ userId, sku: 1, quantity: 3 });
});

afterEach(() => {
  mesh.lomsLink.heal();
  mesh.productLink.heal();
});

afterAll(async () => {
  await mesh?.stop();
});

async function readiness(): Promise<number> {
  const response = await fetch(`http://${mesh.checkoutAddress}/readyz`);
  await response.arrayBuffer();
  return response.status;
}

it("without LOMS: what needs it is UNAVAILABLE, what does not works, and it heals alone", async () => {
  mesh.lomsLink.refuse();
  for (const refused of await refusals([
    mesh.checkout.addToCart({ userId, sku: 1, quantity: 5 }),
    mesh.checkout.purchase({ userId }),
    mesh.minizon.addToCart({ user: userId, sku: 1, count: 5 }),
  ])) {
    expect(refused).toMatchObject({
      code: "Unavailable",
      reason: "UPSTREAM_UNAVAILABLE",
      metadata: { upstream: "LOMS" },
      text: expect.not.stringMatching(/127\.0\.0\.1|ECONN/),
    });
  }
  expect((await mesh.checkout.listCart({ userId })).lines).toMatchObject([{ sku: 1, quantity: 3 }]);
  await mesh.checkout.deleteFromCart({ userId, sku: 1, quantity: 1 });
  expect(await readiness()).toBe(200);

  mesh.lomsLink.heal();
  await eventually(() => mesh.checkout.addToCart({ userId, sku: 1, quantity: 3 }));
  expect(mesh.lomsLink.faults()).toBeGreaterThan(0);
});

it("without the catalogue: carts can be filled, and only what shows prices is UNAVAILABLE", async () => {
  mesh.productLink.refuse();
  for (const refused of await refusals([
    mesh.checkout.listCart({ userId }),
    mesh.checkout.purchase({ userId }),
    mesh.minizon.listCart({ user: userId }),
  ])) {
    expect(refused).toMatchObject({
      code: "Unavailable",
      metadata: { upstream: "ProductService" },
    });
  }
  await mesh.checkout.addToCart({ userId, sku: 1, quantity: 4 });
  // Whether it is on a menu is not known then, and makes no difference.
  expect(await refusal(mesh.checkout.addToCart({ userId, sku: 404, quantity: 1 }))).toMatchObject({
    code: "NotFound",
    reason: "SKU_NOT_FOUND",
  });
  expect(await readiness()).toBe(200);
  expect((await mesh.orders.listOrders({ userId })).orders).toEqual([]);

  mesh.productLink.heal();
  await eventually(() => mesh.checkout.listCart({ userId }));
  expect(mesh.productLink.faults()).toBeGreaterThan(0);
});

it("an upstream that is silent is DEADLINE_EXCEEDED, by its own limit or by the caller's", async () => {
  mesh.productLink.silence();
  expect(await refusal(mesh.checkout.listCart({ userId }))).toMatchObject({
    code: "DeadlineExceeded",
    reason: "UPSTREAM_DEADLINE_EXCEEDED",
  });
  mesh.productLink.heal();
  mesh.lomsLink.silence();
  expect(
    await refusal(mesh.checkout.addToCart({ userId, sku: 1, quantity: 5 }, { timeoutMs: 300 })),
  ).toMatchObject({ code: "DeadlineExceeded" });
  mesh.lomsLink.heal();
  await eventually(() => mesh.checkout.addToCart({ userId, sku: 1, quantity: 5 }));
});

it("without its database checkout waits at start, is UNAVAILABLE later, and heals alone", async () => {
  const database = await freshDatabase();
  const url = new URL(database.url);
  const link = await startTcpProxy({ host: url.hostname, port: Number(url.port) });
  url.host = `127.0.0.1:${link.port}`;
  link.refuse();
  const starting = startCheckoutMesh({ CHECKOUT_DATABASE_URL: url.href });
  await eventually(() => expect(link.faults()).toBeGreaterThan(3));
  link.heal();
  const { checkout, checkoutAddress, stockProduct, stop } = await starting;
  try {
    await stockProduct(1, 100n, 100);
    await checkout.addToCart({ userId: 9n, sku: 1, quantity: 2 });
    link.refuse();
    for (const refused of await refusals([
      checkout.addToCart({ userId: 9n, sku: 1, quantity: 3 }),
      checkout.deleteFromCart({ userId: 9n, sku: 1, quantity: 1 }),
      checkout.listCart({ userId: 9n }),
      checkout.purchase({ userId: 9n }),
    ])) {
      expect(refused).toMatchObject({ code: "Unavailable", reason: expect.stringContaining("DATABASE") });
    }
    await eventually(async () => {
      const response = await fetch(`http://${checkoutAddress}/readyz`);
      expect([response.status, await response.text()]).toEqual([503, expect.stringContaining("database")]);
    });
    link.heal();
    await eventually(async () => {
      expect((await checkout.listCart({ userId: 9n })).lines).toMatchObject([{ sku: 1, quantity: 2 }]);
    });
  } finally {
    await stop();
    await link.close();
    await database.drop();
  }
});
