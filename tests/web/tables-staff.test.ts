import { randomUUID } from "node:crypto";
import type { Client } from "@connectrpc/connect";
import { OrderStatus } from "@ordermesh/proto/ordermesh/loms/v1/order_pb";
import { LocationsService } from "@ordermesh/proto/ordermesh/tables/v1/locations_pb";
import type { TablesService } from "@ordermesh/proto/ordermesh/tables/v1/tables_pb";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { callAs } from "./caller.ts";
import { isWebTestable } from "./chromium.ts";
import { makePlace, openTable, order, sitDown } from "./dining.ts";
import { expectAccessible, type People, startPeople, story } from "./people.ts";
import { pressTwice, pressTwiceSlowly } from "./twice.ts";

describe.skipIf(!isWebTestable())("the staff of a location", () => {
  let people: People;
  beforeAll(async () => {
    people = await startPeople();
  });
  afterAll(() => people?.stop());

  test("order for a guest, decline with a reason, divide evenly, write off, and close anyway", async () => {
    const place = await makePlace(people.url);
    const { path, sessionId, tables } = await openTable(people.url, place, "Table 5");
    const staff = await people.demoUser("waiter");
    const guest = await people.newPerson({ width: 360 });
    await story("staff", [staff, guest], async () => {
      await guest.page.goto(path);
      await sitDown(guest.page, "Ana");
      await order(guest.page, "Plum cake");
      const { page } = staff;
      const at = `/places/${place.locationId}/table/${sessionId}`;
      await page.goto(at);
      await page.getByRole("link", { name: /^Decline order/ }).click();
      await page.getByLabel("Why").fill("The oven is cold");
      await pressTwice(page, page.getByRole("button", { name: "Decline the order" }), "ActOnOrder");
      await page.getByRole("dialog").waitFor({ state: "detached" });
      await guest.page.getByText("The oven is cold").waitFor();

      await page.getByRole("link", { name: "Order for the table" }).click();
      await page.getByLabel("For whom").selectOption("Ana");
      await page.getByRole("button", { name: "Add Roast pork" }).click();
      await pressTwice(page, page.getByRole("button", { name: /^Send 1 to the kitchen/ }), "PlaceOrder");
      await page.getByRole("dialog").waitFor({ state: "detached" });
      await guest.page.getByText("Roast pork").waitFor();
      expect(await guest.page.getByText("Roast pork").count()).toBe(1);
      const next = (step: string) => page.getByRole("button", { name: new RegExp(`^${step} order`) });
      // "Prepare" takes the place of "Accept" between two clicks: it was not meant.
      await pressTwiceSlowly(page, next("Accept"), "ActOnOrder", () => next("Prepare").waitFor());
      await expectOrder(tables, sessionId, OrderStatus.ACCEPTED);
      await pressTwice(page, next("Prepare"), "ActOnOrder");
      await expectOrder(tables, sessionId, OrderStatus.PREPARING);
      await pressTwice(page, next("Serve"), "ActOnOrder");
      await expectOrder(tables, sessionId, OrderStatus.SERVED);
      expect(await page.getByRole("alert").count()).toBe(0);

      await page.getByRole("link", { name: "Make the bill" }).click();
      await page.getByText("The same for everybody").click();
      await page.getByRole("button", { name: "One payer more" }).click();
      await page.getByText("EUR 8.45").waitFor();
      await pressTwice(page, page.getByRole("button", { name: "Make the bill" }), "MakeBill");
      await page.getByRole("dialog").waitFor({ state: "detached" });
      await pressTwice(page, page.getByRole("button", { name: /^Take it back/ }), "VoidBill");
      await page.getByText("Taken back").waitFor();
      await page.getByRole("link", { name: "Make the bill" }).click();
      await page.getByText("The same for everybody").click();
      await page.getByRole("button", { name: "One payer more" }).click();
      await page.getByRole("button", { name: "Make the bill" }).click();
      await page.getByText("Share 1 of 2").waitFor();
      await page.getByRole("link", { name: "Write off Share 1 of 2" }).click();
      await page.getByLabel("Why").fill("On the house");
      await pressTwice(page, page.getByRole("button", { name: "Write off", exact: true }), "SettleShare");
      await page.getByText("Written off").waitFor();
      await guest.page.getByText("Written off").waitFor();

      await order(guest.page, "Spritzer");
      await page.getByRole("link", { name: "Close the table…" }).click();
      await page.getByText(/^Not served: 1 × Spritzer, for Ana/).waitFor();
      await page.getByText(/^Not paid: a bill over EUR 16.90/).waitFor();
      await page.getByRole("button", { name: "Close it anyway" }).click();
      await page.getByLabel(/why/).fill("Power cut");
      await pressTwice(page, page.getByRole("button", { name: "Close it anyway" }), "CloseSession");
      await page.getByText("This table is closed").waitFor();
      await page.getByText("Reason: Power cut").waitFor();
      await guest.page.getByRole("heading", { name: /^Table 5 was closed/ }).waitFor();
      // The dialog's address is left first: another one in the middle of that would be dropped.
      await page.getByRole("dialog").waitFor({ state: "hidden" });
      await page.goto(`/places/${place.locationId}?show=all`);
      await page.getByRole("link", { name: /closed.*Table 5/ }).waitFor();
    });
  });

  test("make a location with its hours, its menu and who works there; guests see what is sold out", async () => {
    const staff = await people.demoUser("seller");
    const name = `Kiosk ${randomUUID().slice(0, 6)}`;
    const { userId } = await callAs(people.url, "waiter");
    await story("location", [staff], async () => {
      const { page } = staff;
      await page.goto("/places");
      await page.getByRole("link", { name: "New place" }).first().click();
      await page.getByLabel("Name", { exact: true }).fill("Lindenhof");
      await page.getByLabel("Address").fill(`Square ${name}`);
      await page.getByLabel("Opening hours").fill("whenever");
      await page.getByRole("button", { name: /^Make it/ }).click();
      await page.getByText("“whenever” is no opening hours").waitFor();
      await page.getByLabel("Opening hours").fill("Mon–Fri 11:30–23:00\nSat 9:00-24:00");
      await page.getByRole("button", { name: /^Make it/ }).click();
      await page.getByText("Is another location's").waitFor();
      await page.getByLabel("Name", { exact: true }).fill(name);
      // The error goes with the focus.
      await page.keyboard.press("Tab");
      await page.getByText("Is another location's").waitFor({ state: "detached" });
      await pressTwice(page, page.getByRole("button", { name: /^Make it/ }), "CreateLocation");
      await page.getByText("The menu is empty").waitFor();

      await page.getByRole("link", { name: "New item" }).click();
      await page.getByLabel("Name", { exact: true }).fill("Lentils");
      await page.getByLabel("Price in EUR").fill("much");
      await page.getByRole("button", { name: "Add it" }).click();
      await page.getByText("Write an amount such as 12.50").waitFor();
      await page.getByLabel("Price in EUR").fill("9,5");
      await page.getByLabel("Categories").fill("mains, stews");
      await page.getByLabel("Contains").fill("celery, mustard");
      await pressTwice(page, page.getByRole("button", { name: "Add it" }), "UpsertMenuItem");
      await page.getByText("contains celery, mustard").waitFor();
      await page.getByText("EUR 9.50").waitFor();
      const back = page.getByRole("button", { name: "Lentils can be ordered again" });
      const soldOut = page.getByRole("button", { name: "Lentils is sold out" });
      await pressTwiceSlowly(page, soldOut, "UpsertMenuItem", () => back.waitFor());
      await expectAccessible(page);

      const locationId = BigInt(/\/places\/(\d+)\//.exec(page.url())?.[1] ?? "0");
      await page.getByRole("link", { name: "About" }).click();
      await page.getByText("Mon–Fri 11:30–23:00").waitFor();
      await page.getByRole("link", { name: "Who works here" }).click();
      await page.getByLabel("User ids").fill("waiter");
      await page.getByRole("button", { name: "Save" }).click();
      await page.getByText("“waiter” is no user id").waitFor();
      await page.getByLabel("User ids").fill(String(userId));
      await pressTwice(page, page.getByRole("button", { name: "Save" }), "SetLocationStaff");
      await page.getByText(`user ${userId}`).waitFor();
      await page.getByRole("link", { name: "Change it" }).click();
      await page.getByLabel("Opening hours").fill("Mon–Fri 12:00–22:00");
      await pressTwice(page, page.getByRole("button", { name: "Save" }), "UpdateLocation");
      await page.getByText("Mon–Fri 12:00–22:00").waitFor();

      const { path } = await openTable(people.url, { locationId, name, skus: {} }, "Table 1");
      await page.goto(path);
      await sitDown(page, "Ana");
      await page.getByText("sold out").waitFor();
      expect(await page.getByRole("button", { name: "Add Lentils" }).count()).toBe(0);
      // Menus have no topic: phones ask again by themselves.
      const places = (await callAs(people.url, "seller")).client(LocationsService);
      const { items } = await places.listMenu({ locationId });
      const [lentils] = items.filter((item) => item.name === "Lentils");
      if (lentils !== undefined) {
        await places.upsertMenuItem({ locationId, item: { ...lentils, isSoldOut: false } });
      }
      await page.getByRole("button", { name: "Add Lentils" }).waitFor({ timeout: 20_000 });

      await page.goto(`/places/${locationId}/menu`);
      await page.getByRole("link", { name: "Take Lentils off the menu" }).click();
      await pressTwice(page, page.getByRole("button", { name: "Take it off" }), "RemoveMenuItem");
      await page.getByText("The menu is empty").waitFor();
    });
  });

  test("others' places cannot be worked at", async () => {
    const place = await makePlace(people.url);
    const { sessionId } = await openTable(people.url, place, "Table 9");
    const owner = await callAs(people.url, "seller");
    expect(owner.userId).toBeGreaterThan(0n);
    const buyer = await people.newBuyer();
    await story("others-places", [buyer], async () => {
      await buyer.page.goto(`/places/${place.locationId}/table/${sessionId}`);
      await buyer.page.getByText("This page is for sellers and the platform").waitFor();
      await expectAccessible(buyer.page);
    });
  });
});

/** How the order stands that was placed last, as the service has it. */
async function expectOrder(
  tables: Client<typeof TablesService>,
  sessionId: bigint,
  status: OrderStatus,
): Promise<void> {
  const { session } = await tables.getSession({ sessionId });
  expect(OrderStatus[session?.orders.at(-1)?.status ?? 0]).toBe(OrderStatus[status]);
}
