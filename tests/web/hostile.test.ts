import { randomUUID } from "node:crypto";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { LomsService } from "@ordermesh/proto/ordermesh/loms/v1/loms_pb";
import { ProductKind, ProductService } from "@ordermesh/proto/ordermesh/product/v1/product_pb";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { callAs, password } from "./caller.ts";
import { isWebTestable } from "./chromium.ts";
import { act, orderOf } from "./ordering.ts";
import { type People, startPeople, story } from "./people.ts";

/** What names and reasons may be, and pages have to show as it is. */
const script = '<img src=x onerror="window.broken = true"><script>window.broken = true</script>';
const texts = {
  script,
  template: "{{constructor.constructor('window.broken = true')()}} \u0024{window.broken = true}",
  prototype: '__proto__ {"__proto__":{"broken":true}} constructor.prototype',
  backwards: "Lamp \u202Egnp.exe\u202C and a bell",
  long: "Unbreakable".repeat(18),
} as const;

describe.skipIf(!isWebTestable())("whoever means harm", () => {
  let people: People;
  beforeAll(async () => {
    people = await startPeople();
  });
  afterAll(() => people?.stop());

  test("text is text, whatever it says (S19)", async () => {
    const seller = await callAs(people.url, "platform");
    const skus = new Map<string, number>();
    const first = 800_000_000 + Math.floor(Math.random() * 1_000_000) * 10;
    for (const [index, name] of Object.values(texts).entries()) {
      const price = { currencyCode: "EUR", amountMinor: 100n };
      await seller
        .client(ProductService)
        .upsertProduct({ product: { sku: first + index, name, price, kind: ProductKind.PHYSICAL } });
      skus.set(name, first + index);
    }
    await seller.client(LomsService).receiveStock({
      idempotencyKey: randomUUID(),
      receipts: [...skus.values()].map((sku) => ({ sku, warehouseId: 220n, quantity: 5 })),
    });
    const buyer = await people.newBuyer({ width: 360 });
    const { page } = buyer;
    await story("texts", [buyer], async () => {
      for (const [name, sku] of skus) {
        await page.goto(`/p/${sku}`);
        await page.getByRole("heading", { level: 1 }).waitFor();
        expect(await page.getByRole("heading", { level: 1 }).textContent()).toBe(name);
        expect(await page.title()).toContain(name.slice(0, 10).trim());
      }
      const caller = await callAs(people.url, buyer.username);
      const order = await orderOf(caller, [...skus.values()]);
      await act(caller, order, "cancel order", { parameters: { reason: script } });
      await page.goto(`/orders/${order}`);
      await page.getByText(`“${script}”`).waitFor();
      for (const name of skus.keys()) {
        await page.getByText(`1 × ${name}`).first().waitFor();
      }
      await page.goto(`/?q=${encodeURIComponent(script)}`);
      await page.getByRole("heading", { name: `“${script}”` }).waitFor();
      await page.goto(`/${encodeURIComponent("<img src=x onerror=alert(1)>")}`);
      await page.getByText("There is no such page").waitFor();
      await page.goto(`/orders?view=__proto__&page=${encodeURIComponent(script)}`);
      await page.getByRole("alert").waitFor();
      expect(await page.evaluate(() => "broken" in window || "broken" in {})).toBe(false);
    });
  });

  test("a link cannot lead on to elsewhere, and what is shown cannot be put into a frame (S22)", async () => {
    const victim = await people.newPerson();
    const { page } = victim;
    await page.goto(`/sign-in?next=${encodeURIComponent("//evil.example/orders")}`);
    await page.getByLabel("Name", { exact: true }).fill("buyer2");
    await page.getByLabel("Password").fill(password);
    await page.getByRole("button", { name: "Sign in", exact: true }).click();
    await page.getByRole("button", { name: "Signed in as buyer2" }).waitFor();
    expect(new URL(page.url()).origin).toBe(people.url);
    expect(await page.evaluate(() => document.cookie)).toBe("");
    const cookies = await victim.context.cookies();
    expect(cookies.length).toBeGreaterThan(0);
    for (const { httpOnly, sameSite, path } of cookies) {
      expect({ httpOnly, sameSite, path }).toEqual({
        httpOnly: true,
        sameSite: "Strict",
        path: "/auth/seat",
      });
    }

    const other = await startOtherSite(people.url);
    try {
      await page.goto(other.url);
      await page.frameLocator("iframe").locator("body").waitFor({ state: "attached" });
      expect(await page.frameLocator("iframe").getByText("All products").count()).toBe(0);
      expect(await page.evaluate(callFromElsewhere, people.url)).toEqual({
        refresh: "refused",
        plainRefresh: "refused",
        orders: "refused",
        config: "refused",
      });
    } finally {
      await other.close();
      await victim.context.close();
    }
  });
});

/** Runs in a page of another site that knows everything but the seat. */
async function callFromElsewhere(url: string): Promise<Record<string, string>> {
  const outcome = (path: string, init: RequestInit) =>
    fetch(`${url}${path}`, { credentials: "include", ...init }).then(
      ({ status }) => (status >= 400 ? "refused" : `answered ${status}`),
      () => "refused",
    );
  return {
    refresh: await outcome("/auth/seat/refresh", {
      method: "POST",
      headers: { "content-type": "application/json", "x-ordermesh-seat": "AAAAAAAAAAAAAAAAAAAAAA" },
      body: "{}",
    }),
    // What a form of another site could send, without asking first.
    plainRefresh: await outcome("/auth/seat/refresh", {
      method: "POST",
      headers: { "content-type": "text/plain" },
      body: "{}",
    }),
    orders: await outcome("/ordermesh.loms.v1.LomsService/ListOrders", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: "{}",
    }),
    config: await outcome("/app-config.json", {}),
  };
}

/** Another site: another port is another origin. It shows ours in a frame. */
async function startOtherSite(framed: string): Promise<{ readonly url: string; close(): Promise<void> }> {
  const server: Server = createServer((_, response) => {
    response.setHeader("content-type", "text/html");
    response.end(`<!doctype html><title>Elsewhere</title><iframe src="${framed}/"></iframe>`);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
