import { Failure } from "@ordermesh/failure/failure";
import type { OrderLine, Total } from "./order.ts";

/** What the buyer of a service order was promised. */
export interface VoucherTerms {
  /** How many codes the order gets when it is paid. */
  readonly serviceTimes: number;
  /** What one use is worth when the rest is given back. */
  readonly unitPrice: Total;
  /** From this moment on codes can not be used. */
  readonly validUntil: Date;
  /** Whether the buyer may ask for the rest of the money while codes are left. */
  readonly anytimeRefund: boolean;
  /** Whether the rest of the money goes back by itself when codes expire. */
  readonly expirationRefund: boolean;
  /** Where the first code is sent to: "+4915112345678". Empty: nowhere. */
  readonly mobile: string;
}

/** `refund_pending`: the money for it is being given back, so it can not be used any more. */
export type VoucherCodeState = "unused" | "used" | "refund_pending" | "refunded" | "expired";

export interface VoucherCode {
  readonly number: number;
  readonly state: VoucherCodeState;
  /** Since when. */
  readonly changedAt: Date;
}

/** Where a service order stands, as far as its rules ask. Amounts are in minor units. */
export interface VoucherFacts {
  /** All that were promised, whether or not they have been issued yet. */
  readonly codes: number;
  readonly codesUsed: number;
  readonly unitPriceMinor: number;
  readonly anytimeRefund: boolean;
  readonly expirationRefund: boolean;
  readonly validUntil: Date;
}

/** What the event of a paid service order tells, so that the first code can be sent to its buyer. */
export interface IssuedVoucher {
  /** Empty: nowhere. */
  readonly mobile: string;
  /** How many the order got. */
  readonly codes: number;
  readonly validUntil: Date;
  readonly sealedFirstCode: Uint8Array;
}

/**
 * Checks what a service order is to promise.
 *
 * @param order.lines each SKU once.
 * @returns the terms of a service order; undefined for any other.
 * @throws Failure `invalid_argument` that names the field: terms without the workflow or the workflow without terms, more
 * than one thing, no price, or two currencies.
 */
export function checkVoucherTerms(order: {
  readonly workflow: string;
  readonly terms: VoucherTerms | undefined;
  readonly lines: readonly OrderLine[];
  readonly total: Total | undefined;
}): VoucherTerms | undefined {
  const { workflow, terms, lines, total } = order;
  if (workflow !== "service") {
    if (terms !== undefined) {
      throw invalid("voucher", 'is for the workflow "service" only');
    }
    return undefined;
  }
  if (terms === undefined) {
    throw invalid("voucher", 'is needed for the workflow "service"');
  }
  if (lines.length !== 1 || lines[0]?.quantity !== 1) {
    throw invalid(
      "lines",
      "a service order has one line with the quantity 1: its voucher says how often it is used",
    );
  }
  if (total === undefined) {
    throw invalid("lines[0].unit_price", "a service order needs a price");
  }
  if (terms.unitPrice.currencyCode !== total.currencyCode) {
    throw invalid("voucher.unit_price", `must be in ${total.currencyCode}, as the order is`);
  }
  return terms;
}

/** Nobody sells anything for longer than this; and no date is near the end of what a computer can count. */
const validityMaxMs = 20 * 365 * 24 * 60 * 60_000;

/**
 * @param now by the database's clock, which also lets the voucher expire.
 * @throws Failure `invalid_argument` if the voucher would expire before it is sold, or never.
 */
export function checkValidity({ validUntil }: VoucherTerms, now: Date): void {
  const aheadMs = validUntil.getTime() - now.getTime();
  if (!(aheadMs > 0 && aheadMs < validityMaxMs)) {
    throw invalid("voucher.valid_until_time", "must lie ahead, and less than twenty years");
  }
}

/** What is given back for the codes that were not used: the price − the price of one use × uses, but not less than 0. */
export function refundableMinor(
  totalMinor: number,
  { unitPriceMinor, codesUsed }: Pick<VoucherFacts, "unitPriceMinor" | "codesUsed">,
): number {
  return Math.max(0, totalMinor - unitPriceMinor * codesUsed);
}

/** What a counter is told of a code that was shown there. */
export type ValidationResult =
  | "validated"
  | "invalid_code"
  | "already_used"
  | "already_refunded"
  | "already_expired"
  | "not_a_valid_order";

/** Word for word what Easy Order's counters showed. */
export const validationMessages: Readonly<Record<ValidationResult, string>> = {
  validated: "Validated Successfully!",
  invalid_code: "Invalid code!",
  already_used: "Already used!",
  already_refunded: "Already refunded!",
  already_expired: "Already expired!",
  not_a_valid_order: "Not a valid order!",
};

/** Decides about a code that exists. */
export function validate(code: {
  readonly state: VoucherCodeState;
  /** False once the order has ended, whatever became of its codes. */
  readonly orderIsPaid: boolean;
  /** By the database's clock. */
  readonly isPastValidity: boolean;
}): Exclude<ValidationResult, "invalid_code"> {
  if (!code.orderIsPaid) {
    return "not_a_valid_order";
  }
  switch (code.state) {
    case "used":
      return "already_used";
    case "refund_pending":
    case "refunded":
      return "already_refunded";
    case "expired":
      return "already_expired";
    case "unused":
      // The timer that lets it expire may be late; the promise is not.
      return code.isPastValidity ? "already_expired" : "validated";
  }
}

function invalid(field: string, description: string): Failure {
  return new Failure("invalid_argument", `${field}: ${description}`, {
    reason: "INVALID_ORDER",
    fieldViolations: [{ field, description }],
  });
}
