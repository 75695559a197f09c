import fc from "fast-check";
import { expect, test } from "vitest";
import { type PaymentNews, shareEventOf } from "./payment-news.ts";

const news = (standing: PaymentNews["standing"], version: number): PaymentNews => ({
  shareId: 1n,
  paymentId: 1n,
  version,
  standing,
  declineCode: standing === "declined" ? "card_declined" : "",
});
const share = { paymentVersion: 3, tryId: 2n };
const told = { kind: "told" } as const;
const asked = { kind: "asked", tryId: 2n } as const;
const askedBefore = { kind: "asked", tryId: 1n } as const;

const declined = { kind: "card_refused", code: "card_declined" };
const interrupted = { kind: "card_refused", code: "interrupted" };
const captured = { kind: "card_captured" };

test.each([
  ["a capture that is new", news("captured", 4), told, captured],
  ["a decline that is new", news("declined", 4), told, declined],
  ["a decline of the try before, told late", news("declined", 3), told, undefined],
  ["a decline of the try before that, told later still", news("declined", 2), told, undefined],
  ["a payment that was only made for the try", news("free", 4), told, undefined],
  ["a payment that is under way", news("processing", 4), told, undefined],
  ["a payment that was ended", news("canceled", 4), told, interrupted],
  ["asked: nothing has happened since the try before", news("declined", 3), asked, interrupted],
  ["asked: it was declined", news("declined", 5), asked, declined],
  ["asked: the payment is free", news("free", 4), asked, interrupted],
  ["asked: it is under way", news("processing", 5), asked, undefined],
  ["asked: it was captured", news("captured", 6), asked, captured],
  ["asked about the try before", news("declined", 3), askedBefore, undefined],
  ["asked about the try before, while the payment is free", news("free", 4), askedBefore, undefined],
] as const)("%s", (_, what, source, event) => {
  expect(shareEventOf(what, share, source)).toEqual(event);
});

const standings = ["free", "processing", "captured", "declined", "canceled"] as const;

test("what is older than what was told before never counts, and a capture that is newer always does", () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...standings),
      fc.integer({ min: 1, max: 9 }),
      fc.integer({ min: 0, max: 9 }),
      fc.constantFrom(told, asked, askedBefore),
      (standing, version, paymentVersion, source) => {
        const event = shareEventOf(news(standing, version), { paymentVersion, tryId: 2n }, source);
        if (version < paymentVersion) {
          expect(event).toBeUndefined();
        }
        if (version > paymentVersion && standing === "captured") {
          expect(event).toEqual(captured);
        }
      },
    ),
  );
});
