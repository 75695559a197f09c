import { startTcpProxy } from "@ordermesh/testkit/tcp-proxy";
import type { BrowserContext, Page, Request } from "playwright-core";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { callAs, password } from "./caller.ts";
import { findChromium, isWebTestable, launchChromium } from "./chromium.ts";
import { act, orderOf, payFor } from "./ordering.ts";
import { type People, peopleAt, startPeople, story } from "./people.ts";
import { placeOrder } from "./shopping.ts";

describe.skipIf(!isWebTestable())("live data", () => {
  let people: People;
  beforeAll(async () => {
    people = await startPeople();
  });
  afterAll(() => people?.stop());

  test("eight tabs of one person share a stream, and every call still goes through", async () => {
    const buyer = await people.newBuyer();
    const { page, context } = buyer;
    await story("eight-tabs", [buyer], async () => {
      const streams = openStreams(context);
      const order = await placeOrder(page);
      const tabs = [page];
      while (tabs.length < 8) {
        const tab = await buyer.newTab(`/orders/${order}`);
        await tab.getByText("Not paid yet").waitFor();
        tabs.push(tab);
      }
      await page.bringToFront();
      await page.getByRole("link", { name: "Cancel the order" }).click();
      await page.getByRole("dialog").getByRole("button", { name: "Cancel the order" }).click();
      for (const tab of tabs) {
        await tab.getByText("Canceled, as you asked").waitFor();
      }
      expect(streams.size).toBe(1);
    });
  });

  test("three people in one browser do not sign each other out", async () => {
    const person = await people.newPerson();
    const { context } = person;
    await story("three-seats", [person], async () => {
      const pages = [];
      for (const username of ["buyer2", "seller", "operator"]) {
        const page = await context.newPage();
        // As "Open as seller ↗": a window of its own, with a seat of its own.
        await page.goto("/?as=nobody");
        await page.waitForURL("**/sign-in");
        await page.getByLabel("Name", { exact: true }).fill(username);
        await page.getByLabel("Password").fill(password);
        await page.getByRole("button", { name: "Sign in", exact: true }).click();
        await page.getByRole("button", { name: `Signed in as ${username}` }).waitFor();
        pages.push({ page, username });
      }
      for (const { page, username } of pages) {
        await page.reload();
        await page.getByRole("button", { name: `Signed in as ${username}` }).waitFor();
      }
    });
  });

  test("five seats of one browser: four have a stream, the fifth asks, until one of them goes", async () => {
    const person = await people.newPerson();
    const { context } = person;
    const { username, context: elsewhere } = await people.newBuyer();
    await elsewhere.close();
    const buyer = await callAs(people.url, username);
    const orderId = await orderOf(buyer);
    await story("five-seats", [person], async () => {
      const streams = openStreams(context);
      const windows: Page[] = [];
      while (windows.length < 5) {
        const page = await context.newPage();
        await page.goto("/?as=nobody");
        await page.waitForURL("**/sign-in");
        await page.getByLabel("Name", { exact: true }).fill(username);
        await page.getByLabel("Password").fill(password);
        await page.getByRole("button", { name: "Sign in", exact: true }).click();
        await page.getByRole("button", { name: `Signed in as ${username}` }).waitFor();
        await page.goto(`/orders/${orderId}`);
        await page.getByText(windows.length < 4 ? "live" : "every 3 s", { exact: true }).waitFor();
        windows.push(page);
      }
      await expect.poll(() => streams.size).toBe(4);
      await payFor(buyer, orderId);
      for (const page of windows) {
        await page.getByText("The seller ships it next").waitFor();
      }
      expect(streams.size).toBe(4);

      // Its slot is taken by the one that had none.
      const [first, ...others] = windows;
      await first?.close();
      for (const request of [...streams].filter((each) => each.frame().page() === first)) {
        // The browser tells nothing more of what a closed page had asked for.
        streams.delete(request);
      }
      const [fifth] = others.slice(-1);
      await fifth?.getByText("live", { exact: true }).waitFor();
      await expect.poll(() => streams.size).toBe(4);
      await act(await callAs(people.url, "seller"), orderId, "ship the order", {
        parameters: { carrier: "DHL", trackingNumber: "JD014600003829" },
      });
      for (const page of others) {
        await page.getByText("On its way with DHL").waitFor();
      }
    });
  });

  test("a stream that is cut comes back by itself, with what happened meanwhile", async () => {
    const { hostname, port } = new URL(inject("webUrl"));
    const link = await startTcpProxy({ host: hostname, port: Number(port) });
    const browser = await launchChromium(findChromium() ?? "");
    const behindLink = peopleAt(`http://127.0.0.1:${link.port}`, browser);
    const buyer = await behindLink.newBuyer();
    const { page } = buyer;
    try {
      const order = await placeOrder(page);
      await page.getByText("live", { exact: true }).waitFor();
      link.cut();
      expect(link.faults()).toBeGreaterThan(0);
      const token = await logIn(people.url, buyer.username);
      const canceled = await fetch(`${people.url}/v1/orders/${order}/cancel`, {
        method: "POST",
        headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
        body: "{}",
      });
      expect(canceled.status).toBe(200);
      await page.getByText("Canceled, as you asked").waitFor();
      await page.getByText("live", { exact: true }).waitFor();
    } finally {
      await browser.close();
      await link.close();
    }
  });
});

/** The streams that the pages of a browser have open. */
function openStreams(context: BrowserContext): Set<Request> {
  const open = new Set<Request>();
  context.on("request", (request) => {
    if (request.url().endsWith(".FeedService/Watch")) {
      open.add(request);
    }
  });
  context.on("requestfinished", (request) => open.delete(request));
  context.on("requestfailed", (request) => open.delete(request));
  return open;
}

async function logIn(url: string, username: string): Promise<string> {
  const response = await fetch(`${url}/v1/auth/login`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ username, password }),
  });
  return ((await response.json()) as { accessToken: string }).accessToken;
}
