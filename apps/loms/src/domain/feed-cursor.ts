import { Failure } from "@ordermesh/failure/failure";

/** A place in the feed of one epoch: everything up to and including this change has been seen. */
export interface FeedCursor {
  readonly epoch: string;
  readonly transactionId: bigint;
  readonly orderId: bigint;
  readonly version: number;
}

/** Above every order id: a cursor with it lies behind all changes of its transaction. */
const afterAllOrders = 9_223_372_036_854_775_807n;

/** The cursor behind everything that transactions below `endId` did. */
export function cursorBefore(epoch: string, endId: bigint): FeedCursor {
  return { epoch, transactionId: endId - 1n, orderId: afterAllOrders, version: 0 };
}

/** Opaque to callers: they pass back what they got. */
export function encodeCursor({ epoch, transactionId, orderId, version }: FeedCursor): string {
  return Buffer.from(`${epoch}.${transactionId}.${orderId}.${version}`).toString("base64url");
}

/** @throws Failure `invalid_argument` when it is not a cursor that encodeCursor made. */
export function decodeCursor(text: string): FeedCursor {
  const match = /^([0-9a-f-]{36})\.(\d{1,20})\.(\d{1,19})\.(\d{1,9})$/.exec(
    Buffer.from(text, "base64url").toString("latin1"),
  );
  if (match === null) {
    throw new Failure(
      "invalid_argument",
      "The cursor is malformed. Pass one that the stream gave, or none.",
      {
        reason: "MALFORMED_CURSOR",
        fieldViolations: [{ field: "cursor", description: "is not one that the stream gave" }],
      },
    );
  }
  const [, epoch = "", transactionId = "", orderId = "", version = ""] = match;
  return {
    epoch,
    transactionId: BigInt(transactionId),
    orderId: BigInt(orderId),
    version: Number(version),
  };
}

export function isAfter(a: Omit<FeedCursor, "epoch">, b: Omit<FeedCursor, "epoch">): boolean {
  if (a.transactionId !== b.transactionId) {
    return a.transactionId > b.transactionId;
  }
  return a.orderId !== b.orderId ? a.orderId > b.orderId : a.version > b.version;
}
