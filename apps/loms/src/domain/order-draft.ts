import { hash } from "node:crypto";
import { Failure } from "@ordermesh/failure/failure";
import type { OrderLine, Total } from "./order.ts";

/** What a caller asks for, already checked field by field. */
export interface OrderRequest {
  readonly userId: bigint;
  readonly lines: readonly RequestLine[];
  readonly idempotencyKey: string;
  /** Undefined: as long as the installation allows. */
  readonly paymentWindowMs: number | undefined;
}

export interface RequestLine {
  readonly sku: number;
  readonly quantity: number;
  readonly name: string;
  readonly unitPrice: { readonly currencyCode: string; readonly amountMinor: bigint } | undefined;
}

/** An order that is consistent in itself: only stock can still stand in its way. */
export interface OrderDraft {
  readonly userId: bigint;
  /** By SKU, each once. */
  readonly lines: readonly OrderLine[];
  readonly total: Total | undefined;
  readonly paymentWindowMs: number;
  readonly idempotencyKey: string;
  /** SHA-256 of user, lines, prices and payment window: two requests with one key must agree in it. */
  readonly requestHash: string;
}

const quantityMax = 1_000_000;
const totalMinorMax = 1_000_000_000_000_000;

/**
 * Merges lines that name the same SKU and computes the total.
 *
 * @param paymentWindowMaxMs how long the installation lets a buyer wait with paying.
 * @throws Failure `invalid_argument` that names the field: a SKU with two prices or names, two currencies, a merged
 * quantity above 1,000,000, a total above 10^15 minor units, a payment window longer than allowed, or a control
 * character in a name.
 */
export function draftOrder(request: OrderRequest, paymentWindowMaxMs: number): OrderDraft {
  const merged = new Map<number, OrderLine>();
  let currencyCode: string | undefined;
  let totalMinor = 0;

  request.lines.forEach((line, index) => {
    const field = `lines[${index}]`;
    const unitPriceMinor = line.unitPrice === undefined ? undefined : Number(line.unitPrice.amountMinor);
    if (line.unitPrice !== undefined) {
      currencyCode ??= line.unitPrice.currencyCode;
      if (line.unitPrice.currencyCode !== currencyCode) {
        throw invalid(`${field}.unit_price`, "all lines of an order must share one currency");
      }
      totalMinor += (unitPriceMinor ?? 0) * line.quantity;
    }
    if (hasControlCharacter(line.name)) {
      throw invalid(`${field}.name`, "must not contain control characters");
    }
    merged.set(line.sku, mergeLine(merged.get(line.sku), { ...line, unitPriceMinor }, field));
  });
  if (totalMinor > totalMinorMax) {
    throw invalid("lines", `the total must be at most ${totalMinorMax} minor units`);
  }

  const paymentWindowMs = request.paymentWindowMs ?? paymentWindowMaxMs;
  if (paymentWindowMs > paymentWindowMaxMs) {
    throw invalid("payment_window", `must be at most ${paymentWindowMaxMs} ms here`);
  }

  const lines = [...merged.values()].sort((a, b) => a.sku - b.sku);
  return {
    userId: request.userId,
    lines,
    total: currencyCode === undefined ? undefined : { currencyCode, amountMinor: totalMinor },
    paymentWindowMs,
    idempotencyKey: request.idempotencyKey,
    requestHash: hashOf(request, currencyCode, lines),
  };
}

function mergeLine(earlier: OrderLine | undefined, line: OrderLine, field: string): OrderLine {
  const { sku, quantity, name, unitPriceMinor } = line;
  if (earlier === undefined) {
    return { sku, quantity, name, unitPriceMinor };
  }
  if (earlier.unitPriceMinor !== unitPriceMinor || earlier.name !== name) {
    throw invalid(field, `SKU ${sku} has another price or name in an earlier line`);
  }
  if (earlier.quantity + quantity > quantityMax) {
    throw invalid(`${field}.quantity`, `the quantities of SKU ${sku} add up to more than ${quantityMax}`);
  }
  return { ...earlier, quantity: earlier.quantity + quantity };
}

function hashOf(
  { userId, paymentWindowMs }: OrderRequest,
  currencyCode: string | undefined,
  lines: readonly OrderLine[],
): string {
  let text = `${userId}|${paymentWindowMs ?? ""}|${currencyCode ?? ""}`;
  for (const { sku, quantity, unitPriceMinor, name } of lines) {
    text += `|${sku},${quantity},${unitPriceMinor ?? ""},${name.length}:${name}`;
  }
  return hash("sha256", text);
}

function hasControlCharacter(text: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is the purpose.
  return /[\u0000-\u001f\u007f]/.test(text);
}

function invalid(field: string, description: string): Failure {
  return new Failure("invalid_argument", `${field}: ${description}`, {
    reason: "INVALID_ORDER",
    fieldViolations: [{ field, description }],
  });
}
