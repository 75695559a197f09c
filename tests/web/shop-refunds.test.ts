import { LomsService } from "@ordermesh/proto/ordermesh/loms/v1/loms_pb";
import { PaymentsService } from "@ordermesh/proto/ordermesh/payments/v1/payments_pb";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Caller, callAs } from "./caller.ts";
import { isWebTestable } from "./chromium.ts";
import { act, paidOrderOf, voucherFor } from "./ordering.ts";
import { type People, startPeople, story } from "./people.ts";
import { cards, pay } from "./shopping.ts";
import { pressTwice, pressTwiceSlowly } from "./twice.ts";

const lamp = 1_076_963;
const parcel = { carrier: "DHL", trackingNumber: "JD014600003829" };

describe.skipIf(!isWebTestable())("money back", () => {
  let people: People;
  let seller: Caller;
  let platform: Caller;
  beforeAll(async () => {
    people = await startPeople();
    seller = await callAs(people.url, "seller");
    platform = await callAs(people.url, "platform");
  });
  afterAll(() => people?.stop());

  test("a return: refused, asked again, sent back with a tracking number, paid back", async () => {
    const buyer = await people.newBuyer();
    const { page } = buyer;
    await story("return", [buyer], async () => {
      const order = await paidOrderOf(await callAs(people.url, buyer.username), [lamp]);
      await page.goto(`/orders/${order}`);
      await page.getByText("The seller ships it next").waitFor();
      await act(seller, order, "ship the order", { parameters: parcel });
      await page.getByText("On its way with DHL").waitFor();

      await page.getByRole("link", { name: "Ask for a refund" }).click();
      const dialog = page.getByRole("dialog");
      await dialog.getByLabel("How much").fill("a lot");
      await dialog.getByRole("button", { name: "Ask for it" }).click();
      await dialog.getByText("Write an amount such as").waitFor();
      await dialog.getByLabel("How much").fill("1000000");
      await dialog.getByRole("button", { name: "Ask for it" }).click();
      await dialog.getByRole("alert").waitFor();
      await dialog.getByLabel("How much").fill("10.50");
      await dialog.getByLabel("What is wrong").fill("It does not fit");
      await pressTwice(page, dialog.getByRole("button", { name: "Ask for it" }), "ApplyAction");
      await page.getByText("Waiting for the seller").waitFor();
      await dialog.waitFor({ state: "detached" });

      await act(seller, order, "reject refund", { itemSku: lamp, parameters: { reason: "It fits all" } });
      await page.getByText("Refused by the seller").waitFor();
      await page.getByText("“It fits all”").waitFor();
      await page.getByRole("link", { name: "Change the request" }).click();
      await dialog.getByText("I send them back").click();
      await pressTwice(page, dialog.getByRole("button", { name: "Ask again" }), "ApplyAction");
      await page.getByText("Refund with return").waitFor();
      await page.getByText("Waiting for the seller").waitFor();

      await act(seller, order, "agree refund", { itemSku: lamp });
      await page.getByRole("link", { name: "I have sent it back" }).click();
      await dialog.getByLabel("Carrier").fill("UPS");
      await dialog.getByLabel("Parcel number").fill("1Z 999 AA1 01 2345 6784");
      await pressTwice(page, dialog.getByRole("button", { name: "It is on its way" }), "ApplyAction");
      await page.getByText("Returned, seller checks").waitFor();
      await page.getByText("1Z 999 AA1 01 2345 6784").first().waitFor();
      await act(seller, order, "agree refund", { itemSku: lamp });
      await page.getByText("Paid back to you").waitFor();
      await page.getByText("Canceled: all of it was refunded").waitFor();
    });
  });

  test("customer service decides what buyer and seller cannot agree on", async () => {
    const buyer = await people.newBuyer();
    const { page } = buyer;
    await story("customer-service", [buyer], async () => {
      const order = await paidOrderOf(await callAs(people.url, buyer.username), [lamp]);
      await act(seller, order, "ship the order", { parameters: parcel });
      await page.goto(`/orders/${order}`);
      const received = page.getByRole("button", { name: "I have received it" });
      await pressTwiceSlowly(page, received, "ApplyAction", () => received.waitFor({ state: "detached" }));
      await page.goto(`/orders/${order}/refund/${lamp}`);
      await page.getByRole("dialog").getByRole("button", { name: "Ask for it" }).click();
      await page.getByText("Waiting for the seller").waitFor();
      await act(seller, order, "reject refund", { itemSku: lamp });
      await pressTwice(page, page.getByRole("button", { name: "Ask customer service" }), "ApplyAction");
      await page.getByText("With customer service").waitFor();
      await act(platform, order, "force refund", { itemSku: lamp, parameters: { reason: "Seen in a film" } });
      await page.getByText("Refunded", { exact: true }).waitFor();
      await page.getByText("The platform decided for you").waitFor();
    });
  });

  test("a request is withdrawn", async () => {
    const buyer = await people.newBuyer();
    const { page } = buyer;
    await story("withdrawn", [buyer], async () => {
      const order = await paidOrderOf(await callAs(people.url, buyer.username), [lamp]);
      await page.goto(`/orders/${order}/refund/${lamp}`);
      await page.getByRole("dialog").getByRole("button", { name: "Ask for it" }).click();
      await pressTwice(page, page.getByRole("button", { name: "Withdraw" }), "ApplyAction");
      await page.getByText("You withdrew the request").waitFor();
      await page.getByRole("button", { name: "Withdraw" }).waitFor({ state: "detached" });
      expect(await page.getByText("You withdrew the request").count()).toBe(1);
    });
  });

  test("a voucher: paid, its codes are there; one is used, the rest is given back", async () => {
    const buyer = await people.newBuyer();
    const { page } = buyer;
    await story("voucher", [buyer], async () => {
      const caller = await callAs(people.url, buyer.username);
      const order = await voucherFor(caller, platform);
      await page.goto(`/orders/${order}`);
      await page.getByText("You get 3 codes as soon as the order is paid").waitFor();
      await page.getByRole("link", { name: "Pay now" }).click();
      await pay(page, cards.good, { twice: true });
      await page.getByText("Show a code at the counter").waitFor();
      const { payment } = await caller.client(PaymentsService).getPayment({ orderId: order });
      expect(payment?.attempts).toBe(1);
      const codes = page.locator(".code-digits");
      await codes.nth(2).waitFor();
      expect(await codes.count()).toBe(3);
      const shown = (await codes.first().textContent()) ?? "";
      await seller.client(LomsService).validateVoucherCode({ code: shown.replaceAll(/\s/g, "") });
      await page.getByText("Used", { exact: true }).waitFor();

      await page.getByRole("link", { name: "Ask for a refund" }).click();
      await pressTwice(
        page,
        page.getByRole("dialog").getByRole("button", { name: "Ask for it" }),
        "ApplyAction",
      );
      await page.getByText("Refunded", { exact: true }).first().waitFor();
      await page.getByText("Paid back to you").waitFor();
      await page.getByText("Completed").first().waitFor();
    });
  });
});
