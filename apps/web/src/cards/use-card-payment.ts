import { useMutation } from "@tanstack/react-query";
import { useRef } from "react";
import { failureText } from "../failure-text.ts";
import { randomText } from "../random-text.ts";
import type { CardInput } from "./card-fields.tsx";

/** One try to pay: the same card, token and name as long as nobody knows how it ended. */
export interface CardTry {
  readonly token: string;
  /** The idempotency key of this one intent. */
  readonly key: string;
}

export interface CardPaymentOptions<Input, Answer> {
  /** Turns the card into a token. */
  readonly makeToken: (card: CardInput) => Promise<string>;
  readonly pay: (input: Input, attempt: CardTry) => Promise<Answer>;
}

/**
 * Pays with a card: has it turned into a token, then pays with that. A try that had no answer is repeated as it was, so
 * that the money is taken once; a declined card ends the try, and the next one has another name.
 */
export function useCardPayment<Input extends { readonly card: CardInput }, Answer>({
  makeToken,
  pay,
}: CardPaymentOptions<Input, Answer>) {
  const open = useRef<CardTry & { readonly card: string }>(undefined);
  return useMutation({
    mutationFn: async (input: Input): Promise<Answer> => {
      const card = Object.values(input.card).join(" ");
      if (open.current?.card !== card) {
        // Before all else: a mistyped card must not make an order.
        open.current = { card, token: await makeToken(input.card), key: randomText() };
      }
      return await pay(input, open.current);
    },
    onSuccess: () => {
      open.current = undefined;
    },
    onError: (error) => {
      if (!failureText(error).isPassing) {
        open.current = undefined;
      }
    },
  });
}
