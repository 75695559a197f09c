import { LomsService } from "@ordermesh/proto/ordermesh/loms/v1/loms_pb";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Caller, callAs } from "./caller.ts";
import { isWebTestable } from "./chromium.ts";
import { act, orderOf, paidOrderOf, payFor, voucherFor } from "./ordering.ts";
import { expectAccessible, type People, startPeople, story } from "./people.ts";

const [stool, blanket] = [2_956_315, 1_148_162];

describe.skipIf(!isWebTestable())("the work desk", () => {
  let people: People;
  beforeAll(async () => {
    people = await startPeople();
  });
  afterAll(() => people?.stop());

  /** The order's state, as its page says it. */
  const state = (page: Page, word: string) =>
    page.locator(".desk-top .chip").getByText(word, { exact: true });
  const box = (page: Page, role: string) => page.getByRole("region", { name: role, exact: true });
  const step = (page: Page, text: string) => page.locator(".desk-step").filter({ hasText: text });

  test("a seller ships what a buyer bought, and who looks on sees it without a reload", async () => {
    const { username } = await people.newBuyer();
    const buyer = await callAs(people.url, username);
    const orderId = await paidOrderOf(buyer, [stool, blanket]);
    const seller = await people.demoUser("seller");
    const platform = await people.demoUser("platform");
    await story("desk-ship", [seller, platform], async () => {
      const list = platform.page;
      await list.goto(`/desk/orders?q=${buyer.userId}`);
      const row = list.getByRole("row").filter({ hasText: String(orderId) });
      await row.getByText("Paid", { exact: true }).waitFor();
      const watched = await platform.newTab(`/desk/orders/${orderId}`);
      await state(watched, "Paid").waitFor();

      const { page } = seller;
      await page.goto(`/desk/orders/${orderId}`);
      await expectAccessible(page);
      await page
        .getByText(/W\d+ 1 sold/)
        .first()
        .waitFor();
      await page.getByRole("link", { name: "Ship the order", exact: true }).click();
      const dialog = page.getByRole("dialog", { name: "Ship the order" });
      await dialog.getByLabel("Carrier").fill("DHL");
      await dialog.getByLabel("Tracking number").fill("JD014600003829");
      await dialog.getByText("Then it is shipped").waitFor();
      await expectAccessible(page);
      await dialog.getByRole("button", { name: "Ship the order" }).dblclick();
      const pressed = Date.now();
      await state(watched, "Shipped").waitFor();
      process.stdout.write(`The other window knew ${Date.now() - pressed} ms after the second click.\n`);
      await row.getByText("Shipped", { exact: true }).waitFor();
      await dialog.waitFor({ state: "detached" });
      await state(page, "Shipped").waitFor();
      await page.getByText("JD014600003829").first().waitFor();
      expect(await step(page, "Ship the order").count()).toBe(1);
      await page.getByRole("img", { name: /paid, then shipped. It is shipped now/ }).waitFor();
      await page.getByRole("button", { name: "Show all of it" }).click();
      await page.getByRole("img", { name: /It is shipped now/ }).waitFor();
      await expectAccessible(page);
    });
  });

  test("why something can not be done is told, and by whom it can", async () => {
    const { username } = await people.newBuyer();
    const orderId = await paidOrderOf(await callAs(people.url, username), [stool]);
    const seller = await people.demoUser("seller");
    const { page } = seller;
    await story("desk-explain", [seller], async () => {
      await page.goto(`/desk/orders/${orderId}`);
      // What only others may do is shown, and not offered.
      await box(page, "buyer").getByText("Request refund", { exact: true }).waitFor();
      expect(await box(page, "buyer").getByRole("link", { name: "Request refund" }).count()).toBe(0);
      const refused = page.getByRole("listitem").filter({ hasText: "Extend the time to confirm" });
      await refused.getByRole("link", { name: "Explain" }).click();
      const dialog = page.getByRole("dialog");
      await dialog.getByText(/possible when it is "shipped"/).waitFor();
      await dialog.getByText("WRONG_STATE").waitFor();
      await expectAccessible(page);
      await page.keyboard.press("Escape");
      await dialog.waitFor({ state: "detached" });
      await page.waitForURL(`**/desk/orders/${orderId}`);
    });
  });

  test("a refund of one item: asked for, rejected by the seller, forced by the platform, paid back", async () => {
    const { username } = await people.newBuyer();
    const buyer = await callAs(people.url, username);
    const orderId = await paidOrderOf(buyer, [stool, blanket]);
    await act(await callAs(people.url, "seller"), orderId, "ship the order", {});
    await act(buyer, orderId, "request refund", { itemSku: stool, parameters: { reason: "Scratched <b>" } });
    const seller = await people.demoUser("seller");
    const platform = await people.demoUser("platform");
    await story("desk-refund", [seller, platform], async () => {
      const { page } = seller;
      await page.goto("/desk/orders?refund=open&sort=oldest");
      await page.getByRole("link", { name: String(orderId), exact: true }).click();
      await page.getByText("“Scratched <b>”").first().waitFor();
      await page.getByRole("link", { name: "Reject refund", exact: true }).click();
      await page.getByRole("dialog").getByLabel("Reason").fill("It left us whole");
      await page.getByRole("dialog").getByRole("button", { name: "Reject refund" }).click();
      await page.getByText("Refused by the seller").waitFor();
      await act(buyer, orderId, "request customer service involvement", { itemSku: stool });

      const desk = platform.page;
      await desk.goto(`/desk/orders/${orderId}`);
      await box(desk, "platform").getByRole("link", { name: "Force refund", exact: true }).click();
      await desk.getByRole("dialog").getByRole("button", { name: "Force refund" }).click();
      // The payment service gives the money back, and says so by itself.
      await desk.locator(".desk-refund").getByText("Refunded", { exact: true }).waitFor();
      await step(desk, "Item finished refund").waitFor();
      await page.locator(".desk-refund").getByText("Refunded", { exact: true }).waitFor();
      await desk.getByRole("button", { name: `Refund ${stool}` }).click();
      await desk.getByRole("img", { name: /^Refund .* finished now/ }).waitFor();
    });
  });

  test("a list keeps its filter over a reload, a look at an order, and back", async () => {
    const { username } = await people.newBuyer();
    const buyer = await callAs(people.url, username);
    const orderId = await orderOf(buyer);
    const seller = await people.demoUser("seller");
    const { page } = seller;
    await story("desk-filters", [seller], async () => {
      await page.goto("/desk/orders");
      await page.getByRole("link", { name: "Waiting for payment" }).click();
      await page.waitForURL(/status=AWAITING_PAYMENT/);
      await page.getByRole("searchbox").fill(String(buyer.userId));
      await page.waitForURL(new RegExp(`q=${buyer.userId}`));
      const row = page.getByRole("link", { name: String(orderId), exact: true });
      await row.waitFor();
      await page.getByLabel("State").selectOption("DECLINED");
      await page.getByText("No order matches").waitFor();
      await expectAccessible(page);
      await page.goBack();
      await row.waitFor();
      await page.reload();
      await row.waitFor();
      expect(await page.getByLabel("State").inputValue()).toBe("AWAITING_PAYMENT");
      await row.click();
      await page.getByRole("link", { name: "‹ Orders" }).click();
      await page.waitForURL(/status=AWAITING_PAYMENT&q=/);
      // What is new comes up by itself while one is at the top.
      const another = await orderOf(buyer);
      await page.getByRole("link", { name: String(another), exact: true }).waitFor();
    });
  });

  test("a code is taken once", async () => {
    const { username } = await people.newBuyer();
    const buyer = await callAs(people.url, username);
    const orderId = await payFor(buyer, await voucherFor(buyer, await callAs(people.url, "platform")));
    const seller = await people.demoUser("seller");
    const { page } = seller;
    await story("desk-code", [seller], async () => {
      const code = await codeOf(buyer, orderId);
      await page.goto("/desk/codes");
      for (const answer of ["Validated Successfully!", "Already used!"]) {
        await page.getByLabel("Code", { exact: false }).first().fill(code);
        await page.getByRole("button", { name: "Take it" }).click();
        await page.getByText(answer).waitFor();
      }
      await page.getByRole("link", { name: String(orderId) }).click();
      await page.getByText("1 of 3 used.").waitFor();
    });
  });
});

async function codeOf(buyer: Caller, orderId: bigint): Promise<string> {
  const { codes } = await buyer.client(LomsService).getVoucher({ orderId });
  return codes[0]?.code ?? "";
}
