import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { isWebTestable } from "./chromium.ts";
import { expectAccessible, type People, startPeople, story } from "./people.ts";
import { cards, pay, placeOrder, putIntoCart } from "./shopping.ts";

describe.skipIf(!isWebTestable())("buying", () => {
  let people: People;
  beforeAll(async () => {
    people = await startPeople();
  });
  afterAll(() => people?.stop());

  test("a purchase: found, put into the cart, declined, paid with another card", async () => {
    const buyer = await people.newBuyer();
    const { page } = buyer;
    await story("purchase", [buyer], async () => {
      await page.getByRole("searchbox").fill("stool quil");
      await page.waitForURL(/q=stool/);
      await page
        .getByRole("link", { name: /Glass Stool, quilted/ })
        .first()
        .click();
      // Pressed twice, one is wanted.
      await page.getByRole("button", { name: "Add to the cart" }).dblclick();
      await page.getByText("1 in the cart").waitFor();
      await page.getByRole("link", { name: "To the cart" }).click();
      await page.getByRole("button", { name: /one more$/ }).click();
      await page.getByText("455.90").first().waitFor();
      await page.getByRole("link", { name: "To the checkout" }).click();
      await pay(page, cards.insufficientFunds);
      const declined = page.getByRole("alert");
      await declined.getByText("There is not enough money on the card").waitFor();
      expect(await declined.evaluate((element) => element === document.activeElement)).toBe(true);
      expect(await page.getByLabel("Card number").inputValue()).toBe("4000 0000 0000 9995");
      await expectAccessible(page);
      await pay(page, cards.good);
      await page.getByText("Payment received").waitFor();
      await page.getByText("The seller ships it next").waitFor();
      await expectAccessible(page);

      await page.goBack();
      await page.getByText("Your cart is empty").waitFor();
      await page.getByRole("link", { name: /Your last order/ }).click();
      await page.getByText("Payment received").waitFor();
    });
  });

  test("canceled from a dialog that has an address; back closes it", async () => {
    const buyer = await people.newBuyer();
    const { page } = buyer;
    await story("cancel", [buyer], async () => {
      const order = await placeOrder(page);
      await page.getByRole("link", { name: "Cancel the order" }).click();
      await page.waitForURL(`**/orders/${order}/cancel`);
      await page.goBack();
      await page.getByRole("dialog").waitFor({ state: "detached" });
      await page.goForward();
      await page.getByLabel("Why").fill("Found it cheaper");
      await page.getByRole("button", { name: "Cancel the order" }).dblclick();
      await page.getByText("Canceled: the buyer asked for it").waitFor();
      await page.getByText("Canceled by you").waitFor();
      expect(await page.getByText("Canceled by you").count()).toBe(1);
      await page.goto("/orders?view=canceled");
      await page.getByRole("link", { name: new RegExp(order) }).waitFor();
    });
  });

  test("pressed twice, paid once; in two tabs, ordered once", async () => {
    const buyer = await people.newBuyer();
    const { page } = buyer;
    await story("twice", [buyer], async () => {
      await putIntoCart(page);
      const other = await buyer.newTab("/checkout");
      await page.goto("/checkout");
      await Promise.all([pay(page, cards.good, { twice: true }), pay(other, cards.good, { twice: true })]);
      await page.waitForURL(/\/orders\/\d+$/);
      await other.waitForURL(/\/orders\/\d+$|\/checkout$/);
      await page.getByText("Payment received").waitFor();
      expect(await page.getByText("Payment received").count()).toBe(1);
      await page.goto("/orders");
      await page.locator("[data-row]").first().waitFor();
      expect(await page.locator("[data-row]").count()).toBe(1);
    });
  });

  test("a page that was left while it paid finds out how that ended", async () => {
    const buyer = await people.newBuyer();
    const { page } = buyer;
    await story("left-while-paying", [buyer], async () => {
      await putIntoCart(page);
      await page.goto("/checkout");
      await pay(page, cards.slow);
      await page.waitForURL(/\/orders\/\d+$/);
      await page.goBack();
      await page.getByRole("button", { name: "Add to the cart" }).waitFor();
      await page.goForward();
      await page.getByText("Payment received").waitFor();
    });
  });

  test("what happens in one tab is seen in the other, without a reload", async () => {
    const buyer = await people.newBuyer();
    const { page } = buyer;
    await story("two-tabs", [buyer], async () => {
      const order = await placeOrder(page);
      const other = await buyer.newTab(`/orders/${order}`);
      await other.getByText("Not paid yet").waitFor();
      await page.getByRole("link", { name: "Cancel the order" }).click();
      await page.getByRole("dialog").getByRole("button", { name: "Cancel the order" }).click();
      await other.getByText("Canceled: the buyer asked for it").waitFor();
    });
  });
});
