import { randomInt, randomUUID } from "node:crypto";
import { LocationsService } from "@ordermesh/proto/ordermesh/tables/v1/locations_pb";
import { SettlementKind } from "@ordermesh/proto/ordermesh/tables/v1/session_pb";
import { TableAction, TablesService } from "@ordermesh/proto/ordermesh/tables/v1/tables_pb";
import type { Page } from "playwright-core";
import { clientOf } from "../dining.ts";
import { type Area, openAt, type Screen, type Stage } from "./screen.ts";

/** The panel of those who work at a location, and what its guests see. */
export const tablesArea: Area = {
  name: "tables",
  async prepare(stage) {
    const evening = await prepareEvening(stage);
    return [...panelScreens(evening), ...tableScreens(evening), ...guestScreens(evening, stage)];
  },
};

/** The demo's first location with people in it. */
interface Evening {
  readonly place: string;
  readonly sku: number;
  readonly sessionId: bigint;
  /** A table that was opened just now. */
  readonly emptySessionId: bigint;
  readonly code: string;
  /** With the secret. */
  readonly path: string;
  /** An order that waits, and the share of a bill that nobody has paid. */
  readonly orderId: bigint;
  readonly shareId: bigint;
}

const { ACCEPT, PREPARE, SERVE, DECLINE } = TableAction;

async function prepareEvening(stage: Stage): Promise<Evening> {
  const waiter = await stage.call("waiter");
  const tables = waiter.client(TablesService);
  const places = waiter.client(LocationsService);
  const { locations } = await places.listLocations({ name: "Lindenhof" });
  const locationId = locations[0]?.locationId ?? 0n;
  const { items } = await places.listMenu({ locationId });
  const skuOf = (name: string) => items.find((item) => item.name === name)?.sku ?? 0;

  async function openTable() {
    const { session, link } = await tables.openSession({
      locationId,
      name: `Table ${randomInt(10, 10_000)}`,
    });
    const { pathname, hash } = new URL(link);
    return { sessionId: session?.sessionId ?? 0n, code: session?.code ?? "", path: `${pathname}${hash}` };
  }
  const closed = await openTable();
  await tables.closeSession({ sessionId: closed.sessionId });
  const empty = await openTable();
  const table = await openTable();
  const { sessionId, code } = table;
  async function join(nickname: string) {
    const invitation = { case: "code", value: code } as const;
    const { guestToken } = await clientOf(stage.url, TablesService).joinSession({ invitation, nickname });
    return clientOf(stage.url, TablesService, guestToken);
  }
  const [ana, ben] = [await join("Ana"), await join("Bartholomäus von und zu Hohenstein")];
  async function order(who: typeof ana, name: string, quantity: number, note = "") {
    const lines = [{ sku: skuOf(name), quantity, note }];
    const placed = await who.placeOrder({ sessionId, lines, idempotencyKey: randomUUID() });
    return placed.order?.orderId ?? 0n;
  }
  const step = async (orderId: bigint, ...actions: readonly TableAction[]) => {
    for (const action of actions) {
      await tables.actOnOrder({
        sessionId,
        orderId,
        action,
        ...(action === DECLINE && { reason: "Sold out just now" }),
      });
    }
  };
  await step(await order(ana, "Pretzel soup", 2), ACCEPT, PREPARE, SERVE);
  const { bill } = await tables.makeBill({ sessionId, split: { case: "evenly", value: { shares: 2 } } });
  const [first, second] = bill?.shares ?? [];
  await tables.settleShare({ sessionId, shareId: first?.shareId ?? 0n, kind: SettlementKind.CASH });
  await step(await order(ana, "Roast pork", 1), ACCEPT, SERVE);
  await step(await order(ben, "Lentil roast", 1, "no cabbage"), ACCEPT, PREPARE);
  await step(await order(ben, "Apple strudel", 30), DECLINE);
  await order(tables, "Helles 0.5 l", 3);
  const orderId = await order(ana, "Cheese spaetzle", 1, "with a lot of fried onions, please");
  return {
    ...table,
    emptySessionId: empty.sessionId,
    place: `/places/${locationId}`,
    sku: skuOf("Obatzda"),
    orderId,
    shareId: second?.shareId ?? 0n,
  };
}

function panelScreens({ place, sku, sessionId, orderId }: Evening): readonly Screen[] {
  return [
    { name: "places", who: "waiter", open: (page) => openAt(page, "/places", "Lindenhofplatz") },
    { name: "places-new", who: "waiter", open: (page) => openAt(page, "/places/new", "Opening hours") },
    { name: "tables", who: "waiter", open: (page) => openAt(page, place, /\d waiting/) },
    { name: "tables-all", who: "waiter", open: (page) => openAt(page, `${place}?show=all`, "closed") },
    { name: "kitchen", who: "waiter", open: (page) => openAt(page, `${place}/kitchen`, "Still to make") },
    {
      name: "kitchen-decline",
      who: "waiter",
      unpictured: true,
      open: (page) => openAt(page, `${place}/kitchen/decline/${sessionId}/${orderId}`, "They see why"),
    },
    { name: "menu", who: "waiter", open: (page) => openAt(page, `${place}/menu`, "Obatzda") },
    {
      name: "menu-new",
      who: "waiter",
      unpictured: true,
      open: (page) => openAt(page, `${place}/menu/new`, "Price in EUR"),
    },
    {
      name: "menu-item",
      who: "waiter",
      open: (page) => openAt(page, `${place}/menu/${sku}`, "Price in EUR"),
    },
    {
      name: "menu-remove",
      who: "waiter",
      unpictured: true,
      open: (page) => openAt(page, `${place}/menu/${sku}/remove`, "cannot be ordered any more"),
    },
    { name: "place", who: "waiter", open: (page) => openAt(page, `${place}/about`, "Your own user id") },
    {
      name: "place-edit",
      who: "seller",
      open: (page) => openAt(page, `${place}/about/edit`, "Opening hours"),
    },
    { name: "place-staff", who: "seller", open: (page) => openAt(page, `${place}/about/staff`, "User ids") },
  ];
}

function tableScreens({ place, sessionId, emptySessionId, orderId, shareId }: Evening): readonly Screen[] {
  const at = `${place}/table/${sessionId}`;
  const screens: readonly (readonly [name: string, path: string, text: string | RegExp])[] = [
    ["table", at, "with a lot of fried onions"],
    ["table-new", `${place}/table/${emptySessionId}`, "Nothing was ordered yet"],
    ["table-qr", `${at}/qr`, "Phones cannot open this code yet"],
    ["table-order", `${at}/order`, "Choose something first"],
    ["table-bill", `${at}/bill`, "Who pays what"],
    ["table-decline", `${at}/decline/${orderId}`, "They see why"],
    ["table-write-off", `${at}/write-off/${shareId}`, "no money comes in"],
    ["table-close", `${at}/close`, "It cannot be closed yet"],
  ];
  return screens.map(([name, path, text]) => ({
    name,
    who: "waiter",
    open: (page) => openAt(page, path, text),
    ...(["table-decline", "table-write-off"].includes(name) && { unpictured: true }),
  }));
}

function guestScreens({ place, code, path, shareId }: Evening, stage: Stage): readonly Screen[] {
  const at = `/t/${code}`;
  async function sit(page: Page, address: string, text: string | RegExp): Promise<void> {
    await page.goto(path);
    const join = page.getByRole("button", { name: "Sit down" });
    await join.or(page.getByText("You: Cleo")).first().waitFor();
    if (await join.isVisible()) {
      await page.getByLabel("Your name").fill("Cleo");
      await join.click();
      await page.getByText("You: Cleo").waitFor();
    }
    await openAt(page, address, text);
  }
  return [
    { name: "guest-code", who: "nobody", open: (page) => openAt(page, "/t", "Code of the table") },
    { name: "guest-join", who: "nobody", open: (page) => openAt(page, path, "Your name") },
    {
      name: "guest-menu",
      who: "nobody",
      async open(page) {
        await sit(page, at, "Obatzda");
        if (await page.getByRole("button", { name: "Add Obatzda" }).isVisible()) {
          await page.getByRole("button", { name: "Add Obatzda" }).click();
        }
        await page.getByText("Send 1 to the kitchen").waitFor();
      },
    },
    {
      name: "guest-ordered",
      who: "nobody",
      open: (page) => sit(page, `${at}?show=ordered`, "with a lot of fried onions"),
    },
    {
      name: "guest-split",
      who: "nobody",
      open: (page) => sit(page, `${at}/split?show=ordered`, "Who pays what"),
    },
    {
      name: "guest-pay",
      who: "nobody",
      open: (page) => sit(page, `${at}/pay/${shareId}?show=ordered`, "Card number"),
    },
    {
      name: "guest-wrong-code",
      who: "nobody",
      async open(page) {
        await openAt(page, "/t/ZZZZZZ", "Your name");
        await page.getByRole("button", { name: "Sit down" }).click();
        await page.getByText(/does not work/).waitFor();
      },
    },
    {
      name: "guest-closed",
      who: "nobody",
      async open(page) {
        const tables = (await stage.call("waiter")).client(TablesService);
        const locationId = BigInt(place.split("/").at(-1) ?? "0");
        const { session, link } = await tables.openSession({
          locationId,
          name: `Table ${randomInt(10, 10_000)}`,
        });
        const { pathname, hash } = new URL(link);
        await openAt(page, `${pathname}${hash}`, "Your name");
        await page.getByRole("button", { name: "Sit down" }).click();
        await page.getByRole("button", { name: "Add Obatzda" }).click();
        await tables.closeSession({ sessionId: session?.sessionId ?? 0n });
        await page.getByText(/was closed at/).waitFor();
      },
    },
  ];
}
