/** What a capture with a test card does. */
export type CardBehavior =
  | { readonly kind: "succeeds" }
  | { readonly kind: "declines"; readonly code: string }
  /** Pending at first; decided a moment later, and told over the webhook. */
  | { readonly kind: "takes_time"; readonly code: string | undefined }
  /** Captured, but the answer never comes and no webhook tells. */
  | { readonly kind: "goes_silent" }
  /** Captured, answered, and told twice more over the webhook. */
  | { readonly kind: "answers_twice" };

const succeeds: CardBehavior = { kind: "succeeds" };

/** The numbers are those that the field has used for tests for years; no bank gives them out. */
const testCards: Readonly<Record<string, CardBehavior>> = {
  "4242424242424242": succeeds,
  "4111111111111111": succeeds,
  "5555555555554444": succeeds,
  "378282246310005": succeeds,
  "4000000000000002": { kind: "declines", code: "card_declined" },
  "4000000000009995": { kind: "declines", code: "insufficient_funds" },
  "4000000000000069": { kind: "declines", code: "expired_card" },
  "4000000000000127": { kind: "declines", code: "incorrect_code" },
  "4000000000000119": { kind: "declines", code: "processing_error" },
  "4000000000000077": { kind: "takes_time", code: undefined },
  "4000000000000101": { kind: "takes_time", code: "card_declined" },
  "4000000000000259": { kind: "goes_silent" },
  "4000000000000341": { kind: "answers_twice" },
};

/** Any other card is declined: nobody's real one is charged in a sandbox. */
export function behaviorOf(number: string): CardBehavior {
  return testCards[number] ?? { kind: "declines", code: "not_a_test_card" };
}
