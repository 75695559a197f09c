import type { Card } from "../domain/card.ts";

/** What became of a capture. `voided`: it will never happen, whatever is still under way. */
export type CaptureState =
  | { readonly kind: "captured" }
  | { readonly kind: "declined"; readonly code: string }
  | { readonly kind: "pending" }
  | { readonly kind: "voided" };

/** Everything that a payment provider is asked. A call that is repeated with its key has one effect. */
export interface ProviderCalls {
  /** Turns a card into a token that stands for it. */
  readonly tokenise: {
    readonly request: { readonly card: Card; readonly userId: bigint };
    readonly answer: { readonly token: string; readonly expiresAt: Date };
  };
  readonly capture: {
    readonly request: {
      readonly key: string;
      /** What it is for, for the provider's books: "order/17". */
      readonly reference: string;
      readonly amountMinor: bigint;
      readonly currencyCode: string;
      readonly methodToken: string;
      readonly userId: bigint;
    };
    readonly answer: CaptureState;
  };
  /** What became of the capture with this key. */
  readonly find: {
    readonly request: { readonly key: string };
    readonly answer: CaptureState | { readonly kind: "unknown" };
  };
  /**
   * Ends the capture with this key unless it has been decided, also before it has arrived: a request that was held up
   * on its way finds the key used. Answers how it ended.
   */
  readonly void: {
    readonly request: { readonly key: string };
    readonly answer: Exclude<CaptureState, { kind: "pending" }>;
  };
  readonly refund: {
    readonly request: { readonly key: string; readonly captureKey: string; readonly amountMinor: bigint };
    readonly answer: { readonly kind: "succeeded" } | { readonly kind: "refused"; readonly code: string };
  };
}

export type ProviderCallName = keyof ProviderCalls;

/**
 * A payment provider: one function, because nothing else is needed to put another one in its place.
 *
 * @param signal aborted when the answer is not waited for any more. What the call has done by then stays done.
 * @throws anything, if there is no answer: then the effect is unknown, and has to be asked for with the key.
 */
export type Provider = <Name extends ProviderCallName>(
  call: Name,
  request: ProviderCalls[Name]["request"],
  signal: AbortSignal,
) => Promise<ProviderCalls[Name]["answer"]>;

/** One function for each call; `providerOf` makes a Provider of them. */
export type ProviderHandlers = {
  readonly [Name in ProviderCallName]: (
    request: ProviderCalls[Name]["request"],
    signal: AbortSignal,
  ) => Promise<ProviderCalls[Name]["answer"]>;
};

export function providerOf(handlers: ProviderHandlers): Provider {
  return (call, request, signal) => handlers[call](request, signal);
}
