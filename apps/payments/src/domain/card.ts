import { Failure, type FieldViolation } from "@ordermesh/failure/failure";

/** A payment card as it is printed. Lives as long as the call that brought it, and is written nowhere. */
export interface Card {
  readonly number: string;
  /** 1 to 12. */
  readonly expiryMonth: number;
  /** Four digits. */
  readonly expiryYear: number;
  readonly code: string;
}

/**
 * The card with the blanks and hyphens taken out of its number.
 *
 * @param now a card is good until the end of its month, anywhere on earth.
 * @throws Failure `invalid_argument` that names the fields that are wrong, and repeats nothing of them.
 */
export function checkCard(card: Card, now: Date): Card {
  const number = card.number.replace(/[ -]/g, "");
  const fieldViolations: FieldViolation[] = [];
  if (!/^\d{12,19}$/.test(number)) {
    fieldViolations.push({ field: "card.number", description: "must have 12 to 19 digits" });
  } else if (!hasValidCheckDigit(number)) {
    fieldViolations.push({ field: "card.number", description: "is mistyped: its check digit does not fit" });
  }
  if (!isGoodAt(card, now)) {
    fieldViolations.push({ field: "card.expiry_month", description: "the card has expired" });
  }
  if (card.expiryYear > now.getUTCFullYear() + 30) {
    fieldViolations.push({ field: "card.expiry_year", description: "is further away than any card lasts" });
  }
  if (!/^\d{3,4}$/.test(card.code)) {
    fieldViolations.push({ field: "card.code", description: "must have three or four digits" });
  }
  if (fieldViolations.length > 0) {
    const listed = fieldViolations.map(({ field, description }) => `${field}: ${description}`).join("; ");
    throw new Failure("invalid_argument", `The card can not be used: ${listed}.`, {
      reason: "INVALID_CARD",
      fieldViolations,
    });
  }
  return { ...card, number };
}

/** Luhn's formula: every second digit from the right counts double, and the sum ends in 0. */
function hasValidCheckDigit(number: string): boolean {
  const sum = [...number].reverse().reduce((total, digit, index) => {
    const value = Number(digit) * (index % 2 === 1 ? 2 : 1);
    return total + (value > 9 ? value - 9 : value);
  }, 0);
  return sum % 10 === 0;
}

/** The last time zone leaves a month twelve hours after UTC does. */
function isGoodAt({ expiryMonth, expiryYear }: Card, now: Date): boolean {
  const endsAt = Date.UTC(expiryYear, expiryMonth, 1, 12);
  return now.getTime() < endsAt;
}
