import { randomUUID } from "node:crypto";
import { LocationsService } from "@ordermesh/proto/ordermesh/tables/v1/locations_pb";
import { startTcpProxy } from "@ordermesh/testkit/tcp-proxy";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { callAs } from "./caller.ts";
import { findChromium, isWebTestable, launchChromium } from "./chromium.ts";
import { makePlace, openTable, order, type Place, sitDown } from "./dining.ts";
import { expectAccessible, type People, type Person, peopleAt, startPeople, story } from "./people.ts";
import { cards } from "./shopping.ts";
import { pressTwice } from "./twice.ts";

const hostile = '<img src=x onerror="document.title=1">';
const hostileNote = "no dumpling \u202e __proto__";
const phone = { width: 360, height: 780 };

describe.skipIf(!isWebTestable())("a table", () => {
  let people: People;
  let place: Place;
  beforeAll(async () => {
    people = await startPeople();
    place = await makePlace(people.url);
  });
  afterAll(() => people?.stop());

  /** Somebody with a telephone. */
  async function newGuest(theme: "light" | "dark" = "light"): Promise<Person> {
    const guest = await people.newPerson({ width: phone.width, theme });
    await guest.page.setViewportSize(phone);
    return guest;
  }

  test("from the QR code to the closed table: staff at a desk, two guests with phones", async () => {
    const staff = await people.demoUser("waiter");
    const [ana, ben] = [await newGuest("dark"), await newGuest()];
    const table = `Table ${randomUUID().slice(0, 4)}`;
    await story("seven-steps", [staff, ana, ben], async () => {
      // 1, 2: The staff open a table.
      await staff.page.goto(`/places/${place.locationId}`);
      await staff.page.getByText("No table is open").waitFor();
      await expectAccessible(staff.page);
      await staff.page.getByLabel("New table").fill(table);
      await pressTwice(staff.page, staff.page.getByRole("button", { name: "Open the table" }), "OpenSession");

      // 3: They show the QR code, which here leads to this very machine.
      await staff.page.waitForURL(/\/table\/\d+\/qr$/);
      const dialog = staff.page.getByRole("dialog");
      const qr = dialog.getByRole("img", { name: `QR code of ${table}` });
      await qr.waitFor();
      expect(await qr.evaluate((image) => (image as HTMLImageElement).naturalWidth)).toBeGreaterThan(0);
      await dialog.getByText("Phones cannot open this code yet").waitFor();
      await expectAccessible(staff.page);
      const link = (await dialog.getByRole("link", { name: /Open as guest/ }).getAttribute("href")) ?? "";
      const [, code = "", secret = ""] = /^\/t\/(\w{6})#(.{22})$/.exec(link) ?? [];
      await staff.page.keyboard.press("Escape");
      await dialog.waitFor({ state: "detached" });

      // 4: One guest scans it, the other types the code.
      const asked: string[] = [];
      ana.context.on("request", (request) => asked.push(request.url()));
      await ana.page.goto(link);
      await expectAccessible(ana.page);
      await sitDown(ana.page, "Ana");
      expect(new URL(ana.page.url()).hash).toBe("");
      expect(asked.filter((address) => address.includes(secret))).toEqual([]);
      await ben.page.goto("/t");
      await ben.page
        .getByLabel("Code of the table")
        .fill(` ${code.slice(0, 3).toLowerCase()}-${code.slice(3)}`);
      await ben.page.getByRole("button", { name: "Go on" }).click();
      await sitDown(ben.page, `Ben ${hostile}`);

      // 5: They order, and everybody sees it. Pressed twice, it is ordered once.
      await ben.page.getByRole("link", { name: /^Ordered/ }).click();
      await orderAndMeasure(ana.page, [ben.page, staff.page]);
      await order(ben.page, "Plum cake");
      await ana.page.getByText("Plum cake").waitFor();
      await expectAccessible(ana.page);
      for (const { page } of [ana, ben, staff]) {
        expect(await page.getByText("Roast pork").count()).toBe(1);
        await page.getByText("EUR 41.70").first().waitFor();
        await page.getByText(`Ben ${hostile}`).first().waitFor();
      }

      // A slip is taken back, before it is accepted.
      await order(ben.page, "Spritzer");
      await pressTwice(ben.page, ben.page.getByRole("button", { name: "Cancel Spritzer" }), "ActOnOrder");
      await ana.page.getByText("Canceled").waitFor();

      // 6: The kitchen works.
      await staff.page.getByText("‹ Tables").click();
      await staff.page.getByText("2 waiting").waitFor();
      await staff.page.getByRole("link", { name: /^Kitchen/ }).click();
      const [first] = await staff.page.getByRole("article").all();
      await first?.getByText("no dumpling").waitFor();
      await expectAccessible(staff.page);
      await cook(staff.page, 2);
      await staff.page.getByText("Nothing to do").waitFor();
      await ana.page.getByText("Served").nth(1).waitFor();

      // A reload is the same guest.
      await ana.page.reload();
      await ana.page.getByText("You: Ana").waitFor();
      await payTheBill(ana.page, ben.page);

      // 7: The staff take the rest in cash and close; everybody is told.
      await staff.page.getByRole("link", { name: "Tables" }).click();
      await staff.page.getByRole("link", { name: new RegExp(table) }).click();
      await staff.page.getByRole("link", { name: "Close the table…" }).click();
      await staff.page.getByText(/^Not paid: a bill over EUR 41.70/).waitFor();
      await expectAccessible(staff.page);
      await staff.page.getByRole("button", { name: "Not now" }).click();
      const cash = staff.page.getByRole("button", { name: /^Cash from Ben/ });
      await pressTwice(staff.page, cash, "SettleShare");
      await staff.page.getByText("Settled").waitFor();
      await ben.page.getByText("All of it is paid").waitFor();
      await ben.page.getByRole("link", { name: "Menu" }).click();
      await ben.page.getByRole("button", { name: "Add Pea soup" }).click();
      await staff.page.getByRole("link", { name: "Close the table…" }).click();
      await pressTwice(
        staff.page,
        staff.page.getByRole("button", { name: "Close the table" }),
        "CloseSession",
      );
      await staff.page.getByText("This table is closed").waitFor();
      await expectAccessible(staff.page);
      for (const { page } of [ana, ben]) {
        await page.getByRole("heading", { name: new RegExp(`${table} was closed`) }).waitFor();
        await page.getByText("Total EUR 41.70, paid.").waitFor();
        await expectAccessible(page);
      }
      await ben.page.getByText(/One item that you had chosen was not sent/).waitFor();
      await ben.page.reload();
      await ben.page.getByText("Total EUR 41.70, paid.").waitFor();
    });
  });

  test("a code that was replaced, a wrong one, and too many tries", async () => {
    const { code, path, sessionId, tables } = await openTable(
      people.url,
      place,
      `Table ${randomUUID().slice(0, 4)}`,
    );
    const staff = await people.demoUser("waiter");
    const [ana, late] = [await newGuest(), await newGuest("dark")];
    await story("codes", [staff, ana, late], async () => {
      await ana.page.goto(path);
      await sitDown(ana.page, "");
      await ana.page.getByText(/You: Guest \d\d/).waitFor();
      await staff.page.goto(`/places/${place.locationId}/table/${sessionId}/qr`);
      await staff.page.getByText(`${code.slice(0, 3)} ${code.slice(3)}`).waitFor();
      await staff.page.getByRole("button", { name: "New code…" }).click();
      const newCode = staff.page.getByRole("button", { name: "Make a new code" });
      await pressTwice(staff.page, newCode, "RotateInvitation");
      await staff.page.getByText(`${code.slice(0, 3)} ${code.slice(3)}`).waitFor({ state: "detached" });

      // Who had joined stays; who has the old link is told what to do.
      await order(ana.page, "Pea soup");
      // Asked once more before somebody has to go: a double click does not answer that.
      await staff.page.keyboard.press("Escape");
      await staff.page.getByRole("button", { name: /^Remove Guest/ }).dblclick();
      const forGood = staff.page.getByRole("button", { name: /^Remove Guest .* for good/ });
      await forGood.waitFor();
      const { session } = await tables.getSession({ sessionId });
      expect(session?.guests.filter(({ isRemoved }) => isRemoved)).toEqual([]);
      await pressTwice(staff.page, forGood, "RemoveGuest");
      await ana.page.getByText("You are not at this table any more").waitFor();

      await late.page.goto(path);
      await late.page.getByRole("button", { name: "Sit down" }).click();
      await late.page
        .getByRole("alert")
        .getByText(/does not work/)
        .waitFor();
      await expectAccessible(late.page);

      const body = '{"code":"resource_exhausted","message":"Too many wrong codes. Try again in 60 s."}';
      await late.page.route("**/*.TablesService/JoinSession", (route) =>
        route.fulfill({ status: 429, contentType: "application/json", body }),
      );
      await late.page.getByLabel("Code of the table").fill("ZZZZZZ");
      await late.page.getByRole("button", { name: "Go on" }).click();
      await late.page.getByRole("button", { name: "Sit down" }).click();
      await late.page.getByRole("alert").getByText("Too many wrong codes. Try again in 60 s.").waitFor();
    });
  });

  test("a phone whose connection breaks says so, and goes on with what happened meanwhile", async () => {
    const { hostname, port } = new URL(inject("webUrl"));
    const link = await startTcpProxy({ host: hostname, port: Number(port) });
    const browser = await launchChromium(findChromium() ?? "");
    const guest = await peopleAt(`http://127.0.0.1:${link.port}`, browser).newPerson({ width: 360 });
    const { page } = guest;
    try {
      const { path, tables, sessionId } = await openTable(
        people.url,
        place,
        `Table ${randomUUID().slice(0, 4)}`,
      );
      await page.goto(path);
      await sitDown(page, "Ana");
      await order(page, "Pea soup");
      await page.getByText("live", { exact: true }).waitFor();
      link.refuse();
      await page.getByText("Reconnecting…").waitFor();
      const sku = place.skus.Spritzer ?? 0;
      await tables.placeOrder({ sessionId, lines: [{ sku, quantity: 2 }], idempotencyKey: randomUUID() });
      await page.getByText("Pea soup").waitFor();
      link.heal();
      await page.getByText("Spritzer").waitFor();
      await page.getByText("live", { exact: true }).waitFor();
      expect(link.faults()).toBeGreaterThan(0);
    } finally {
      await browser.close();
      await link.close();
    }
  });

  test("what is sold out meanwhile is said, and the rest can be sent; removed from the table, one is told", async () => {
    const { path, tables, sessionId } = await openTable(
      people.url,
      place,
      `Table ${randomUUID().slice(0, 4)}`,
    );
    const own = await makePlace(people.url);
    const elsewhere = await openTable(people.url, own, "Table 1");
    const guest = await newGuest();
    const { page } = guest;
    await story("sold-out", [guest], async () => {
      await page.goto(elsewhere.path);
      await sitDown(page, "Ana");
      await page.getByRole("button", { name: "Add Plum cake" }).click();
      const item = {
        sku: own.skus["Plum cake"] ?? 0,
        name: "Plum cake",
        price: { currencyCode: "EUR", amountMinor: 790n },
        isSoldOut: true,
      };
      const seller = await callAs(people.url, "seller");
      await seller.client(LocationsService).upsertMenuItem({ locationId: own.locationId, item });
      await page.getByRole("button", { name: /to the kitchen/ }).click();
      await page
        .getByRole("alert")
        .getByText(/sold out/i)
        .first()
        .waitFor();
      await expectAccessible(page);

      await page.goto(path);
      await sitDown(page, "Eve");
      const { session } = await tables.getSession({ sessionId });
      const eve = session?.guests.find(({ nickname }) => nickname === "Eve");
      await tables.removeGuest({ sessionId, guestId: eve?.guestId ?? 0n });
      await page.getByText("You are not at this table any more").waitFor();
      await expectAccessible(page);
    });
  });
});

/** Ana orders; how long the others wait for it is printed, counted from her pressing the button. */
async function orderAndMeasure(ana: Page, others: readonly Page[]): Promise<void> {
  await ana.getByRole("button", { name: "Add Roast pork" }).click();
  await ana.getByRole("button", { name: "One Roast pork more" }).click();
  await ana.getByLabel("Note for Roast pork").fill(hostileNote);
  await ana.getByText("EUR 33.80").waitFor();
  const startedAt = performance.now();
  const placed = ana.waitForResponse(/\.TablesService\/PlaceOrder$/).then(() => performance.now());
  const times = Promise.all(
    others.map(async (page) => {
      await page.getByText("no dumpling").waitFor();
      return performance.now() - startedAt;
    }),
  );
  await ana.getByRole("button", { name: /^Send 2 to the kitchen/ }).dblclick();
  const [guest = 0, staff = 0] = await times;
  const answer = (await placed) - startedAt;
  process.stdout.write(
    `from the press, an order is placed after ${Math.round(answer)} ms, seen by another guest after ` +
      `${Math.round(guest)} ms, by the staff after ${Math.round(staff)} ms\n`,
  );
  await ana.getByRole("heading", { name: "Ana (you)" }).waitFor();
}

/** Takes everything on the board through the kitchen. */
async function cook(page: Page, orders: number): Promise<void> {
  for (const action of ["Accept", "Prepare", "Serve"]) {
    const buttons = page.getByRole("button", { name: new RegExp(`^${action} order`) });
    for (let left = orders; left > 0; left -= 1) {
      await expect.poll(() => buttons.count(), { timeout: 15_000 }).toBe(left);
      await buttons.first().click();
    }
  }
}

/** Divided by guest; Ana's first card is declined. */
async function payTheBill(ana: Page, ben: Page): Promise<void> {
  await ana.getByRole("link", { name: "Split and pay EUR 41.70" }).click();
  const split = ana.getByRole("dialog");
  await split.getByText("The same for everybody").click();
  await split.getByText("EUR 20.85").waitFor();
  await split.getByText("Everybody what they ordered").click();
  await expectAccessible(ana);
  await pressTwice(ana, split.getByRole("button", { name: "Make the bill" }), "MakeBill");
  await ben.getByRole("link", { name: "Pay EUR 7.90" }).waitFor();
  await ana.getByRole("link", { name: "Pay EUR 33.80" }).click();
  const dialog = ana.getByRole("dialog", { name: "Pay your share" });
  for (const [card, outcome] of [
    [cards.insufficientFunds, dialog.getByText("There is not enough money on the card")],
    [cards.good, ben.getByText("Paid by card")],
  ] as const) {
    await dialog.getByLabel("Card number").fill(card);
    await dialog.getByLabel("Valid until").fill("12/30");
    await dialog.getByLabel("Security code").fill("123");
    await dialog.getByRole("button", { name: "Pay EUR 33.80" }).dblclick();
    await outcome.waitFor();
  }
  await dialog.waitFor({ state: "detached" });
  await ana.getByText("Paid by card").waitFor();
  await expect.poll(() => ben.locator("[data-sum=left]").textContent()).toBe("EUR 7.90");
}
