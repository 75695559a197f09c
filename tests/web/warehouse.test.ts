import { randomInt, randomUUID } from "node:crypto";
import { LomsService } from "@ordermesh/proto/ordermesh/loms/v1/loms_pb";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { callAs } from "./caller.ts";
import { isWebTestable } from "./chromium.ts";
import { expectAccessible, type People, startPeople, story } from "./people.ts";
import { pressTwice } from "./twice.ts";

describe.skipIf(!isWebTestable())("the warehouse", () => {
  let people: People;
  beforeAll(async () => {
    people = await startPeople();
  });
  afterAll(() => people?.stop());

  async function receive(
    page: Page,
    { sku, quantity }: { readonly sku?: number; readonly quantity: number },
  ) {
    await page.getByRole("link", { name: "Receive stock" }).click();
    const dialog = page.getByRole("dialog", { name: "Receive stock" });
    if (sku !== undefined) {
      await dialog.getByLabel("SKU").fill(String(sku));
    }
    await dialog.getByLabel("Warehouse").fill("3");
    await dialog.getByLabel("Quantity").fill(String(quantity));
    await pressTwice(page, dialog.getByRole("button", { name: "Receive", exact: true }), "ReceiveStock");
    await dialog.waitFor({ state: "detached" });
  }

  test("what is received is there at once and once, and who holds it is told until he or she lets go", async () => {
    const sku = 500_000_000 + randomInt(1_000_000_000);
    const { username } = await people.newBuyer();
    const buyer = await callAs(people.url, username);
    const platform = await callAs(people.url, "platform");
    const seller = await people.demoUser("seller");
    const { page } = seller;
    await story("warehouse", [seller], async () => {
      await page.goto(`/warehouse?q=${sku}`);
      await page.getByText(`No warehouse has “${sku}”`).waitFor();
      await receive(page, { sku, quantity: 7 });
      const row = page.getByRole("row").filter({ hasText: String(sku) });
      await row.waitFor();
      expect(await row.getByRole("cell").allTextContents()).toMatchObject([
        String(sku),
        "not in the catalogue",
        "W3",
        "7",
        "0",
        "7",
      ]);
      await expectAccessible(page);

      await row.getByRole("link").click();
      await page.waitForURL(`**/warehouse/${sku}`);
      const ledger = page.getByRole("region", { name: "Ledger" }).getByRole("row");
      await ledger.filter({ hasText: "Received" }).getByText("+7").waitFor();
      await page.getByText("Nobody: all that is there can be sold.").waitFor();
      await page.locator(".stock-chart canvas").waitFor();
      await receive(page, { quantity: 2 });
      await ledger.filter({ hasText: "+2" }).waitFor();
      expect(await ledger.filter({ hasText: "Received" }).count()).toBe(2);

      const { orderId } = await platform.client(LomsService).createOrder({
        userId: buyer.userId,
        idempotencyKey: randomUUID(),
        lines: [{ sku, quantity: 4, name: "Stool", unitPrice: { currencyCode: "EUR", amountMinor: 500n } }],
      });
      const holds = page.getByRole("region", { name: "Who holds it" });
      const hold = holds.getByRole("listitem").filter({ hasText: String(orderId) });
      await hold.getByText(/\d:\d\d min|\d h/).waitFor();
      await hold.getByText("4", { exact: true }).waitFor();
      await ledger
        .filter({ hasText: "Reserved" })
        .filter({ hasText: String(orderId) })
        .waitFor();
      const level = page.getByRole("table", { name: "Stock by warehouse" }).getByRole("row").nth(1);
      expect(await level.getByRole("cell").allTextContents()).toEqual(["9", "4", "5"]);
      await page.getByText("As a table").click();
      await page.getByRole("table", { name: "Stock during the last day" }).waitFor();
      await expectAccessible(page);

      await hold.getByRole("link", { name: String(orderId) }).click();
      await page.getByText("W3 4 held").waitFor();
      await page.goBack();
      await holds.waitFor();
      await buyer.client(LomsService).cancelOrder({ orderId });
      await page.getByText("Nobody: all that is there can be sold.").waitFor();
      await ledger.filter({ hasText: "Given free" }).waitFor();
    });
  });

  test("a mistake is told where it was made, and nothing is received", async () => {
    const seller = await people.demoUser("seller");
    const { page } = seller;
    await story("warehouse-mistake", [seller], async () => {
      await page.goto("/warehouse/1076963/receive");
      const dialog = page.getByRole("dialog", { name: "Receive stock" });
      // As many digits as the contract takes.
      expect(await dialog.getByLabel("Quantity").getAttribute("maxlength")).toBe("7");
      await dialog.getByLabel("Warehouse").fill("0");
      await dialog.getByLabel("Quantity").fill("0");
      await dialog.getByRole("button", { name: "Receive", exact: true }).click();
      const wrong = dialog.getByText(/greater than 0/);
      await wrong.nth(1).waitFor();
      // What is mended stays so, and what is not is still told, whatever is typed.
      for (const text of ["3", "30"]) {
        await dialog.getByLabel("Warehouse").fill(text);
        await expect.poll(() => wrong.count()).toBe(1);
      }
      expect(await dialog.getByLabel("Warehouse").getAttribute("aria-invalid")).toBe(null);
      expect(await dialog.getByLabel("Quantity").getAttribute("aria-invalid")).toBe("true");
      await dialog.getByLabel("Quantity").fill("many");
      await dialog.getByRole("button", { name: "Receive", exact: true }).click();
      await dialog.getByText("Write a whole number.").waitFor();
      await expectAccessible(page);
    });
  });
});
