import { randomUUID } from "node:crypto";
import type { DescService } from "@bufbuild/protobuf";
import { type Client, createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { LocationsService } from "@ordermesh/proto/ordermesh/tables/v1/locations_pb";
import { TablesService } from "@ordermesh/proto/ordermesh/tables/v1/tables_pb";
import type { Page } from "playwright-core";
import { callAs } from "./caller.ts";
import { pressTwice } from "./twice.ts";

/** A location of a test's own, where the demo user `waiter` works, so that no other test sits at its tables. */
export interface Place {
  readonly locationId: bigint;
  readonly name: string;
  /** By name. */
  readonly skus: Readonly<Record<string, number>>;
}

const menu = [
  { name: "Pea soup", price: 690n, categories: ["starters"], tags: ["vegan"], additives: ["celery"] },
  { name: "Roast pork", price: 1690n, categories: ["mains"], tags: [], additives: ["gluten", "celery"] },
  {
    name: "Plum cake",
    price: 790n,
    categories: ["desserts"],
    tags: ["vegetarian"],
    additives: ["gluten", "egg"],
  },
  { name: "Spritzer", price: 390n, categories: ["drinks"], tags: ["vegan"], additives: [] },
] as const;

export async function makePlace(url: string, name = `House ${randomUUID().slice(0, 8)}`): Promise<Place> {
  const [seller, waiter] = [await callAs(url, "seller"), await callAs(url, "waiter")];
  const places = seller.client(LocationsService);
  const { location } = await places.createLocation({
    location: { name, address: `Lane ${randomUUID().slice(0, 8)}, Munich`, categories: ["restaurant"] },
  });
  const locationId = location?.locationId ?? 0n;
  await places.setLocationStaff({ locationId, userIds: [waiter.userId] });
  const skus: Record<string, number> = {};
  for (const { price, name: dish, categories, tags, additives } of menu) {
    const { item } = await places.upsertMenuItem({
      locationId,
      item: {
        name: dish,
        price: { currencyCode: "EUR", amountMinor: price },
        categories: [...categories],
        tags: [...tags],
        additives: [...additives],
      },
    });
    skus[dish] = item?.sku ?? 0;
  }
  return { locationId, name, skus };
}

/** Opens a table of a place without a page. */
export async function openTable(url: string, { locationId }: Place, name: string) {
  const waiter = await callAs(url, "waiter");
  const tables = waiter.client(TablesService);
  const { session, link } = await tables.openSession({ locationId, name });
  const { pathname, hash } = new URL(link);
  return {
    tables,
    sessionId: session?.sessionId ?? 0n,
    code: session?.code ?? "",
    path: `${pathname}${hash}`,
  };
}

/** Sits down at the table whose page is open. */
export async function sitDown(page: Page, name: string): Promise<void> {
  await page.getByLabel("Your name").fill(name);
  await pressTwice(page, page.getByRole("button", { name: "Sit down" }), "JoinSession");
  await page.getByRole("link", { name: /^Ordered/ }).waitFor();
}

/** Takes one of each dish from the menu, and sends them to the kitchen. */
export async function order(page: Page, ...dishes: readonly string[]): Promise<void> {
  await page.getByRole("link", { name: "Menu" }).click();
  for (const dish of dishes) {
    await page.getByRole("button", { name: `Add ${dish}` }).click();
  }
  await page.getByRole("button", { name: /to the kitchen/ }).click();
  await page.getByRole("heading", { name: /\(you\)$/ }).waitFor();
}

/** Calls with a guest's token, or with none. */
export function clientOf<Service extends DescService>(
  url: string,
  service: Service,
  token?: string,
): Client<Service> {
  const transport = createConnectTransport({
    baseUrl: url,
    httpVersion: "1.1",
    interceptors: [
      (next) => (request) => {
        if (token !== undefined) {
          request.header.set("authorization", `Bearer ${token}`);
        }
        return next(request);
      },
    ],
  });
  return createClient(service, transport);
}
