import { Code, ConnectError } from "@connectrpc/connect";
import { eventually } from "@ordermesh/testkit/eventually";
import { type FreshDatabase, freshDatabase } from "@ordermesh/testkit/fresh-database";
import { startTcpProxy, type TcpProxy } from "@ordermesh/testkit/tcp-proxy";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type ProductUnderTest, startProductUnderTest } from "./product-under-test.ts";

let database: FreshDatabase;
let proxy: TcpProxy;
let service: ProductUnderTest | undefined;

beforeAll(async () => {
  database = await freshDatabase();
  const { hostname, port } = new URL(database.url);
  proxy = await startTcpProxy({ host: hostname, port: Number(port) });
});

afterAll(async () => {
  await service?.stop();
  await proxy?.close();
  await database?.drop();
});

async function readiness(address: string): Promise<number> {
  const response = await fetch(`http://${address}/readyz`);
  await response.arrayBuffer();
  return response.status;
}

it("waits for a database that is away at start, and says so while one is away later", async () => {
  const url = new URL(database.url);
  url.host = `127.0.0.1:${proxy.port}`;
  proxy.refuse();
  service = await startProductUnderTest(url.href);
  const { address, products } = service;
  const answer = async () =>
    products.listSkus({}).then(
      ({ skus }) => `${skus.length} SKUs`,
      (error: unknown) => Code[ConnectError.from(error).code],
    );

  expect(await readiness(address)).toBe(503);
  expect(await answer()).toBe("Unavailable");

  proxy.heal();
  await service.ready;
  await eventually(async () => expect(await readiness(address)).toBe(200));
  expect(await answer()).toBe("0 SKUs");

  proxy.refuse();
  expect(await answer()).toBe("Unavailable");
  await eventually(async () => expect(await readiness(address)).toBe(503));

  proxy.heal();
  await eventually(async () => expect(await readiness(address)).toBe(200));
  expect(await answer()).toBe("0 SKUs");
  process.stdout.write(`database away: ${proxy.faults()} connections refused or cut\n`);
  expect(proxy.faults()).toBeGreaterThan(0);
});
