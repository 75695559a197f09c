import { randomInt, randomUUID } from "node:crypto";
import { LomsService } from "@ordermesh/proto/ordermesh/loms/v1/loms_pb";
import { ProductKind, ProductService } from "@ordermesh/proto/ordermesh/product/v1/product_pb";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { callAs } from "./caller.ts";
import { isWebTestable } from "./chromium.ts";
import { orderOf } from "./ordering.ts";
import { expectAccessible, type People, startPeople, story } from "./people.ts";
import { cards, pay, placeOrder, putIntoCart } from "./shopping.ts";
import { pressTwice, pressTwiceSlowly } from "./twice.ts";

const blanket = 1_148_162;

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
      await pressTwice(page, page.getByRole("button", { name: "Add to the cart" }), "IncreaseInCart");
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
      await page.getByText("Canceled, as you asked").waitFor();
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
      await putIntoCart(page, blanket);
      await putIntoCart(page);
      await page.goto("/cart");
      const remove = page.getByRole("button", { name: /^Remove 1 ×/ });
      await expect.poll(() => remove.count()).toBe(2);
      // The second click finds the other line in the place of the first.
      await pressTwiceSlowly(page, remove.first(), "DeleteFromCart", () =>
        expect.poll(() => remove.count()).toBe(1),
      );
      expect(await remove.count()).toBe(1);
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

  test("what others bought meanwhile is said before anything is charged; the rest is bought", async () => {
    const [few, none] = [700_000_000 + randomInt(90_000_000), 790_000_000 + randomInt(9_000_000)];
    const platform = await callAs(people.url, "platform");
    for (const [sku, quantity] of [
      [few, 3],
      [none, 1],
    ] as const) {
      const price = { currencyCode: "EUR", amountMinor: 500n };
      const product = { sku, name: `Candle ${sku}`, price, kind: ProductKind.PHYSICAL };
      await platform.client(ProductService).upsertProduct({ product });
      const receipts = [{ sku, warehouseId: 1n, quantity }];
      await platform.client(LomsService).receiveStock({ idempotencyKey: randomUUID(), receipts });
    }
    const buyer = await people.newBuyer();
    const { page } = buyer;
    await story("short", [buyer], async () => {
      await putIntoCart(page, none);
      await putIntoCart(page, few);
      await page.goto("/cart");
      await page.getByLabel(`Quantity of Candle ${few}`, { exact: true }).fill("3");
      await page.keyboard.press("Enter");
      await page.getByText("20.00").first().waitFor();
      const other = await people.newBuyer();
      await orderOf(await callAs(people.url, other.username), [few, none]);
      await other.context.close();
      await page.goto("/checkout");
      await pay(page, cards.good);
      await page.getByText("only 2 left").waitFor();
      await page.getByText("sold out").waitFor();
      await expectAccessible(page);
      await pressTwice(page, page.getByRole("button", { name: "Set to 2" }), "AddToCart");
      await page.getByText("EUR 15.00").first().waitFor();
      await pay(page, cards.good);
      await page.getByText("sold out").waitFor();
      await pressTwice(page, page.getByRole("button", { name: "Remove" }), "DeleteFromCart");
      await page.getByText("EUR 10.00").first().waitFor();
      await pay(page, cards.good);
      await page.getByText("Payment received").waitFor();
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
      await other.getByText("Canceled, as you asked").waitFor();
    });
  });
});
