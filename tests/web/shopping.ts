import type { Page } from "playwright-core";

/** Cards of the sandbox. */
export const cards = {
  good: "4242424242424242",
  insufficientFunds: "4000000000009995",
  slow: "4000000000000077",
} as const;

const sku = 1_076_963;

/** One of a product, in a cart that had none of it. */
export async function putIntoCart(page: Page, product = sku): Promise<void> {
  await page.goto(`/p/${product}`);
  await page.getByRole("button", { name: "Add to the cart" }).click();
  await page.getByText(/in the cart$/).waitFor();
}

/** Fills the card in on the page that is open, and presses Pay. */
export async function pay(page: Page, card: string, { twice = false } = {}): Promise<void> {
  await page.getByLabel("Card number").fill(card);
  await page.getByLabel("Valid until").fill("12/30");
  await page.getByLabel("Security code").fill("123");
  const button = page.getByRole("button", { name: /^Pay EUR/ });
  await (twice ? button.dblclick() : button.click());
}

/** An order that is not paid: its first card was declined. @returns its number, with its page open. */
export async function placeOrder(page: Page): Promise<string> {
  await putIntoCart(page);
  await page.goto("/checkout");
  await pay(page, cards.insufficientFunds);
  await page.getByText("Declined.").waitFor();
  await page.goto("/orders");
  await page.locator("[data-row]").first().click();
  await page.getByText("Not paid yet").waitFor();
  const order = orderNumber(page);
  if (order === undefined) {
    throw new Error(`This is no order's page: ${page.url()}`);
  }
  return order;
}

export function orderNumber(page: Page): string | undefined {
  return /\/orders\/(\d+)/.exec(page.url())?.[1];
}
