import type { Page, Route } from "playwright-core";
import { act, orderOf, paidOrderOf, payFor, voucherFor } from "../ordering.ts";
import { cards, pay, putIntoCart } from "../shopping.ts";
import { type Area, openAt, type Screen, type Stage } from "./screen.ts";

const [stool, blanket, lamp] = [2_956_315, 1_148_162, 1_076_963];

export const shopArea: Area = {
  name: "shop",
  async prepare(stage) {
    const orders = await prepareOrders(stage);
    await stage.act("buyer", async (page) => {
      await putIntoCart(page, 2_958_025);
      await putIntoCart(page, 3_596_599);
    });
    // What waits for an answer first: under `npm start` the clock answers after two minutes.
    return [...screensOf(orders), ...beforeTheOrder, ...everybodys, ...failing, reconnecting(orders)];
  },
};

/** Numbers of orders of the demo's buyer, one for each thing that can be seen. */
interface Orders {
  readonly unpaid: bigint;
  readonly paid: bigint;
  readonly shipped: bigint;
  readonly asked: bigint;
  readonly refused: bigint;
  readonly returning: bigint;
  readonly canceled: bigint;
  readonly voucher: bigint;
}

/** An order with one refund that the seller has answered. */
async function prepareOrders(stage: Stage): Promise<Orders> {
  const buyer = await stage.call("buyer");
  const seller = await stage.call("seller");
  const platform = await stage.call("platform");
  const ship = (orderId: bigint) =>
    act(seller, orderId, "ship the order", {
      parameters: { carrier: "DHL", trackingNumber: "JD014600003829" },
    });
  const canceled = await orderOf(buyer, [lamp]);
  await act(buyer, canceled, "cancel order", {
    parameters: { reason: "Found it cheaper around the corner" },
  });
  const paid = await paidOrderOf(buyer, [stool, blanket]);
  const [shipped, refused, returning] = [
    await paidOrderOf(buyer, [stool]),
    await paidOrderOf(buyer, [blanket]),
    await paidOrderOf(buyer, [lamp, stool]),
  ];
  await Promise.all([shipped, refused, returning].map(ship));
  await act(buyer, refused, "request refund", {
    itemSku: blanket,
    parameters: { reason: "A corner is torn, and it smells of smoke" },
  });
  await act(seller, refused, "reject refund", {
    itemSku: blanket,
    parameters: { reason: "It left us whole" },
  });
  await act(buyer, returning, "request refund with return", {
    itemSku: lamp,
    parameters: { reason: "It does not fit" },
  });
  await act(seller, returning, "agree refund", { itemSku: lamp });
  const asked = await paidOrderOf(buyer, [stool]);
  await act(buyer, asked, "request refund", { itemSku: stool, parameters: { reason: "Bought twice" } });
  const voucher = await payFor(buyer, await voucherFor(buyer, platform));
  const unpaid = await orderOf(buyer, [blanket]);
  return { unpaid, paid, shipped, asked, refused, returning, canceled, voucher };
}

const everybodys: readonly Screen[] = [
  { name: "shop", who: "nobody", open: (page) => openAt(page, "/", "All products") },
  { name: "sign-in", who: "nobody", open: (page) => openAt(page, "/sign-in", "Password") },
  { name: "sign-in-new", who: "nobody", open: (page) => openAt(page, "/sign-in?new=1", "Make the account") },
  {
    name: "shop-loading",
    who: "nobody",
    async open(page) {
      // Nothing is answered as long as this address is shown.
      await routeAt(page, "/?q=slow", "ProductService/ListProducts", () => {});
      await page.goto("/?q=slow");
      await page.getByLabel("Loading").waitFor();
    },
  },
  {
    name: "not-found",
    who: "nobody",
    open: (page) => openAt(page, "/no/such/page", "There is no such page"),
  },
];

const beforeTheOrder: readonly Screen[] = [
  { name: "shop-search", who: "buyer", open: (page) => openAt(page, "/?q=lamp", "Lamp") },
  { name: "shop-nothing-found", who: "buyer", open: (page) => openAt(page, "/?q=xyz", "Nothing is called") },
  { name: "shop-product", who: "buyer", open: (page) => openAt(page, "/p/1076963", "Add to the cart") },
  { name: "shop-cart", who: "buyer", open: (page) => openAt(page, "/cart", "To the checkout") },
  { name: "shop-cart-empty", who: "buyer2", open: (page) => openAt(page, "/cart", "Your cart is empty") },
  { name: "shop-checkout", who: "buyer", open: (page) => openAt(page, "/checkout", "Card number") },
  {
    name: "user-menu",
    who: "buyer",
    async open(page) {
      await openAt(page, "/orders", "My orders");
      await page.getByRole("button", { name: /^Signed in as/ }).click();
      await page.getByRole("menu").waitFor();
    },
  },
  {
    name: "keyboard-shortcuts",
    who: "buyer",
    async open(page) {
      await openAt(page, "/orders", "My orders");
      await page.keyboard.press("?");
      await page.getByRole("dialog").waitFor();
    },
  },
];

function screensOf(orders: Orders): readonly Screen[] {
  const screen = (name: string, path: string, text: string | RegExp): Screen => ({
    name,
    who: "buyer",
    open: (page) => openAt(page, path, text),
  });
  return [
    screen("order-refund-asked", `/orders/${orders.asked}`, "Waiting for the seller"),
    screen("order-refund-refused", `/orders/${orders.refused}`, "Refused by the seller"),
    screen("order-shipped", `/orders/${orders.shipped}`, "I have received it"),
    screen("order-returning", `/orders/${orders.returning}`, "I have sent it back"),
    screen("order-return", `/orders/${orders.returning}/return/${lamp}`, "Parcel number"),
    screen("orders", "/orders", "Canceled"),
    {
      name: "orders-none",
      who: "buyer",
      async open(page) {
        // Whoever has shipped orders has completed ones two minutes later, by the clock.
        await routeAt(page, "/orders?view=done", "LomsService/ListOrders", (route) =>
          route.fulfill({ contentType: route.request().headers()["content-type"] ?? "", body: "" }),
        );
        await openAt(page, "/orders?view=done", "Nothing under");
      },
    },
    screen("order-unpaid", `/orders/${orders.unpaid}`, "Pay now"),
    screen("order-pay", `/orders/${orders.unpaid}/pay`, "Card number"),
    screen("order-cancel", `/orders/${orders.unpaid}/cancel`, "Keep it"),
    {
      name: "order-pay-declined",
      who: "buyer",
      async open(page) {
        await openAt(page, `/orders/${orders.unpaid}/pay`, "Card number");
        await pay(page, cards.insufficientFunds);
        await page.getByText("Declined.").first().waitFor();
      },
    },
    screen("order-paid", `/orders/${orders.paid}`, "Payment received"),
    screen("order-refund", `/orders/${orders.paid}/refund/${blanket}`, "What is wrong"),
    screen("order-canceled", `/orders/${orders.canceled}`, "Canceled by you"),
    screen("order-voucher", `/orders/${orders.voucher}`, "Your codes"),
  ];
}

/** Answers the calls of one method otherwise as long as one address is shown. */
async function routeAt(
  page: Page,
  address: string,
  method: string,
  answer: (route: Route) => Promise<void> | void,
): Promise<void> {
  await page.route(`**/*.${method}`, (route) => {
    const { pathname, search } = new URL(page.url());
    return `${pathname}${search}` === address ? answer(route) : route.fallback();
  });
}

/** What is shown stays, and it is said that it is not live. */
function reconnecting(orders: Orders): Screen {
  const address = `/orders/${orders.shipped}?reconnecting=1`;
  return {
    name: "order-reconnecting",
    who: "buyer",
    async open(page) {
      await routeAt(page, address, "FeedService/Watch", (route) => route.abort());
      await openAt(page, address, "Reconnecting…");
    },
  };
}

/** Answers every call of one method otherwise while a page is opened. */
async function withAnswer(page: Page, method: string, status: number, then: () => Promise<void>) {
  await page.route(`**/*.${method}`, (route) => route.fulfill({ status, body: "" }));
  await then();
  await page.unroute(`**/*.${method}`);
}

const failing: readonly Screen[] = [
  {
    name: "orders-failed",
    who: "buyer",
    open: (page) =>
      withAnswer(page, "LomsService/ListOrders", 500, () => openAt(page, "/orders", "could not be loaded")),
  },
  {
    name: "page-refused",
    who: "buyer",
    open: (page) => openAt(page, "/desk/orders", "This page is for"),
  },
  {
    name: "session-over",
    who: "buyer2",
    async open(page) {
      await openAt(page, "/p/1076963", "Add to the cart");
      await page.getByRole("button", { name: "Signed in as buyer2" }).waitFor();
      // The token is refused from now on, and what would renew it is gone.
      await page.context().clearCookies();
      await withAnswer(page, "CheckoutService/*", 401, async () => {
        await page.getByText("Add to the cart").click();
        await page.getByRole("dialog").waitFor();
      });
    },
  },
];
