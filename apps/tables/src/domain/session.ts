export type SessionState = "open" | "closing" | "closed";

/** A session without what belongs to it. */
export interface Session {
  readonly id: bigint;
  readonly locationId: bigint;
  readonly name: string;
  readonly state: SessionState;
  readonly code: string;
  /** How often code and link were replaced. */
  readonly rotation: number;
  readonly version: number;
  readonly currencyCode: string;
  readonly paidMinor: bigint;
  readonly openedAt: Date;
  readonly closedAt: Date | undefined;
  readonly closeReason: string;
}

/** Those for whom orders are placed in a session. */
export interface Guest {
  readonly id: bigint;
  readonly nickname: string;
  readonly isTable: boolean;
  readonly joinedAt: Date;
  readonly isRemoved: boolean;
}

/** What a session's orders come to. */
export interface SessionSums {
  /** Undefined while there is no order that counts. */
  readonly totalMinor: bigint | undefined;
  readonly paidMinor: bigint;
}

/** Names that look the same are the same. What rings bells, or writes from the other side, is left out. */
export function tidyName(text: string): string {
  return text
    .normalize("NFC")
    .replace(/\s+/gu, " ")
    .replace(/[\p{Cc}\u202A-\u202E\u2066-\u2069]/gu, "")
    .trim();
}
