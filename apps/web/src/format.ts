import { type Timestamp, timestampMs } from "@bufbuild/protobuf/wkt";
import type { Money } from "@ordermesh/proto/ordermesh/type/v1/money_pb";

/** Everything that is made readable for people: money, times, durations, ids. In one language, without a library. */

const language = "en-GB";

/** Made once: a list shows thousands of numbers and moments, and making what formats one takes longer than formatting. */
const countFormat = new Intl.NumberFormat(language);
const dayFormat = new Intl.DateTimeFormat(language, { day: "numeric", month: "short", year: "numeric" });
const zoneFormat = new Intl.DateTimeFormat(language, { timeZoneName: "short" });
const minuteFormat = new Intl.DateTimeFormat(language, {
  hour: "2-digit",
  minute: "2-digit",
  hourCycle: "h23",
});
const secondFormat = new Intl.DateTimeFormat(language, {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  hourCycle: "h23",
});
const amountFormats = new Map<string, AmountFormat>();

interface AmountFormat {
  readonly digits: number;
  readonly format: Intl.NumberFormat;
}

function amountFormatOf(currencyCode: string): AmountFormat {
  const known = amountFormats.get(currencyCode);
  if (known !== undefined) {
    return known;
  }
  const digits = digitsOf(currencyCode);
  const format = new Intl.NumberFormat(language, {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
  amountFormats.set(currencyCode, { digits, format });
  return { digits, format };
}

/** Minor digits of a currency: 2 of EUR, 0 of JPY, 3 of BHD. What Intl does not know has 2. */
export function minorDigits(currencyCode: string): number {
  return amountFormatOf(currencyCode).digits;
}

function digitsOf(currencyCode: string): number {
  try {
    const format = new Intl.NumberFormat(language, { style: "currency", currency: currencyCode });
    return format.resolvedOptions().maximumFractionDigits ?? 2;
  } catch {
    return 2;
  }
}

/** "12.99" for 1299 minor units. Through text, never through a floating-point number: every amount is exact. */
export function decimalOf(amountMinor: bigint, digits: number): string {
  const sign = amountMinor < 0n ? "-" : "";
  const text = (amountMinor < 0n ? -amountMinor : amountMinor).toString().padStart(digits + 1, "0");
  const whole = text.slice(0, text.length - digits);
  return digits === 0 ? `${sign}${whole}` : `${sign}${whole}.${text.slice(-digits)}`;
}

/** "EUR 1,234.50". */
export function formatMoney(money: Pick<Money, "currencyCode" | "amountMinor"> | undefined): string {
  return money === undefined ? "–" : `${money.currencyCode} ${formatAmount(money)}`;
}

/** "1,234.50": where the currency stands beside it already. */
export function formatAmount(money: Pick<Money, "currencyCode" | "amountMinor"> | undefined): string {
  if (money === undefined) {
    return "–";
  }
  const { digits, format } = amountFormatOf(money.currencyCode);
  return format.format(decimalOf(money.amountMinor, digits) as Intl.StringNumericLiteral);
}

/**
 * What somebody typed as an amount, in minor units: "12,5" and "12.50" are 1250 of EUR. Undefined for anything that is
 * no amount, or has more digits than the currency.
 */
export function parseAmount(text: string, currencyCode: string): bigint | undefined {
  const digits = minorDigits(currencyCode);
  const found = /^(\d{1,13})(?:[.,](\d*))?$/.exec(text.trim());
  const fraction = found?.[2] ?? "";
  if (found?.[1] === undefined || fraction.length > digits) {
    return undefined;
  }
  return BigInt(found[1] + fraction.padEnd(digits, "0"));
}

export function multiplyMoney(money: Money | undefined, quantity: number): Money | undefined {
  return money === undefined ? undefined : { ...money, amountMinor: money.amountMinor * BigInt(quantity) };
}

/** "1,234". */
export function formatCount(count: number | bigint): string {
  return countFormat.format(count);
}

/** The moment of a timestamp, in milliseconds since 1970. */
export function momentOf(time: Timestamp | undefined): number | undefined {
  return time === undefined ? undefined : timestampMs(time);
}

/** "10:41:07". */
export function formatClock(moment: number, seconds = true): string {
  return (seconds ? secondFormat : minuteFormat).format(moment);
}

/** "14 Mar 2026". */
export function formatDay(moment: number): string {
  return dayFormat.format(moment);
}

/** "14 Mar 2026, 10:41:07 CET": all of it, for who looks closely. */
export function formatMoment(moment: number): string {
  const zone = zoneFormat.formatToParts(moment).find(({ type }) => type === "timeZoneName")?.value;
  return `${formatDay(moment)}, ${formatClock(moment)} ${zone ?? ""}`.trim();
}

/** Today's moments by their time, others by their day. */
export function formatWhen(moment: number, now: number): string {
  const day = formatDay(moment);
  return day === formatDay(now) ? formatClock(moment, false) : `${day}, ${formatClock(moment, false)}`;
}

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

/** How long something takes: "41 s", "9:41 min", "2 h 10 min", "3 d 4 h". Never negative. */
export function formatDuration(durationMs: number): string {
  const rounded = Math.max(0, Math.floor(durationMs / 1000)) * 1000;
  if (rounded < minuteMs) {
    return `${rounded / 1000} s`;
  }
  if (rounded < hourMs) {
    const seconds = Math.floor((rounded % minuteMs) / 1000);
    return `${Math.floor(rounded / minuteMs)}:${String(seconds).padStart(2, "0")} min`;
  }
  if (rounded < dayMs) {
    const minutes = Math.floor((rounded % hourMs) / minuteMs);
    return `${Math.floor(rounded / hourMs)} h${minutes === 0 ? "" : ` ${minutes} min`}`;
  }
  const hours = Math.floor((rounded % dayMs) / hourMs);
  return `${Math.floor(rounded / dayMs)} d${hours === 0 ? "" : ` ${hours} h`}`;
}

/** "7.1", "0.03", "1,240": what was measured, without digits that mean nothing. */
export function formatFigure(value: number): string {
  const digits = value >= 100 ? 0 : value >= 1 ? 1 : 2;
  return new Intl.NumberFormat(language, { maximumFractionDigits: digits }).format(value);
}

/** How long something short takes: "7.1 ms", "12.4 s", then as `formatDuration`. */
export function formatShortDuration(durationMs: number): string {
  if (durationMs < 1000) {
    return `${formatFigure(durationMs)} ms`;
  }
  return durationMs < minuteMs ? `${formatFigure(durationMs / 1000)} s` : formatDuration(durationMs);
}

/** "84 MB". */
export function formatBytes(bytes: bigint): string {
  return `${formatCount((bytes + 500_000n) / 1_000_000n)} MB`;
}

/** "just now", "2 min ago", "in 9 min", "3 h ago". */
export function formatRelative(moment: number, now: number): string {
  const distance = Math.abs(now - moment);
  if (distance < 10_000) {
    return "just now";
  }
  const text =
    distance < minuteMs
      ? `${Math.floor(distance / 1000)} s`
      : distance < hourMs
        ? `${Math.floor(distance / minuteMs)} min`
        : distance < dayMs
          ? `${Math.floor(distance / hourMs)} h`
          : `${Math.floor(distance / dayMs)} d`;
  return moment < now ? `${text} ago` : `in ${text}`;
}

/** "4242 4242 4242 4242": digits in groups, as on a card. */
export function groupDigits(text: string, groupSize = 4): string {
  const digits = text.replace(/\D/g, "");
  return digits.match(new RegExp(`.{1,${groupSize}}`, "g"))?.join(" ") ?? "";
}
