import { randomUUID } from "node:crypto";
import { Code } from "@connectrpc/connect";
import { LomsService } from "@ordermesh/proto/ordermesh/loms/v1/loms_pb";
import { OrderStatus } from "@ordermesh/proto/ordermesh/loms/v1/order_pb";
import { NotificationsService } from "@ordermesh/proto/ordermesh/notifications/v1/notifications_pb";
import { OperationsService } from "@ordermesh/proto/ordermesh/operations/v1/operations_pb";
import { VerificationService } from "@ordermesh/proto/ordermesh/operations/v1/verification_pb";
import { eventually } from "@ordermesh/testkit/eventually";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Caller, callAs } from "./caller.ts";
import { findChromium, isWebTestable, launchChromium } from "./chromium.ts";
import { type OperationsMesh, startOperationsMesh } from "./operations-mesh.ts";
import { refuseNotificationsOf, sendWebhooksOf, tamper, untilDeadLetters } from "./operations-troubles.ts";
import { act, orderOf, paidOrderOf } from "./ordering.ts";
import { expectAccessible, type People, type Person, peopleAt, story } from "./people.ts";
import { pressTwice } from "./twice.ts";

/*
 * What an operator sees and does when things go wrong, in a mesh of this test's own. The orders are placed by calls; what is
 * looked at are the pages.
 */

const services = [
  "loms",
  "checkout",
  "product",
  "payments",
  "notifications",
  "tables",
  "identity",
  "gateway",
];

const waitMs = 60_000;

/** What a figure says depends on how busy the machine is; that it serves does not. */
const serves = /Serving|Slow/;

describe.skipIf(!isWebTestable())("operations", { timeout: 240_000 }, () => {
  let own: OperationsMesh;
  let people: People;
  let caller: Caller;

  beforeAll(async () => {
    own = await startOperationsMesh();
    people = peopleAt(own.url, await launchChromium(findChromium() ?? ""));
    caller = await callAs(own.url, "operator");
  }, 120_000);
  afterAll(async () => {
    await people?.stop();
    await own?.stop();
  });

  async function newBuyer(): Promise<Caller> {
    const username = `buyer-${randomUUID().slice(0, 8)}`;
    const response = await fetch(`${own.url}/v1/auth/register`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ username, password: "ordermesh-demo" }),
    });
    expect(response.status).toBe(200);
    return await callAs(own.url, username);
  }

  async function asOperator(name: string, tell: (page: Page, operator: Person) => Promise<void>) {
    const operator = await people.newPerson();
    // Where everything is away and comes back, a busy machine takes its time.
    operator.context.setDefaultTimeout(waitMs);
    await operator.page.goto("/?as=operator");
    await operator.page.getByRole("button", { name: "Signed in as operator" }).waitFor();
    await story(name, [operator], () => tell(operator.page, operator));
  }

  const rowOf = (page: Page, table: string, text: string | RegExp) =>
    page.getByRole("table", { name: table }).getByRole("row").filter({ hasText: text });

  test("a service that goes away is shown as away, the others stay, and it comes back", async () => {
    await asOperator("service-away", async (page) => {
      await page.goto("/ops");
      for (const service of services) {
        await rowOf(page, "Services", new RegExp(`^${service}`))
          .filter({ hasText: serves })
          .waitFor();
      }
      await rowOf(page, "Services", /^loms/)
        .getByRole("link", { name: /in the outbox of loms/ })
        .waitFor();
      await expectAccessible(page);

      own.notificationsLink.refuse();
      await rowOf(page, "Services", /^notifications/)
        .filter({ hasText: "Away" })
        .waitFor();
      await page.getByRole("link", { name: /^notifications is away: / }).waitFor();
      await rowOf(page, "Services", /^loms/).filter({ hasText: serves }).waitFor();
      await expectAccessible(page);
      await page.getByRole("link", { name: "Outbox and lag" }).click();
      await page.getByText("What waits in notifications cannot be told at present").waitFor();
      await rowOf(page, "Outboxes", /^loms/).waitFor();
      await rowOf(page, "Consumers", /^payments/).waitFor();
      await expectAccessible(page);
      await page.getByRole("link", { name: "Dead letters", exact: true }).click();
      await page.getByText("Dead letters of notifications cannot be told at present").waitFor();
      await page.getByText("Every record that came was handled").waitFor();
      await page.getByRole("link", { name: "Deliveries" }).click();
      const failure = page.getByRole("alert");
      await failure.getByText("The list of deliveries could not be loaded").waitFor();
      await expectAccessible(page);
      expect(own.notificationsLink.faults()).toBeGreaterThan(0);

      own.notificationsLink.heal();
      await eventually(() => caller.client(NotificationsService).listDeliveries({}), { timeoutMs: 30_000 });
      await page
        .getByRole("table", { name: "Deliveries" })
        .or(page.getByText("Nothing was sent yet"))
        .waitFor();
      await page.getByRole("link", { name: "Overview" }).click();
      await rowOf(page, "Services", /^notifications/)
        .filter({ hasText: serves })
        .waitFor();
    });
  });

  test("what could not be handled is shown, with what is in it, and goes back once it can be", async () => {
    const buyer = await newBuyer();
    const mend = await refuseNotificationsOf(own.mesh.databaseUrls.notifications ?? "", buyer.userId);
    const order = await orderOf(buyer);
    const another = await orderOf(buyer);
    await untilDeadLetters(caller, "notifications", 4);
    await asOperator("dead-letters", async (page) => {
      await page.goto("/ops");
      await page.getByRole("link", { name: /^4 dead letters in notifications, of orders.events.v1/ }).click();
      await page.waitForURL(/\/ops\/dead-letters\?service=notifications&group=/);
      const rows = page.getByRole("table", { name: "Dead letters" }).locator("tbody").getByRole("row");
      await rows.filter({ hasText: `OrderCreated of ${order}` }).waitFor();
      await rows.filter({ hasText: `OrderAwaitingPayment of ${order}` }).waitFor();
      await expectAccessible(page);
      await page.getByRole("link", { name: `OrderCreated of ${order}` }).click();
      const letter = page.getByRole("dialog", { name: `OrderCreated of ${order}` });
      await letter.getByText("violates check constraint").waitFor();
      await letter.getByText(`"orderId": "${order}"`).waitFor();
      await expectAccessible(page);
      await page.keyboard.press("Escape");
      await letter.waitFor({ state: "detached" });

      await mend();
      const ofAnother = page.getByRole("link", { name: `OrderCreated of ${another}` });
      await ofAnother.click();
      await pressTwice(page, page.getByRole("button", { name: "Send it back" }), "RedriveDeadLetters");
      await ofAnother.waitFor({ state: "detached" });
      await page.getByRole("checkbox", { name: `Select OrderCreated of ${order}` }).check();
      await page.getByRole("button", { name: "Send back the 1 selected…" }).click();
      const dialog = page.getByRole("dialog");
      await dialog.getByText("orders.events.v1").waitFor();
      await expectAccessible(page);
      await pressTwice(page, dialog.getByRole("button", { name: "Send back" }), "RedriveDeadLetters");
      await page.getByText(/^1 record was sent back at/).waitFor();
      await page.getByRole("link", { name: `OrderCreated of ${order}` }).waitFor({ state: "detached" });
      expect(await rows.count()).toBe(2);

      await page.getByRole("button", { name: "Send back all 2 shown…" }).click();
      await dialog.getByText("of notifications, group notifications.order-events").waitFor();
      await dialog.getByRole("button", { name: "Send back" }).click();
      await page.getByRole("heading", { name: "No dead letters" }).waitFor();
    });
    await eventually(async () => {
      const { notifications } = await buyer.client(NotificationsService).listNotifications({});
      expect(notifications).toHaveLength(4);
    });
  });

  test("a timer is run now and its order follows; another one is skipped, with a reason", async () => {
    const buyer = await newBuyer();
    const unpaid = await orderOf(buyer);
    const other = await orderOf(buyer);
    const shipped = await paidOrderOf(buyer);
    const seller = await callAs(own.url, "seller");
    await act(seller, shipped, "ship the order", {
      parameters: { carrier: "DHL", trackingNumber: "JD0146" },
    });
    await asOperator("timers", async (page) => {
      await page.goto("/ops/timers?timer=payment_deadline");
      const run = (order: bigint) => page.getByRole("button", { name: `Run now: Payment of order ${order}` });
      await pressTwice(page, run(unpaid), "RunTimerNow");
      await page.getByText(`Payment of order ${unpaid} was run`).waitFor();
      await page.getByText("is now").getByText("Canceled").waitFor();
      await run(unpaid).waitFor({ state: "detached" });
      await expectAccessible(page);
      const answer = await buyer.client(LomsService).getOrder({ orderId: unpaid });
      expect(answer.order?.status).toBe(OrderStatus.CANCELED);

      // The list does not learn that somebody else was faster.
      await page.route("**/*LomsService/ListTimers", (route) => route.abort());
      await caller.client(LomsService).runTimerNow({ orderId: other, timer: "payment_deadline" });
      await run(other).click();
      await page.getByRole("alert").getByText(`Payment of order ${other} could not be run`).waitFor();
      await page.getByText(/Could not be refreshed/).waitFor();
      await run(other).waitFor();
      await page.unroute("**/*LomsService/ListTimers");

      await page.goto(`/ops/timers?order=${shipped}`);
      const skip = page.getByRole("link", { name: `Skip… Buyer’s word that it came of order ${shipped}` });
      await skip.click();
      const dialog = page.getByRole("dialog", { name: "Skip this timer?" });
      await dialog.getByLabel("Why").fill("The parcel is held at the customs");
      await expectAccessible(page);
      await pressTwice(page, dialog.getByRole("button", { name: "Skip it for good" }), "SkipTimer");
      await dialog.waitFor({ state: "detached" });
      await skip.waitFor({ state: "detached" });
    });
  });

  test("a webhook that was given up is sent again once its receiver is mended", async () => {
    const buyer = await newBuyer();
    await sendWebhooksOf(buyer, own.receiver.url);
    await orderOf(buyer);
    await asOperator("deliveries", async (page) => {
      await eventually(
        async () => {
          const { deliveries } = await caller
            .client(NotificationsService)
            .listDeliveries({ userId: buyer.userId, status: 3 });
          expect(deliveries).toHaveLength(2);
        },
        { timeoutMs: 60_000 },
      );
      await page.goto("/ops/deliveries");
      await page.getByRole("link", { name: "Given up" }).click();
      await page.getByLabel("Channel").selectOption("webhook");
      await page.getByRole("searchbox").fill(String(buyer.userId));
      await page.waitForURL(new RegExp(`view=failed&channel=webhook&user=${buyer.userId}$`));
      const rows = page.getByRole("table", { name: "Deliveries" }).locator("tbody").getByRole("row");
      await rows.filter({ hasText: "5 of 5" }).filter({ hasText: "503" }).first().waitFor();
      await expectAccessible(page);

      own.receiver.mend();
      await pressTwice(
        page,
        page.getByRole("button", { name: /^Resend: delivery/ }).first(),
        "ResendDelivery",
      );
      await page.getByText(/^Delivery \d+ is being sent again/).waitFor();
      await eventually(() => expect(own.receiver.received()).toBe(1));
      await page.getByRole("link", { name: "Delivered" }).click();
      await rows.filter({ hasText: "Delivered" }).first().waitFor();
      expect(await rows.count()).toBe(1);
    });
  });

  test("verify says that nothing is wrong, and what is wrong once something is", async () => {
    const buyer = await newBuyer();
    const order = await orderOf(buyer);
    const loms = own.mesh.databaseUrls.loms ?? "";
    await asOperator("verify", async (page) => {
      await page.goto("/ops/verify");
      await page.getByRole("heading", { name: "Nothing was verified since the start" }).waitFor();
      const verify = page.getByRole("button", { name: "Verify now" });
      await pressTwice(page, verify, "StartVerification");
      await page.getByText("Nothing found: everything is as it must be").waitFor();
      await page.getByRole("row", { name: /^I1 .*Holds$/ }).waitFor();
      await expectAccessible(page);

      await tamper(loms, `update orders set status = 'paid' where id = ${order}`);
      await verify.click();
      const findings = page.getByRole("alert");
      await findings.getByText(/^I6/).first().waitFor();
      await findings
        .getByRole("link", { name: String(order) })
        .first()
        .waitFor();
      await expectAccessible(page);
      await page.getByRole("link", { name: "Overview" }).click();
      await page.getByRole("link", { name: /The last verification found \d+ mismatch/ }).click();

      await tamper(loms, `update orders set status = 'awaiting_payment' where id = ${order}`);
      await verify.click();
      await page.getByText("Nothing found: everything is as it must be").waitFor();
      expect(await findings.count()).toBe(0);
    });
  });

  test("who does not run the installation sees none of it, and is refused", async () => {
    const buyer = await people.newBuyer();
    const { page } = buyer;
    await story("operations-refused", [buyer], async () => {
      await page.goto("/ops");
      await page.getByText("This page is for operators and the platform").waitFor();
      await expectAccessible(page);
      for (const path of ["outbox", "dead-letters", "timers", "deliveries", "verify"]) {
        await page.goto(`/ops/${path}`);
        await page.getByText("This page is for operators and the platform").waitFor();
      }
      expect(await page.getByRole("link", { name: "Operations" }).count()).toBe(0);
    });
    const refused = await callAs(own.url, buyer.username);
    const operations = refused.client(OperationsService);
    const answers = await Promise.allSettled([
      operations.listServices({}),
      operations.listBacklogs({}),
      operations.listDeadLetters({}),
      operations.redriveDeadLetters({ service: "notifications" }),
      refused.client(VerificationService).startVerification({}),
      refused.client(VerificationService).getVerification({}),
      refused.client(LomsService).listTimers({}),
      refused.client(NotificationsService).resendDelivery({ deliveryId: 1n }),
    ]);
    expect(answers.map((answer) => (answer.status === "rejected" ? answer.reason.code : "answered"))).toEqual(
      answers.map(() => Code.PermissionDenied),
    );
  });
});
