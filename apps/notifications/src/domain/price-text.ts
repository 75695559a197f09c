import type { Price } from "./order-news.ts";

/** Currencies whose minor unit is not a hundredth (ISO 4217). */
const minorDigits = new Map<string, number>([
  ..."BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF".split(" ").map(digitsOf(0)),
  ..."BHD IQD JOD KWD LYD OMR TND".split(" ").map(digitsOf(3)),
  ..."CLF UYW".split(" ").map(digitsOf(4)),
]);

function digitsOf(digits: number): (currencyCode: string) => [string, number] {
  return (currencyCode) => [currencyCode, digits];
}

/** An amount as English text: "EUR 1,299.00", "JPY 500", "KWD 1.250". */
export function priceText({ currencyCode, amountMinor }: Price): string {
  const digits = minorDigits.get(currencyCode) ?? 2;
  const sign = amountMinor < 0n ? "-" : "";
  const minor = `${amountMinor < 0n ? -amountMinor : amountMinor}`.padStart(digits + 1, "0");
  const major = minor.slice(0, minor.length - digits).replace(/\B(?=(\d{3})+$)/g, ",");
  const fraction = digits === 0 ? "" : `.${minor.slice(-digits)}`;
  return `${currencyCode} ${sign}${major}${fraction}`;
}
