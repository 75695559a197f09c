import { Failure } from "@ordermesh/failure/failure";

/** A place in a feed. Entries are ordered by transaction, then by subject, then by version. */
export interface FeedPosition {
  readonly transactionId: bigint;
  /** What the entry tells of: an order, a notification. */
  readonly subjectId: bigint;
  /** Which of the subject's entries it is; 0 where there is only one. */
  readonly version: number;
}

/** A place in the feed of one epoch: everything up to and including this entry has been seen. */
export interface FeedCursor extends FeedPosition {
  readonly epoch: string;
}

/** Above every id: a cursor with it lies behind all entries of its transaction. */
const afterAllSubjects = 9_223_372_036_854_775_807n;

/** The cursor behind everything that transactions below `endId` did. */
export function cursorBefore(epoch: string, endId: bigint): FeedCursor {
  return { epoch, transactionId: endId - 1n, subjectId: afterAllSubjects, version: 0 };
}

/** Opaque to callers: they pass back what they got. */
export function encodeCursor({ epoch, transactionId, subjectId, version }: FeedCursor): string {
  return Buffer.from(`${epoch}.${transactionId}.${subjectId}.${version}`).toString("base64url");
}

/** @throws Failure `invalid_argument` when it is not a cursor that encodeCursor made. */
export function decodeCursor(text: string): FeedCursor {
  const match = /^([0-9a-f-]{36})\.(\d{1,19})\.(\d{1,19})\.(\d{1,9})$/.exec(
    Buffer.from(text, "base64url").toString("latin1"),
  );
  const [, epoch = "", transactionId = "0", subjectId = "0", version = "0"] = match ?? [];
  if (match === null || BigInt(subjectId) > afterAllSubjects) {
    throw new Failure(
      "invalid_argument",
      "The cursor is malformed. Pass one that the stream gave, or none.",
      {
        reason: "MALFORMED_CURSOR",
        fieldViolations: [{ field: "cursor", description: "is not one that the stream gave" }],
      },
    );
  }
  return {
    epoch,
    transactionId: BigInt(transactionId),
    subjectId: BigInt(subjectId),
    version: Number(version),
  };
}

export function isAfter(a: FeedPosition, b: FeedPosition): boolean {
  if (a.transactionId !== b.transactionId) {
    return a.transactionId > b.transactionId;
  }
  return a.subjectId !== b.subjectId ? a.subjectId > b.subjectId : a.version > b.version;
}
