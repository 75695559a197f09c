import { inertText } from "./inert-text.ts";
import type { OrderNews } from "./order-news.ts";

/** What the text message about a voucher tells. */
export interface VoucherMessage {
  /** "+4915112345678". */
  readonly mobile: string;
  /** What was bought. */
  readonly article: string;
  /** The first code, encrypted. */
  readonly sealedCode: Uint8Array;
  readonly validUntil: Date;
  /** Besides the first one. */
  readonly otherCodes: number;
}

/** The text message that news are worth: of a voucher whose buyer has left a number. */
export function textMessageOf({ change, lines }: OrderNews): VoucherMessage | undefined {
  if (change.kind !== "paid" || change.voucher === undefined || change.voucher.mobile === "") {
    return undefined;
  }
  const { mobile, sealedFirstCode, validUntil, codes } = change.voucher;
  const [line] = lines;
  const article = line === undefined || line.name === "" ? `SKU ${line?.sku ?? 0}` : line.name;
  return { mobile, article, sealedCode: sealedFirstCode, validUntil, otherCodes: codes - 1 };
}

/** A text message has room for 160 characters; the name of what was bought may take a third of them. */
const articleLengthMax = 50;

/**
 * What a phone shows, in the words of Easy Order, whose readers know them.
 *
 * @param code ten digits, or what stands for them in a log.
 */
export function voucherText(
  { article, validUntil, otherCodes }: Pick<VoucherMessage, "article" | "validUntil" | "otherCodes">,
  code: string,
): string {
  const name = inertText(article, articleLengthMax);
  const until = `${validUntil.toISOString().slice(0, 16).replace("T", " ")} UTC`;
  const first = `Your purchase ${name},its consumption code is:${code}  valid until ${until}`;
  return otherCodes === 0
    ? first
    : `${first}, other ${otherCodes} consumption codes can be viewed on your online profile`;
}

/** What a log may show of a number: whose country, and enough to tell two of them apart. */
export function maskedNumber(mobile: string): string {
  const shown = mobile.length >= 8 ? { start: 3, end: 2 } : { start: 1, end: 0 };
  const hidden = mobile.length - shown.start - shown.end;
  return `${mobile.slice(0, shown.start)}${"*".repeat(Math.max(0, hidden))}${mobile.slice(mobile.length - shown.end)}`;
}
