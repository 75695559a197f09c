import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { password } from "./caller.ts";
import { isWebTestable } from "./chromium.ts";
import { expectAccessible, type People, startPeople, story } from "./people.ts";
import { cards, orderNumber, putIntoCart } from "./shopping.ts";
import { pressTwice } from "./twice.ts";

describe.skipIf(!isWebTestable())("who one is", () => {
  let people: People;
  beforeAll(async () => {
    people = await startPeople();
  });
  afterAll(() => people?.stop());

  test("an expired session asks for the password over the page, and goes on with what was under way", async () => {
    const buyer = await people.newBuyer();
    const { page, context } = buyer;
    await story("expired", [buyer], async () => {
      await putIntoCart(page);
      await page.goto("/checkout");
      await page.getByLabel("Card number").fill(cards.good);
      await page.getByLabel("Valid until").fill("12/30");
      await page.getByLabel("Security code").fill("123");
      // The token is refused from now on, and what would renew it is gone.
      await context.clearCookies();
      const refused = { status: 401, contentType: "application/json", body: '{"code":"unauthenticated"}' };
      await page.route("**/ordermesh.*/**", (route) => route.fulfill(refused));
      await page.getByRole("button", { name: /^Pay/ }).click();
      const dialog = page.getByRole("dialog", { name: "Your session is over" });
      await dialog.waitFor();
      await expectAccessible(page);
      await page.unroute("**/ordermesh.*/**");
      await dialog.getByLabel("Password").fill(password);
      await pressTwice(page, dialog.getByRole("button", { name: `Sign in as ${buyer.username}` }), "login");
      await page.getByText("Payment received").waitFor();
    });
  });

  test("who is not signed in is asked to, and comes back to where he or she wanted to go", async () => {
    const somebody = await people.newPerson();
    const { page } = somebody;
    await story("sign-in", [somebody], async () => {
      await page.goto("/orders?view=done");
      await page.waitForURL(/\/sign-in\?next=/);
      await page.getByLabel("Name", { exact: true }).fill("buyer2");
      await page.getByLabel("Password").fill("wrong");
      await page.getByRole("button", { name: "Sign in", exact: true }).click();
      await page.getByRole("alert").waitFor();
      await page.getByLabel("Password").fill(password);
      await pressTwice(page, page.getByRole("button", { name: "Sign in", exact: true }), "login");
      await page.waitForURL(/\/orders\?view=done$/);
      expect(orderNumber(page)).toBeUndefined();

      await page.getByRole("button", { name: /^Signed in as/ }).click();
      await page.getByRole("menuitem", { name: "Sign out" }).click();
      await page.waitForURL("**/sign-in");
      await page.goto("/orders");
      await page.waitForURL(/\/sign-in\?next=/);
      // With one press, where an installation has demo users.
      await pressTwice(page, page.getByRole("button", { name: "buyer2", exact: true }), "login");
      await page.waitForURL(/\/orders$/);
    });
  });

  test("a new account: made by hand and keyboard, refused in its fields, and used at once", async () => {
    const somebody = await people.newPerson();
    const { page } = somebody;
    await story("register", [somebody], async () => {
      await page.goto("/sign-in");
      await page.getByRole("link", { name: "Make a new account" }).click();
      const username = page.getByLabel("Name", { exact: true });
      expect(await username.getAttribute("maxlength")).toBe("64");
      await username.fill("buyer");
      await page.getByLabel("Password").fill("long enough to be one");
      await page.getByRole("button", { name: "Make the account" }).dblclick();
      await page.getByText("Is taken.").waitFor();
      const name = `new.${randomUUID().slice(0, 8)}`;
      await page.getByLabel("Name", { exact: true }).fill(name);
      await page.keyboard.press("Enter");
      await page.getByRole("button", { name: `Signed in as ${name}` }).waitFor();
      await page.keyboard.press("g");
      await page.keyboard.press("o");
      await page.getByText("No orders yet").waitFor();
      await page.keyboard.press("?");
      await page.getByRole("dialog").waitFor();
      await page.keyboard.press("Escape");
      await page.getByRole("dialog").waitFor({ state: "detached" });
    });
  });

  test("a page of others says whose it is", async () => {
    const buyer = await people.newBuyer();
    const { page } = buyer;
    await story("refused", [buyer], async () => {
      await page.goto("/ops");
      await page.getByText("This page is for").waitFor();
      await page.getByRole("link", { name: "Sign in as somebody else" }).waitFor();
    });
  });

  test("the colors that were chosen stay, also in another tab", async () => {
    const buyer = await people.newBuyer();
    const { page } = buyer;
    await story("colors", [buyer], async () => {
      await page.getByRole("button", { name: /^Signed in as/ }).click();
      await page.getByRole("menuitem", { name: "Dark" }).click();
      await page.locator(":root[data-theme=dark]").waitFor();
      const other = await buyer.newTab("/orders");
      await other.locator(":root[data-theme=dark]").waitFor();
    });
  });
});
