import { pause } from "@ordermesh/process/wait";
import { CheckoutService } from "@ordermesh/proto/ordermesh/checkout/v1/checkout_pb";
import { LomsService } from "@ordermesh/proto/ordermesh/loms/v1/loms_pb";
import { OrderStatus } from "@ordermesh/proto/ordermesh/loms/v1/order_pb";
import { ProductKind, ProductService } from "@ordermesh/proto/ordermesh/product/v1/product_pb";
import { randomFrom } from "@ordermesh/testkit/seeded-random";
import { startServiceProcess } from "../harness/service-process.ts";
import { loadFor } from "./closed-loop.ts";
import { type LoadClient, openLoadClient } from "./grpc-load.ts";
import { type DatabaseServer, startBroker, startProgram } from "./installation.ts";
import { prepareLomsDatabase } from "./loms-database.ts";
import {
  costCell,
  interleave,
  measure,
  measurementCells,
  measurementColumns,
  medianRatio,
} from "./measurement.ts";
import { proportionalBytes, residentBytes } from "./process-usage.ts";
import type { Section, Target } from "./report.ts";
import type { Sizes } from "./sizes.ts";
import { orderRequests, skuCount } from "./workloads.ts";

const concurrency = 64;
const megabyte = 1024 * 1024;
const productsPerCall = 500;

/** What a buyer does: add to the cart, look at it, purchase, pay; and what the mesh needs of memory for that. */
export async function purchasePath(server: DatabaseServer, sizes: Sizes): Promise<Section> {
  const lomsUrl = server.urlOf("loms_purchases");
  await prepareLomsDatabase(lomsUrl);
  const broker = await startBroker();
  const kafka = { KAFKA_BROKERS: broker.address };
  const [loms, product, notifications] = await Promise.all([
    startServiceProcess("loms", { ...kafka, LOMS_DATABASE_URL: lomsUrl }),
    startServiceProcess("product", { PRODUCT_DATABASE_URL: server.urlOf("product_purchases") }),
    startServiceProcess("notifications", {
      ...kafka,
      NOTIFICATIONS_DATABASE_URL: server.urlOf("notifications_purchases"),
    }),
  ]);
  const checkout = await startServiceProcess("checkout", {
    CHECKOUT_DATABASE_URL: server.urlOf("checkout_purchases"),
    LOMS_ADDRESS: `127.0.0.1:${loms.port}`,
    PRODUCT_ADDRESS: `127.0.0.1:${product.port}`,
  });
  const services = {
    loms: loms.pid,
    checkout: checkout.pid,
    product: product.pid,
    notifications: notifications.pid,
  };
  const mesh = { ...services, postgres: server.pid, broker: broker.pid };
  await pause(sizes.idleMs);
  const idle = Object.entries(services).map(([name, pid]) => ({ name, bytes: residentBytes(pid) }));

  const echo = await startProgram("./echo-server.ts");
  const toEcho = openLoadClient(`127.0.0.1:${echo.firstLine}`);
  const toOrders = openLoadClient(`127.0.0.1:${loms.port}`);
  const toCarts = openLoadClient(`127.0.0.1:${checkout.port}`);
  const toProducts = openLoadClient(`127.0.0.1:${product.port}`);
  const { addToCart, listCart, purchase } = CheckoutService.method;
  const nextRequest = orderRequests("uniform", 5);
  const random = randomFrom(6);
  let users = 0;
  let peakBytes = 0;

  async function buy(): Promise<void> {
    users += 1;
    const userId = BigInt(users);
    const sku = random.integer(1, skuCount);
    await toCarts.call(addToCart, { userId, sku, quantity: 1 });
    await toCarts.call(listCart, { userId });
    const { orderId, status } = await toCarts.call(purchase, { userId });
    if (status !== OrderStatus.AWAITING_PAYMENT) {
      throw new Error(`A purchase of the benchmark ended ${OrderStatus[status]}.`);
    }
    await toOrders.call(LomsService.method.payOrder, { orderId });
  }

  try {
    await addProducts(toProducts);
    const results = await interleave(sizes.rounds, {
      echo: () =>
        measure({ client: process.pid, echo: echo.pid }, () =>
          loadFor(sizes.sliceMs, concurrency, () => toEcho.echo(nextRequest())),
        ),
      async purchase(round) {
        const durationMs = round === 0 ? sizes.purchaseWarmUpMs : 2 * sizes.sliceMs;
        const measured = await measure({ client: process.pid, ...mesh }, () =>
          loadFor(durationMs, concurrency, buy),
        );
        const bytes = Object.values(mesh).reduce((sum, pid) => sum + proportionalBytes(pid), 0);
        peakBytes = Math.max(peakBytes, bytes);
        return measured;
      },
    });
    const ratio = medianRatio(results.purchase, results.echo);
    return {
      title: "The purchase path",
      method:
        `${concurrency} buyers, each with a cart of its own: AddToCart, ListCart, Purchase, PayOrder, sent by the echo's client; product, checkout, ` +
        "loms and notifications are processes of their own, and notifications are made meanwhile. They are loaded for " +
        `${sizes.purchaseWarmUpMs / 1000} s before anything is measured: five programs' code is compiled only where it is ` +
        "used, and the echo's is after a second. Memory is what is " +
        `resident: of each service ${sizes.idleMs / 1000} s after it was ready, and of all processes with PostgreSQL and ` +
        "the broker under this load, where pages that several of them share count once.",
      table: {
        columns: [...measurementColumns, "to echo", "cost"],
        rows: [
          [...measurementCells("echo", results.echo), "", costCell(results.echo)],
          [
            ...measurementCells("purchase (4 calls)", results.purchase),
            ratio.toFixed(3),
            costCell(results.purchase),
          ],
          ...idle.map(({ name, bytes }) => [`idle ${name}`, `${megabytes(bytes)} MB`, "", "", "", ""]),
          ["mesh under load", `${megabytes(peakBytes)} MB`, "", "", "", ""],
        ],
      },
      targets: [
        { what: "purchases per echo call", measured: ratio, bound: "at least", target: 0.08, digits: 3 },
        ...idle.map(
          ({ name, bytes }): Target => ({
            what: `resident memory of idle ${name}`,
            measured: bytes / megabyte,
            bound: "at most",
            target: 120,
            digits: 0,
            unit: "MB",
          }),
        ),
        {
          what: "resident memory of the mesh under load",
          measured: peakBytes / megabyte,
          bound: "at most",
          target: 1_500,
          digits: 0,
          unit: "MB",
        },
      ],
    };
  } finally {
    toEcho.close();
    for (const client of [toOrders, toCarts, toProducts]) {
      client.close();
    }
    await echo.stop();
    await checkout.stop();
    await Promise.all([loms.stop(), product.stop(), notifications.stop()]);
    await broker.stop();
  }
}

async function addProducts(client: LoadClient): Promise<void> {
  for (let start = 1; start <= skuCount; start += productsPerCall) {
    await client.call(ProductService.method.batchUpsertProducts, {
      products: Array.from({ length: productsPerCall }, (_, index) => ({
        sku: start + index,
        name: `Product number ${start + index}`,
        kind: ProductKind.PHYSICAL,
        price: { currencyCode: "EUR", amountMinor: BigInt(100 + ((start + index) % 900)) },
      })),
    });
  }
}

function megabytes(bytes: number): string {
  return (bytes / megabyte).toFixed(0);
}
