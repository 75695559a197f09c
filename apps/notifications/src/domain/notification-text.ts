import { inertText } from "./inert-text.ts";
import type { NotificationText } from "./notification.ts";
import type { NewsLine, OrderChange, OrderNews, Shortage } from "./order-news.ts";
import { priceText } from "./price-text.ts";

/** A name is an advertisement of any length; the SKU beside it says which article is meant. */
const nameLengthMax = 80;

/** An order may have a thousand lines. Its buyer finds them all in the order; a message stays readable. */
const linesMax = 50;

const months = [
  "January",
  "February",
  "March",
  "April",
  "May",
  "June",
  "July",
  "August",
  "September",
  "October",
  "November",
  "December",
];

/** What a buyer is told about an order, in English. The title is one line without any text from outside. */
export function notificationText(news: OrderNews): NotificationText {
  const { title, intro, outro } = wordsOf(news.change, news.orderId);
  const total = news.total === undefined ? [] : [`Total: ${priceText(news.total)}`];
  const paragraphs = [intro, listOf(news.lines.map(lineText)), ...total, outro];
  return { title, body: paragraphs.filter((paragraph) => paragraph !== "").join("\n\n") };
}

interface Words {
  readonly title: string;
  readonly intro: string;
  readonly outro: string;
}

function wordsOf(change: OrderChange, orderId: bigint): Words {
  switch (change.kind) {
    case "created":
      return {
        title: `Order ${orderId} received`,
        intro: `We have received your order ${orderId}.`,
        outro: "",
      };
    case "awaiting_payment":
      return {
        title: `Order ${orderId} is waiting for your payment`,
        intro: `Everything in your order ${orderId} is in stock and reserved for you.`,
        outro:
          change.paymentDueAt === undefined
            ? "Please pay soon. An order that is not paid in time is canceled."
            : `Please pay before ${timeText(change.paymentDueAt)}. An order that is not paid by then is canceled.`,
      };
    case "failed":
      return {
        title: `Order ${orderId} could not be placed`,
        intro: `Your order ${orderId} could not be placed, because not everything is in stock.`,
        outro: [
          listOf(change.shortages.map(shortageText)),
          "Nothing was reserved and nothing will be charged.",
        ]
          .filter((paragraph) => paragraph !== "")
          .join("\n\n"),
      };
    case "paid":
      return {
        title: `Order ${orderId} is paid`,
        intro: `Thank you. Your payment for order ${orderId} has arrived.`,
        outro: "",
      };
    case "canceled":
      return {
        title: `Order ${orderId} was canceled`,
        intro: cancellationText(change.reason, orderId),
        outro: "",
      };
  }
}

function cancellationText(reason: "requested" | "payment_deadline" | "unknown", orderId: bigint): string {
  switch (reason) {
    case "requested":
      return `Your order ${orderId} was canceled as requested.`;
    case "payment_deadline":
      return `Your order ${orderId} was canceled, because it was not paid in time.`;
    case "unknown":
      return `Your order ${orderId} was canceled.`;
  }
}

function listOf(lines: readonly string[]): string {
  const hidden = lines.length - linesMax;
  const shown = hidden > 0 ? [...lines.slice(0, linesMax), `… and ${hidden} more`] : lines;
  return shown.join("\n");
}

/** "2 × Cordless drill (SKU 1002) at EUR 12.99 each: EUR 25.98", with less where less is known. */
function lineText({ sku, quantity, name, unitPrice }: NewsLine): string {
  const inert = inertText(name, nameLengthMax);
  const article = inert === "" ? `SKU ${sku}` : `${inert} (SKU ${sku})`;
  if (unitPrice === undefined) {
    return `${quantity} × ${article}`;
  }
  const each = priceText(unitPrice);
  const all = priceText({ ...unitPrice, amountMinor: unitPrice.amountMinor * BigInt(quantity) });
  return quantity === 1 ? `1 × ${article}: ${all}` : `${quantity} × ${article} at ${each} each: ${all}`;
}

function shortageText({ sku, requested, available }: Shortage): string {
  const stock = available === 0 ? "none is" : available === 1 ? "1 is" : `${available} are`;
  return `SKU ${sku}: you asked for ${requested}, ${stock} available`;
}

/** "21 November 2025, 12:40:05 UTC". */
function timeText(time: Date): string {
  const date = `${time.getUTCDate()} ${months[time.getUTCMonth()]} ${time.getUTCFullYear()}`;
  return `${date}, ${time.toISOString().slice(11, 19)} UTC`;
}
