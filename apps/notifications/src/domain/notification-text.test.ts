import { describe, expect, test } from "vitest";
import { notificationText } from "./notification-text.ts";
import type { NewsLine, OrderChange, OrderNews } from "./order-news.ts";

const eur = (amountMinor: number) => ({ currencyCode: "EUR", amountMinor: BigInt(amountMinor) });
const drill: NewsLine = { sku: 1002, quantity: 2, name: "Cordless drill", unitPrice: eur(1299) };
const nail: NewsLine = { sku: 17, quantity: 1, name: "", unitPrice: eur(5) };

function news(change: OrderChange, changes: Partial<OrderNews> = {}): OrderNews {
  return { change, orderId: 4711n, userId: 7n, lines: [drill, nail], total: eur(2603), ...changes };
}

describe("what a buyer reads", () => {
  test("an order was received", () => {
    expect(notificationText(news({ kind: "created" }))).toEqual({
      title: "Order 4711 received",
      body: [
        "We have received your order 4711.",
        "",
        "2 × Cordless drill (SKU 1002) at EUR 12.99 each: EUR 25.98",
        "1 × SKU 17: EUR 0.05",
        "",
        "Total: EUR 26.03",
      ].join("\n"),
    });
  });

  test("an order waits for its payment", () => {
    const paymentDueAt = new Date("2025-11-01T09:05:03.250Z");
    const { title, body } = notificationText(news({ kind: "awaiting_payment", paymentDueAt }));
    expect(title).toBe("Order 4711 is waiting for your payment");
    expect(body).toMatch(/^Everything in your order 4711 is in stock and reserved for you\.\n\n2 × /);
    expect(body).toMatch(
      /\n\nTotal: EUR 26\.03\n\nPlease pay before 1 November 2025, 09:05:03 UTC\. An order that is not paid by then is canceled\.$/,
    );
  });

  test("an order waits for its payment, without a known deadline", () => {
    const { body } = notificationText(news({ kind: "awaiting_payment", paymentDueAt: undefined }));
    expect(body).toMatch(/Please pay soon\. An order that is not paid in time is canceled\.$/);
  });

  test("stock was short", () => {
    const shortages = [
      { sku: 1002, requested: 2, available: 1 },
      { sku: 17, requested: 5, available: 0 },
      { sku: 18, requested: 5, available: 3 },
    ];
    const { title, body } = notificationText(news({ kind: "failed", shortages }));
    expect(title).toBe("Order 4711 could not be placed");
    expect(body.split("\n\n").slice(3)).toEqual([
      "SKU 1002: you asked for 2, 1 is available\nSKU 17: you asked for 5, none is available\nSKU 18: you asked for 5, 3 are available",
      "Nothing was reserved and nothing will be charged.",
    ]);
  });

  test("an order was paid", () => {
    const { title, body } = notificationText(news({ kind: "paid" }));
    expect(title).toBe("Order 4711 is paid");
    expect(body).toMatch(
      /^Thank you\. Your payment for order 4711 has arrived\.\n\n2 × .*\n\nTotal: EUR 26\.03$/s,
    );
  });

  test.each([
    ["requested", "Your order 4711 was canceled as requested."],
    ["payment_deadline", "Your order 4711 was canceled, because it was not paid in time."],
    ["refunded", "Your order 4711 was canceled, because all of it was refunded."],
    ["expired", "Your order 4711 was canceled, because its codes were not used in time."],
    ["declined", "Your order 4711 was canceled, because its payment was declined."],
    ["unknown", "Your order 4711 was canceled."],
  ] as const)("an order was canceled: %s", (reason, intro) => {
    const { title, body } = notificationText(news({ kind: "canceled", reason }));
    expect(title).toBe("Order 4711 was canceled");
    expect(body.split("\n\n")[0]).toBe(intro);
  });
});

describe("orders of every kind", () => {
  test("without prices", () => {
    const lines = [
      { ...drill, unitPrice: undefined },
      { ...nail, unitPrice: undefined },
    ];
    const { body } = notificationText(news({ kind: "paid" }, { lines, total: undefined }));
    expect(body).toBe(
      "Thank you. Your payment for order 4711 has arrived.\n\n2 × Cordless drill (SKU 1002)\n1 × SKU 17",
    );
  });

  test("without lines", () => {
    expect(notificationText(news({ kind: "created" }, { lines: [], total: undefined })).body).toBe(
      "We have received your order 4711.",
    );
  });

  test("with a thousand lines: the message stays readable", () => {
    const lines = Array.from({ length: 1000 }, (_, index) => ({ ...drill, sku: index + 1 }));
    const { body } = notificationText(news({ kind: "created" }, { lines }));
    expect(body.split("\n")).toHaveLength(2 + 51 + 2);
    expect(body).toContain("… and 950 more");
  });

  test("with the largest amounts: nothing is rounded", () => {
    const unitPrice = { currencyCode: "EUR", amountMinor: 999_999_999_999_999n };
    const lines = [{ sku: 1, quantity: 1_000_000, name: "Gold", unitPrice }];
    expect(notificationText(news({ kind: "created" }, { lines })).body).toContain(
      "1000000 × Gold (SKU 1) at EUR 9,999,999,999,999.99 each: EUR 9,999,999,999,999,990,000.00",
    );
  });
});

describe("text from outside", () => {
  const nasty = "a\r\nBcc: all@example.com\u001b[31m\u0000\u2028<script>alert(1)</script>\u202e\u200b";
  const changes: OrderChange[] = [
    { kind: "created" },
    { kind: "awaiting_payment", paymentDueAt: new Date(0) },
    { kind: "failed", shortages: [] },
    { kind: "paid" },
    { kind: "canceled", reason: "unknown" },
    { kind: "shipped", carrier: "", trackingNumber: "" },
    { kind: "delivered" },
    { kind: "completed" },
    { kind: "changed_by_seller", what: "shipping_fee" },
    { kind: "refund_granted", refund: { sku: 1002, amount: eur(5), isForExpiredCodes: false } },
    { kind: "refund_finished", refund: { sku: 0, amount: eur(5), isForExpiredCodes: false } },
    {
      kind: "refund_moved",
      to: "rejected",
      memo: "",
      refund: { sku: 0, amount: eur(5), isForExpiredCodes: false },
    },
  ];

  test.each(changes)("never reaches the title, and stays one line of the body: $kind", (change) => {
    const plain = notificationText(news(change));
    const { title, body } = notificationText(news(change, { lines: [{ ...drill, name: nasty }, nail] }));
    expect(title).toBe(plain.title);
    expect(title).toMatch(/^[\x20-\x7e]+$/);
    expect(body.split("\n")).toHaveLength(plain.body.split("\n").length);
    expect(body).toContain("2 × a Bcc: all@example.com [31m <script>alert(1)</script> (SKU 1002)");
    expect(body.replaceAll("\n", "")).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
  });
});
