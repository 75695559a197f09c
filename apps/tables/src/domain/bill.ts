/** Bills at tables. Amounts are in minor units of the session's currency. */

export type BillState = "open" | "settled" | "void";

export type ShareState = "unpaid" | "processing" | "paid";

export type Settlement = "card" | "cash" | "written_off";

export interface Bill {
  readonly id: bigint;
  readonly sessionId: bigint;
  readonly state: BillState;
  readonly currencyCode: string;
  readonly totalMinor: bigint;
  /** As LOMS knows them, in the order in which they were placed. */
  readonly orderIds: readonly bigint[];
  readonly shares: readonly BillShare[];
  /** Of the call that made it. */
  readonly traceparent: string;
  readonly madeAt: Date;
}

export interface BillShare {
  readonly id: bigint;
  /** Whose it is; undefined: whoever pays it. */
  readonly guestId: bigint | undefined;
  readonly amountMinor: bigint;
  readonly state: ShareState;
  readonly settledBy: Settlement | undefined;
  /** Of who recorded the settlement, in words. */
  readonly memo: string;
  /** Of the last try, if that was declined; else empty. */
  readonly declineCode: string;
  /** The last try to pay it by card, if there was one, and who made it. */
  readonly tryId: bigint | undefined;
  readonly payerGuestId: bigint | undefined;
  /** Of the newest that the payment service has told; 0: nothing yet. */
  readonly paymentVersion: number;
  /** Why it is to be written off if it is not paid by the try that is under way. */
  readonly writeOffReason: string | undefined;
}

/** Why a card was refused that never reached the provider, or whose try came to nothing. */
export const interruptedCode = "interrupted";
