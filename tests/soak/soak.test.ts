import { pause } from "@ordermesh/process/wait";
import { CheckoutService } from "@ordermesh/proto/ordermesh/checkout/v1/checkout_pb";
import { LomsService } from "@ordermesh/proto/ordermesh/loms/v1/loms_pb";
import { ProductService } from "@ordermesh/proto/ordermesh/product/v1/product_pb";
import { startOwnPostgres } from "@ordermesh/testkit/own-postgres";
import { seededRandom } from "@ordermesh/testkit/seeded-random";
import { expect, test } from "vitest";
import { type App, type Installation, startInstallation } from "../harness/installation.ts";
import { expectAllStored, receiveStock, startOrderLoad } from "../harness/order-load.ts";
import { startOrderWatcher } from "../harness/order-watcher.ts";
import { addProducts, startPurchaseLoad } from "../harness/purchase-load.ts";
import { courseOf, type Sample, sampleOf } from "./samples.ts";

/*
 * A quarter of an hour of mixed load with a random fault every twenty seconds or so (`npm run soak`, which sets
 * SOAK_MINUTES). Replica 0 of each service is never killed: its memory and its handles must not grow, whatever happens
 * to everything around it. At the end all that was answered is there, and verify finds nothing.
 */

const minutes = Number(process.env.SOAK_MINUTES ?? 0);
const sampleEveryMs = 5_000;
const growthMax = 1.05;
/** A handful of connections comes and goes with every fault. */
const handlesMore = 5;
const replicas = { loms: 3, checkout: 2, notifications: 2, product: 2 };
const apps = Object.keys(replicas) as App[];
const environment = {
  // So that unpaid orders expire while the soak goes on; longer than any call is repeated.
  loms: { PAYMENT_WINDOW_MS: "120000" },
  // So that the catalogue has work all the time: a process that idles collects its garbage too rarely to look flat.
  checkout: { CACHE_TTL_MS: "200" },
};
const skus = Array.from({ length: 50 }, (_, index) => index + 1);

type Server = Awaited<ReturnType<typeof startOwnPostgres>>;

/** What can happen to an installation. Each comes back by itself before the next fault. */
function faultsOf(installation: Installation, server: Server, random: ReturnType<typeof seededRandom>) {
  const victim = (app: App) => random.pick(installation.services[app].slice(1));
  return {
    "LOMS killed": async () => {
      const loms = victim("loms");
      await loms.kill();
      await loms.restart();
    },
    "checkout killed": async () => {
      const checkout = victim("checkout");
      await checkout.kill();
      await checkout.restart();
    },
    "notifications killed": async () => {
      const notifications = victim("notifications");
      await notifications.kill();
      await notifications.restart();
    },
    "a service restarted": async () => {
      const service = victim(random.pick(apps));
      await service.stop();
      await service.restart();
    },
    "broker restarted": async () => {
      await installation.broker.stop();
      await pause(random.integer(0, 3_000));
      await installation.broker.start();
    },
    "database crashed": async () => {
      await server.stopImmediately();
      await server.start();
    },
  };
}

test.runIf(minutes > 0)(
  `${minutes} minutes of load and faults leave memory and handles as they were`,
  { timeout: (minutes + 5) * 60_000 },
  async () => {
    const random = seededRandom("soak");
    const server = await startOwnPostgres();
    const installation = await startInstallation({ databaseUrl: server.databaseUrl, replicas, environment });
    const endsAt = Date.now() + minutes * 60_000;
    const witnesses = apps.map((app) => ({ app, process: installation.services[app][0] }));
    const samples = new Map<App, Sample[]>(apps.map((app) => [app, []]));
    const fired = new Map<string, number>();

    function sample(): void {
      for (const { app, process: witness } of witnesses) {
        if (witness !== undefined) {
          samples.get(app)?.push(sampleOf(witness));
        }
      }
    }

    try {
      const orders = await installation.client(LomsService, "loms");
      const checkout = await installation.client(CheckoutService, "checkout");
      await addProducts(await installation.client(ProductService, "product"), skus);
      await receiveStock(orders, skus, 1_000_000);
      const watcher = await startOrderWatcher(orders);
      const pauseMs = () => random.integer(20, 120);
      const orderLoad = startOrderLoad({ orders, random, skus, workers: 8, pauseMs });
      const purchaseLoad = startPurchaseLoad({ checkout, orders, random, skus, workers: 8, pauseMs });
      const sampling = setInterval(sample, sampleEveryMs);
      try {
        const faults = Object.entries(faultsOf(installation, server, random));
        while (Date.now() < endsAt) {
          await pause(Math.min(endsAt - Date.now(), random.integer(10_000, 30_000)));
          if (Date.now() < endsAt) {
            const [name, happen] = random.pick(faults);
            await happen();
            fired.set(name, (fired.get(name) ?? 0) + 1);
            await Promise.all([orderLoad.untilMoreTurns(20), purchaseLoad.untilMoreTurns(20)]);
          }
        }
      } finally {
        clearInterval(sampling);
      }
      await Promise.all([orderLoad.stop(), purchaseLoad.stop()]);
      await watcher.stop();
      const courses = witnesses.map(({ app }) => {
        const taken = samples.get(app) ?? [];
        return {
          app,
          samples: taken.length,
          memory: courseOf(taken.map(({ megabytes }) => megabytes)),
          handles: courseOf(taken.map(({ handles }) => handles)),
        };
      });
      process.stdout.write(
        summaryOf({
          fired,
          courses,
          turns: orderLoad.turns() + purchaseLoad.turns(),
          retries: orderLoad.retries() + purchaseLoad.retries(),
          streams: watcher.endings.length + 1,
        }),
      );
      await expectAllStored(orders, orderLoad, purchaseLoad);
      await installation.expectVerifyClean();
      expect([...fired.values()].reduce((sum, count) => sum + count, 0)).toBeGreaterThan(minutes);
      expect(courses.filter(({ memory }) => !(memory.growth <= growthMax))).toEqual([]);
      expect(
        courses.filter(({ handles }) => !(handles.last <= handles.second * growthMax + handlesMore)),
      ).toEqual([]);
    } finally {
      await installation.stop();
      await server.remove();
    }
  },
);

function summaryOf(result: {
  readonly fired: ReadonlyMap<string, number>;
  readonly courses: readonly {
    readonly app: App;
    readonly samples: number;
    readonly memory: ReturnType<typeof courseOf>;
    readonly handles: ReturnType<typeof courseOf>;
  }[];
  readonly turns: number;
  readonly retries: number;
  readonly streams: number;
}): string {
  const faults = [...result.fired].map(([name, count]) => `  ${count} × ${name}\n`).join("");
  const courses = result.courses
    .map(({ app, samples, memory, handles }) => {
      const megabytes = `${memory.second.toFixed(0)} to ${memory.last.toFixed(0)} MB`;
      const growth = `${((memory.growth - 1) * 100).toFixed(1)} %`;
      return `  ${app}: ${megabytes} (${growth}), ${handles.second} to ${handles.last} handles, ${samples} samples\n`;
    })
    .join("");
  return (
    `\nSoak: ${minutes} minutes\n${result.turns} turns of buyers, ${result.retries} calls repeated, ` +
    `${result.streams} streams of one watcher\nWhat happened\n${faults}` +
    `Replicas that were never killed, from the second third of the time to the last\n${courses}`
  );
}
