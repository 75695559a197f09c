import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { callAs } from "./caller.ts";
import { isWebTestable } from "./chromium.ts";
import { makePlace, openTable, order, sitDown } from "./dining.ts";
import { expectAccessible, type People, startPeople, story } from "./people.ts";

describe.skipIf(!isWebTestable())("the staff of a location", () => {
  let people: People;
  beforeAll(async () => {
    people = await startPeople();
  });
  afterAll(() => people?.stop());

  test("order for a guest, decline with a reason, divide evenly, write off, and close anyway", async () => {
    const place = await makePlace(people.url);
    const { path, sessionId } = await openTable(people.url, place, "Table 5");
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
      await page.getByRole("button", { name: "Decline the order" }).dblclick();
      await page.getByRole("dialog").waitFor({ state: "detached" });
      await guest.page.getByText("The oven is cold").waitFor();

      await page.getByRole("link", { name: "Order for the table" }).click();
      await page.getByLabel("For whom").selectOption("Ana");
      await page.getByRole("button", { name: "Add Roast pork" }).click();
      await page.getByRole("button", { name: /^Send 1 to the kitchen/ }).dblclick();
      await page.getByRole("dialog").waitFor({ state: "detached" });
      await guest.page.getByText("Roast pork").waitFor();
      expect(await guest.page.getByText("Roast pork").count()).toBe(1);
      await page.getByRole("button", { name: /^Accept order/ }).click();
      await page.getByRole("button", { name: /^Serve order/ }).click();

      await page.getByRole("link", { name: "Make the bill" }).click();
      await page.getByText("The same for everybody").click();
      await page.getByRole("button", { name: "One payer more" }).click();
      await page.getByText("EUR 8.45").waitFor();
      await page.getByRole("button", { name: "Make the bill" }).click();
      await page.getByText("Share 1 of 2").waitFor();
      await page.getByRole("link", { name: "Write off Share 1 of 2" }).click();
      await page.getByLabel("Why").fill("On the house");
      await page.getByRole("button", { name: "Write off", exact: true }).click();
      await page.getByText("Written off").waitFor();
      await guest.page.getByText("Written off").waitFor();

      await order(guest.page, "Spritzer");
      await page.getByRole("link", { name: "Close the table…" }).click();
      await page.getByText(/^Not served: 1 × Spritzer, for Ana/).waitFor();
      await page.getByText(/^Not paid: a bill over EUR 16.90/).waitFor();
      await page.getByRole("button", { name: "Close it anyway" }).click();
      await page.getByLabel(/why/).fill("Power cut");
      await page.getByRole("button", { name: "Close it anyway" }).click();
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
      await page.getByRole("link", { name: "New location" }).first().click();
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
      await page.getByRole("button", { name: /^Make it/ }).click();
      await page.getByText("The menu is empty").waitFor();

      await page.getByRole("link", { name: "New item" }).click();
      await page.getByLabel("Name", { exact: true }).fill("Lentils");
      await page.getByLabel("Price in EUR").fill("much");
      await page.getByRole("button", { name: "Add it" }).click();
      await page.getByText("Write an amount such as 12.50").waitFor();
      await page.getByLabel("Price in EUR").fill("9,5");
      await page.getByLabel("Categories").fill("mains, stews");
      await page.getByLabel("Contains").fill("celery, mustard");
      await page.getByRole("button", { name: "Add it" }).click();
      await page.getByText("contains celery, mustard").waitFor();
      await page.getByText("EUR 9.50").waitFor();
      await page.getByRole("button", { name: "Lentils is sold out" }).click();
      await page.getByRole("button", { name: "Lentils can be ordered again" }).waitFor();
      await expectAccessible(page);

      const locationId = BigInt(/\/places\/(\d+)\//.exec(page.url())?.[1] ?? "0");
      await page.getByRole("link", { name: "About" }).click();
      await page.getByText("Mon–Fri 11:30–23:00").waitFor();
      await page.getByRole("link", { name: "Who works here" }).click();
      await page.getByLabel("User ids").fill("waiter");
      await page.getByRole("button", { name: "Save" }).click();
      await page.getByText("“waiter” is no user id").waitFor();
      await page.getByLabel("User ids").fill(String(userId));
      await page.getByRole("button", { name: "Save" }).click();
      await page.getByText("and 1 more").waitFor();

      const { path } = await openTable(people.url, { locationId, name, skus: {} }, "Table 1");
      await page.goto(path);
      await sitDown(page, "Ana");
      await page.getByText("sold out").waitFor();
      expect(await page.getByRole("button", { name: "Add Lentils" }).count()).toBe(0);
    });
  });

  test("others' places can not be worked at", async () => {
    const place = await makePlace(people.url);
    const { sessionId } = await openTable(people.url, place, "Table 9");
    const owner = await callAs(people.url, "seller");
    expect(owner.userId).toBeGreaterThan(0n);
    const buyer = await people.newBuyer();
    await story("others-places", [buyer], async () => {
      await buyer.page.goto(`/places/${place.locationId}/table/${sessionId}`);
      await buyer.page.getByText("This page is for seller and platform").waitFor();
      await expectAccessible(buyer.page);
    });
  });
});
