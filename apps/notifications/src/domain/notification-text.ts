import { inertText } from "./inert-text.ts";
import type { NotificationText } from "./notification.ts";
import type { NewsLine, OrderNews } from "./order-news.ts";
import { wordsOf } from "./order-words.ts";
import { priceText } from "./price-text.ts";
import { listOf } from "./words.ts";

/** A name is an advertisement of any length; the SKU beside it says which article is meant. */
const nameLengthMax = 80;

/** What a buyer is told about an order, in English. The title is one line without any text from outside. */
export function notificationText(news: OrderNews): NotificationText {
  const { title, intro, outro = "", about = 0 } = wordsOf(news.change, news.orderId);
  const isWhole = about === 0;
  const lines = news.lines.filter(({ sku }) => isWhole || sku === about);
  const total = isWhole && news.total !== undefined ? [`Total: ${priceText(news.total)}`] : [];
  const paragraphs = [intro, listOf(lines.map(lineText)), ...total, outro];
  return { title, body: paragraphs.filter((paragraph) => paragraph !== "").join("\n\n") };
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
