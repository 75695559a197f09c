import { randomBytes, randomUUID } from "node:crypto";
import { CheckoutService } from "@ordermesh/proto/ordermesh/checkout/v1/checkout_pb";
import { LomsService } from "@ordermesh/proto/ordermesh/loms/v1/loms_pb";
import { TableAction } from "@ordermesh/proto/ordermesh/tables/v1/tables_pb";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Caller, callAs } from "./caller.ts";
import { isWebTestable } from "./chromium.ts";
import { makePlace, openTable } from "./dining.ts";
import { act, orderOf, paidOrderOf, payFor, voucherFor } from "./ordering.ts";
import { expectAccessible, type People, startPeople, story } from "./people.ts";
import { pressTwice } from "./twice.ts";

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
      await pressTwice(page, dialog.getByRole("button", { name: "Ship the order" }), "ApplyAction");
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

  test("why something cannot be done is told, and by whom it can", async () => {
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
      await page.getByRole("link", { name: "Reject the refund", exact: true }).click();
      await page.getByRole("dialog").getByLabel("Reason").fill("It left us whole");
      await page.getByRole("dialog").getByRole("button", { name: "Reject the refund" }).click();
      await page.getByText("Refused by the seller").waitFor();
      await act(buyer, orderId, "request customer service involvement", { itemSku: stool });

      const desk = platform.page;
      await desk.goto(`/desk/orders/${orderId}`);
      await box(desk, "platform").getByRole("link", { name: "Force refund", exact: true }).click();
      await desk.getByRole("dialog").getByRole("button", { name: "Force refund" }).click();
      // The payment service gives the money back, and says so by itself.
      await desk.locator(".desk-refund").getByText("Refunded", { exact: true }).waitFor();
      await step(desk, "Refund of the item finished").waitFor();
      await page.locator(".desk-refund").getByText("Refunded", { exact: true }).waitFor();
      await desk.getByRole("button", { name: `Refund ${stool}` }).click();
      await desk.getByRole("img", { name: /^Refund .* finished now/ }).waitFor();

      const unpaid = await orderOf(buyer);
      await desk.goto(`/desk/orders/${unpaid}`);
      await pressTwice(desk, desk.getByRole("button", { name: "Run now" }), "RunTimerNow");
      await state(desk, "Canceled").waitFor();
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
        await pressTwice(page, page.getByRole("button", { name: "Take it" }), "ValidateVoucherCode");
        await page.getByText(answer).waitFor();
      }
      await page.getByRole("link", { name: String(orderId) }).click();
      await page.getByText("1 of 3 used.").waitFor();
    });
  });

  test("an order shows what was told of it, whoever works at it, and of no other", async () => {
    const { username } = await people.newBuyer();
    const buyer = await callAs(people.url, username);
    const older = await orderOf(buyer);
    const orderId = await orderOf(buyer);
    const seller = await people.demoUser("seller");
    const platform = await people.demoUser("platform");
    const told = (page: Page) => page.getByRole("region", { name: "Notifications" });
    await story("desk-told", [seller, platform], async () => {
      const { page } = seller;
      await page.goto(`/desk/orders/${orderId}`);
      await told(page).getByText(`Order ${orderId} is waiting for your payment`).waitFor();
      await told(page).getByText(`Order ${orderId} received`).click();
      await told(page).getByText(`We have received your order ${orderId}.`).waitFor();
      // Whose mail it is, and how it got there, is between the buyer and the platform.
      expect(await told(page).locator(".desk-delivery").count()).toBe(0);
      expect(await told(page).getByText(String(older)).count()).toBe(0);
      await expectAccessible(page);
      // What follows is told as well, without a reload.
      await act(buyer, orderId, "cancel order");
      await told(page)
        .locator("summary")
        .filter({ hasText: `Order ${orderId} was canceled` })
        .waitFor();

      const desk = platform.page;
      await desk.goto(`/desk/orders/${orderId}`);
      await told(desk).locator(".desk-delivery").getByText("Delivered").first().waitFor();
    });
  });

  test("each step has its trace: an id for the logs, and a link where traces are shown and this one is", async () => {
    const { username } = await people.newBuyer();
    const buyer = await callAs(people.url, username);
    const recorded = randomBytes(16).toString("hex");
    const within = { headers: { traceparent: `00-${recorded}-b7ad6b7169203331-01` } };
    await buyer.client(CheckoutService).addToCart({ userId: buyer.userId, sku: stool, quantity: 1 });
    const { orderId } = await buyer.client(CheckoutService).purchase({ userId: buyer.userId }, within);
    await act(buyer, orderId, "cancel order");
    const { entries } = await (await callAs(people.url, "seller"))
      .client(LomsService)
      .getHistory({ orderId });
    const canceled = entries[2]?.traceId ?? "";
    expect(entries.map(({ traceId }) => traceId)).toEqual([recorded, recorded, canceled]);
    expect(canceled).toMatch(/^[0-9a-f]{32}$/);

    const seller = await people.demoUser("seller");
    const { page, context } = seller;
    const link = page.getByRole("link", { name: /trace/i });
    await story("desk-traces", [seller], async () => {
      await page.goto(`/desk/orders/${orderId}`);
      await page.locator(".desk-head .trace-id").getByText(recorded, { exact: true }).waitFor();
      await step(page, "Created").locator("summary").click();
      await step(page, "Created").locator(".trace-id").getByText(recorded, { exact: true }).waitFor();
      expect(await link.count()).toBe(0);
      await context.grantPermissions(["clipboard-read", "clipboard-write"]);
      await page.getByRole("button", { name: "Copy trace id" }).first().click();
      await page.getByText("trace id copied").waitFor();
      expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(recorded);
      await expectAccessible(page);

      // What a gateway with TRACE_URL says.
      await page.route("**/app-config.json", async (route) => {
        const answer = await route.fetch();
        const traceUrl = `${people.url}/traces/{traceId}?from={traceId}`;
        await route.fulfill({ response: answer, json: { ...(await answer.json()), traceUrl } });
      });
      await page.reload();
      const href = `${people.url}/traces/${recorded}?from=${recorded}`;
      const top = page.locator(".desk-head").getByRole("link", { name: "Trace ↗" });
      expect(await top.getAttribute("href")).toBe(href);
      expect(await top.getAttribute("rel")).toBe("noopener noreferrer");
      await step(page, "Created").locator("summary").click();
      expect(await step(page, "Created").getByRole("link", { name: /trace/i }).getAttribute("href")).toBe(
        href,
      );
      // Its spans were not kept, so that a link would lead nowhere.
      await step(page, "Cancel").locator("summary").click();
      await step(page, "Cancel").locator(".trace-id").getByText(canceled, { exact: true }).waitFor();
      expect(await step(page, "Cancel").getByRole("link", { name: /trace/i }).count()).toBe(0);
      await expectAccessible(page);
    });
  });

  test("an order at a table is shown, and is left to who serves the table", async () => {
    const place = await makePlace(people.url);
    const { tables, sessionId } = await openTable(people.url, place, "Table 4");
    const sku = place.skus["Pea soup"] ?? 0;
    const { order } = await tables.placeOrder({
      sessionId,
      lines: [{ sku, quantity: 2 }],
      note: "No <b>salt</b>",
      idempotencyKey: randomUUID(),
    });
    const orderId = order?.orderId ?? 0n;
    const seller = await people.demoUser("seller");
    const { page } = seller;
    await story("desk-table", [seller], async () => {
      await page.goto(`/desk/orders/${orderId}`);
      await state(page, "Placed").waitFor();
      await page.getByText("“No <b>salt</b>”").waitFor();
      const table = page.getByRole("link", { name: `location ${place.locationId}` });
      expect(await table.getAttribute("href")).toBe(`/places/${place.locationId}/table/${sessionId}`);
      // What is done with it is done at the table: the desk offers nothing that would be refused.
      await box(page, "seller").waitFor();
      expect(await box(page, "seller").getByRole("link").count()).toBe(0);
      await page.getByText("None was asked for by itself.").waitFor();
      await page.getByText("Nobody was told anything of this order yet.").waitFor();
      await page.getByRole("img", { name: /It is placed now/ }).waitFor();
      await expectAccessible(page);
      await tables.actOnOrder({ sessionId, orderId, action: TableAction.ACCEPT });
      await state(page, "Accepted").waitFor();
      await step(page, "Accept").waitFor();
    });
  });
});

async function codeOf(buyer: Caller, orderId: bigint): Promise<string> {
  const { codes } = await buyer.client(LomsService).getVoucher({ orderId });
  return codes[0]?.code ?? "";
}
