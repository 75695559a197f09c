import { describe, expect, test } from "vitest";
import { notificationText } from "./notification-text.ts";
import type { NewsLine, OrderChange, RefundNews } from "./order-news.ts";

const eur = (amountMinor: number) => ({ currencyCode: "EUR", amountMinor: BigInt(amountMinor) });
const drill: NewsLine = { sku: 1002, quantity: 1, name: "Cordless drill", unitPrice: eur(1299) };
const nail: NewsLine = { sku: 17, quantity: 1, name: "Nail", unitPrice: eur(5) };

const told = (change: OrderChange) =>
  notificationText({ change, orderId: 4711n, userId: 7n, lines: [drill, nail], total: eur(1304) });
const paragraphs = (change: OrderChange) => told(change).body.split("\n\n");

const drillLine = "1 × Cordless drill (SKU 1002): EUR 12.99";
const bothLines = `${drillLine}\n1 × Nail (SKU 17): EUR 0.05`;
const total = "Total: EUR 13.04";

describe("after the payment", () => {
  const validUntil = new Date("2026-01-31T22:59:30Z");
  const voucher = { validUntil, mobile: "+4915112345678", sealedFirstCode: new Uint8Array([1]) };

  test.each([
    [5, "Your 5 codes are valid until 31 January 2026, 22:59:30 UTC. You find them with your order."],
    [1, "Your code is valid until 31 January 2026, 22:59:30 UTC. You find it with your order."],
  ])("an order with %i codes says where they are, and tells none of them", (codes, text) => {
    expect(told({ kind: "paid", voucher: { ...voucher, codes } }).title).toBe("Order 4711 is paid");
    expect(paragraphs({ kind: "paid", voucher: { ...voucher, codes } }).at(-1)).toBe(text);
  });

  test("an order is shipped", () => {
    const change = { kind: "shipped", carrier: "DHL", trackingNumber: "00340434161094042557" } as const;
    expect(told(change).title).toBe("Order 4711 is on its way");
    expect(paragraphs(change)).toEqual([
      "Your order 4711 was shipped.",
      bothLines,
      total,
      "Carrier: DHL\nTracking number: 00340434161094042557",
    ]);
  });

  test("what the seller has not told, or told as a trick, is left out", () => {
    const nothing = { kind: "shipped", carrier: "", trackingNumber: "" } as const;
    expect(paragraphs(nothing)).toEqual(["Your order 4711 was shipped.", bothLines, total]);
    const trick = {
      kind: "shipped",
      carrier: "DHL\r\nBcc: x\u202e",
      trackingNumber: "1".repeat(999),
    } as const;
    expect(paragraphs(trick).at(-1)).toBe(`Carrier: DHL Bcc: x\nTracking number: ${"1".repeat(79)}…`);
  });

  test.each<[OrderChange, string, string]>([
    [{ kind: "delivered" }, "Order 4711 was delivered", "Your order 4711 was delivered."],
    [{ kind: "completed" }, "Order 4711 is complete", "Your order 4711 is complete. Thank you."],
    [
      { kind: "changed_by_seller", what: "shipping_address" },
      "Order 4711: the shipping address was changed",
      "The seller has changed the shipping address of your order 4711.",
    ],
    [
      { kind: "changed_by_seller", what: "shipping_fee" },
      "Order 4711: the shipping fee was changed",
      "The seller has changed the shipping fee of your order 4711.",
    ],
    [
      { kind: "changed_by_seller", what: "reception_time" },
      "Order 4711: there is more time to confirm",
      "The seller has given you more time to say whether your order 4711 has arrived.",
    ],
  ])("%j", (change, title, intro) => {
    expect(told(change).title).toBe(title);
    expect(paragraphs(change)).toEqual([intro, bothLines, total]);
  });
});

describe("refunds", () => {
  const refund: RefundNews = { sku: 1002, amount: eur(600), isForExpiredCodes: false };

  test("granted: what for, and how much", () => {
    const change = { kind: "refund_granted", refund } as const;
    expect(told(change).title).toBe("Order 4711: your refund is under way");
    expect(paragraphs(change)).toEqual([
      "Your refund for order 4711 is agreed.",
      drillLine,
      "EUR 6.00 will be given back to you.",
    ]);
  });

  test("granted by itself, because codes have expired", () => {
    const change = { kind: "refund_granted", refund: { ...refund, isForExpiredCodes: true } } as const;
    expect(paragraphs(change)[0]).toBe(
      "The codes of your order 4711 have expired. What you have not used is given back.",
    );
  });

  test("finished, with and without money", () => {
    const change = { kind: "refund_finished", refund } as const;
    expect(told(change).title).toBe("Order 4711: your refund is finished");
    expect(paragraphs(change)).toEqual([
      "We have given EUR 6.00 back to you for your order 4711.",
      drillLine,
    ]);
    for (const amount of [undefined, eur(0)]) {
      expect(paragraphs({ kind: "refund_finished", refund: { ...refund, amount } })[0]).toBe(
        "Your refund for order 4711 is finished.",
      );
    }
  });

  test.each([
    ["rejected", "the seller has not agreed to your refund", "have customer service look at it"],
    ["send_back", "please send the goods back", "tell carrier and tracking number"],
    ["customer_service", "customer service looks at your refund", "now decides about the refund"],
    ["closed_by_platform", "your refund was refused", "has decided against the refund"],
    ["closed_for_silence", "your refund has ended", "no answer from you in time"],
    ["overtaken_by_shipping", "your refund has ended, the goods are on their way", "was shipped before"],
  ] as const)("%s", (to, title, says) => {
    const { title: shown, body } = told({ kind: "refund_moved", to, refund, memo: "" });
    expect(shown).toBe(`Order 4711: ${title}`);
    expect(body).toContain(says);
    expect(body).toContain(drillLine);
    expect(body).not.toContain("Note:");
    expect(body).not.toContain("Nail");
  });

  test("a note is passed on as one line", () => {
    const { body } = told({ kind: "refund_moved", to: "rejected", refund, memo: "It is\nused.\u0000" });
    expect(body).toContain("\n\nNote: It is used.\n\n");
  });
});
