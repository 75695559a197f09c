import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, test } from "vitest";
import { isWebTestable } from "./chromium.ts";
import { type People, type Person, startPeople, story } from "./people.ts";
import { cards, orderNumber, pay, putIntoCart } from "./shopping.ts";

/** As "Open as seller ↗" does: a window of its own in the same browser, with a seat of its own. */
async function openAs({ context }: Person, username: string, path: string): Promise<Page> {
  const page = await context.newPage();
  await page.goto(`/?as=${username}`);
  await page.getByRole("button", { name: `Signed in as ${username}` }).waitFor();
  await page.goto(path);
  return page;
}

/** Takes an action on the desk: its link is there as soon as it is possible. */
async function take(desk: Page, action: string, fill: Readonly<Record<string, string>> = {}): Promise<void> {
  await desk.getByRole("link", { name: action }).first().click();
  const dialog = desk.getByRole("dialog");
  for (const [label, text] of Object.entries(fill)) {
    await dialog.getByLabel(label).fill(text);
  }
  await dialog.getByRole("button", { name: action }).dblclick();
  await dialog.waitFor({ state: "detached" });
}

describe.skipIf(!isWebTestable())("buyer, seller and platform in three windows of one browser", () => {
  let people: People;
  beforeAll(async () => {
    people = await startPeople();
  });
  afterAll(() => people?.stop());

  test("what one does, the other sees without a reload: shipped, sent back, decided, paid back", async () => {
    const browser = await people.newPerson();
    await story("three-windows", [browser], async () => {
      const buyer = await openAs(browser, "buyer2", "/cart");
      await putIntoCart(buyer);
      await buyer.goto("/checkout");
      await pay(buyer, cards.good);
      await buyer.getByText("The seller ships it next").waitFor();
      const order = orderNumber(buyer);

      const seller = await openAs(browser, "seller", `/desk/orders/${order}`);
      await take(seller, "Ship the order", { Carrier: "DHL", "Tracking number": "JD014600003829" });
      await buyer.getByText("On its way with DHL").waitFor();
      await buyer.getByText("JD014600003829").first().waitFor();

      await buyer.getByRole("link", { name: "Ask for a refund" }).click();
      await buyer.getByRole("dialog").getByText("I send them back").click();
      await buyer.getByRole("dialog").getByLabel("What is wrong").fill("It does not fit");
      await buyer.getByRole("dialog").getByRole("button", { name: "Ask for it" }).dblclick();
      await take(seller, "Agree to the refund");
      await buyer.getByRole("link", { name: "I have sent it back" }).click();
      await buyer.getByLabel("Carrier").fill("UPS");
      await buyer.getByLabel("Parcel number").fill("1Z999AA10123456784");
      await buyer.getByRole("button", { name: "It is on its way" }).dblclick();

      await seller.getByText("1Z999AA10123456784").first().waitFor();
      await take(seller, "Reject the refund", { Reason: "It comes back broken" });
      const platform = await openAs(browser, "platform", `/desk/orders/${order}`);
      await take(platform, "Force refund", { Reason: "The parcel was dropped" });
      await buyer.getByText("Paid back to you").waitFor();
      await buyer.getByText("The platform decided for you").waitFor();
      await seller.getByText("Refunded").first().waitFor();
    });
  });
});
